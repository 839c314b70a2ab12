/** How the lock has builds: what was seen of them, what a run is about to put, and what it put. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownedDigests } from '../../src/lock/ownership.ts'
import type { Standing } from '../../src/lock/standing.ts'
import type { BuiltFrom, Lock, LockedPlace } from '../../src/lock/types.ts'
import type { Digest } from '../../src/oci/digest.ts'
import type { BuildStep, Outcome, Result, StepReport } from '../../src/plan/types.ts'
import type { KnownBuild } from '../../src/reconcile/keep-builds.ts'
import { advance, intend, settle, type Seen } from '../../src/reconcile/keep.ts'
import { remember } from '../../src/reconcile/memory.ts'
import { lockOf } from '../lock/locks.ts'
import { digest, done } from '../report/sample.ts'

const [A, B, C] = [digest('a'), digest('b'), digest('c')]
const [KEY, OTHER] = [digest('1'), digest('2')]
const AT = 'r.io/worker:1'
const FROM = 'build:worker'
const NONE = new Map<string, Standing>()
const own = { image: 'worker', prune: 'owned' } as const
const THEN = '2026-01-01T00:00:00Z'
const NOW = '2026-03-01T00:00:00Z'

type State = Omit<LockedPlace, 'prune'>
interface Known {
  readonly digest: Digest
  readonly built?: BuiltFrom
  readonly places: Readonly<Record<string, State>>
}

const locked = (known: Known | undefined, name = 'worker'): Lock => {
  const places = (all: Known['places']) =>
    new Map(Object.entries(all).map(([at, state]) => [at, { ...state, prune: 'owned' as const }]))
  const references = new Map(
    known ? [[`build:${name}`, { ...known, cuts: new Map(), places: places(known.places) }]] : [],
  )
  return lockOf({ images: new Map(known ? [[name, { references }]] : []) })
}
const before = (places: Known['places']) =>
  locked({ digest: B, built: { key: OTHER, at: THEN }, places })

/** What the lock has of a build, without what goes without saying. */
function knownIn({ images }: Lock, name = 'worker'): Known | undefined {
  const found = images.get(name)?.references.get(`build:${name}`)
  if (found === undefined) return undefined
  const places = Object.fromEntries(
    Array.from(found.places, ([at, { prune: _, ...state }]) => [at, state]),
  )
  return { digest: found.digest, ...(found.built && { built: found.built }), places }
}

const step = (replaces: Digest | null, fields: Partial<BuildStep> = {}): BuildStep => ({
  id: '0'.repeat(20),
  kind: 'build',
  from: FROM,
  source: KEY,
  builder: { kind: 'embedded', why: '' },
  platforms: ['linux/amd64'],
  bases: [],
  to: [{ at: AT, replaces, lock: own }],
  needs: [],
  why: 'changed',
  bytes: 0,
  destructive: false,
  location: { file: 'images.yaml', line: 1, column: 1 },
  ...fields,
})
/** Once the image is there, and its places say what they will name. */
const madeOf = (one: BuildStep, made = A): BuildStep => ({
  ...one,
  made: { digest: made, at: NOW },
  to: one.to.map(place => ({ ...place, names: made })),
})
const came = (one: BuildStep, ...results: readonly [Result, ...Result[]]): StepReport => {
  const outcomes = results.map((result): Outcome => ({ ...done, result }))
  const outcome = (index: number) => outcomes[index] ?? { ...done, result: results[0] }
  return { ...one, ...outcome(0), to: one.to.map((place, at) => ({ ...place, ...outcome(at) })) }
}

describe('a run that builds', () => {
  it('writes down nothing before it is known what was made', () => {
    const lock = before({ [AT]: { put: B } })
    expect(intend(lock, [step(B)], NONE)).toBe(lock)
    expect(intend(locked(undefined), [step(null)], NONE)).toEqual(locked(undefined))
  })

  it.each<[string, Lock, Digest | null, Known]>([
    [
      'the first time',
      locked(undefined),
      null,
      { digest: A, built: { key: KEY, at: NOW }, places: { [AT]: { intent: A } } },
    ],
    [
      'over what it built before, which stays known until it is done',
      before({ [AT]: { put: B } }),
      B,
      { digest: B, built: { key: OTHER, at: THEN }, places: { [AT]: { put: B, intent: A } } },
    ],
    [
      'over what a killed run put',
      before({ [AT]: { put: C, intent: B } }),
      B,
      { digest: B, built: { key: OTHER, at: THEN }, places: { [AT]: { put: B, intent: A } } },
    ],
    [
      'over what others had',
      before({ [AT]: { found: C } }),
      C,
      { digest: B, built: { key: OTHER, at: THEN }, places: { [AT]: { intent: A } } },
    ],
  ])('says what it is about to put, %s', (_, lock, replaces, expected) => {
    expect(knownIn(intend(lock, [madeOf(step(replaces))], NONE))).toEqual(expected)
  })

  it.each<[string, Result, Known]>([
    ['done', 'done', { digest: A, built: { key: KEY, at: NOW }, places: { [AT]: { put: A } } }],
    [
      'failed',
      'failed',
      { digest: B, built: { key: OTHER, at: THEN }, places: { [AT]: { put: B, intent: A } } },
    ],
    [
      'stopped',
      'blocked',
      { digest: B, built: { key: OTHER, at: THEN }, places: { [AT]: { put: B, intent: A } } },
    ],
    [
      'stale',
      'stale',
      { digest: B, built: { key: OTHER, at: THEN }, places: { [AT]: { put: B } } },
    ],
  ])('and what came of it: %s', (_, result, expected) => {
    const report = came(madeOf(step(B)), result)
    expect(knownIn(settle(before({ [AT]: { put: B } }), [report], NONE))).toEqual(expected)
  })

  it('says nothing of what was not built, whatever was to become of it', () => {
    const lock = before({ [AT]: { put: B } })
    for (const result of ['failed', 'blocked', 'stale', 'unchanged'] as const) {
      expect(settle(lock, [came(step(B), result)], NONE)).toBe(lock)
    }
  })

  it('is at what it made once one of its places is, in any order', () => {
    const places = [AT, 'r.io/worker:2'].map(at => ({ at, replaces: B, lock: own }))
    for (const [first, second] of [
      ['failed', 'done'],
      ['done', 'failed'],
    ] as const) {
      const lock = before({ [AT]: { put: B }, 'r.io/worker:2': { put: B } })
      const report = came(madeOf(step(B, { to: places })), first, second)
      const failed = first === 'failed' ? AT : 'r.io/worker:2'
      const right = first === 'failed' ? 'r.io/worker:2' : AT
      expect(knownIn(settle(lock, [report], NONE))).toEqual({
        digest: A,
        built: { key: KEY, at: NOW },
        places: { [failed]: { put: B, intent: A }, [right]: { put: A } },
      })
    }
  })

  it('built again to the same, is younger', () => {
    const lock = locked({ digest: A, built: { key: KEY, at: THEN }, places: { [AT]: { put: A } } })
    expect(knownIn(settle(lock, [came(madeOf(step(A)), 'done')], NONE))).toEqual({
      digest: A,
      built: { key: KEY, at: NOW },
      places: { [AT]: { put: A } },
    })
  })

  it('says what a place stands for whose store keeps no manifests', () => {
    const standing: Standing = { digest: C, of: A, platform: 'linux/amd64' }
    const made = madeOf(step(null))
    const named = { ...made, to: made.to.map(place => ({ ...place, names: C })) }
    const after = settle(locked(undefined), [came(named, 'done')], new Map([[AT, standing]]))
    expect(knownIn(after)).toMatchObject({
      digest: A,
      places: { [AT]: { put: C, of: A, platform: 'linux/amd64' } },
    })
  })
})

const anyDigest = fc.constantFrom(A, B, C)
const anyState: fc.Arbitrary<State> = fc.oneof(
  fc.record({ put: anyDigest }),
  fc.record({ intent: anyDigest }),
  fc.record({ put: anyDigest, intent: anyDigest }),
  fc.record({ found: anyDigest }),
)
const tag = fc.constantFrom('1', '2', '3')
const anyBefore = fc
  .record({
    digest: anyDigest,
    built: fc.record({ key: fc.constantFrom(KEY, OTHER), at: fc.constant(THEN) }),
    places: fc.dictionary(
      tag.map(name => `r.io/worker:${name}`),
      anyState,
    ),
  })
  .map(known => locked(known))
const anyStep = fc
  .tuple(
    fc.uniqueArray(fc.tuple(tag, fc.option(anyDigest)), {
      selector: ([name]) => name,
      minLength: 1,
    }),
    anyDigest,
  )
  .map(([places, made]) => {
    const to = places.map(([name, replaces]) => ({
      at: `r.io/worker:${name}`,
      replaces,
      lock: own,
    }))
    return madeOf(step(null, { to }), made)
  })
const results = fc.array(
  fc.constantFrom<Result>('done', 'unchanged', 'failed', 'blocked', 'stale'),
  { minLength: 3, maxLength: 3 },
)

function owned({ images, retired }: Lock): ReadonlyMap<string, readonly Digest[]> {
  const places = [...images.values()]
    .flatMap(({ references }) => [...references.values()])
    .flatMap(({ places }) => [...places])
  const all = [...places, ...retired]
  expect(new Set(all.map(([at]) => at)).size, 'each place once').toBe(all.length)
  return new Map(all.map(([at, state]) => [at, ownedDigests(state)]))
}

describe('a run that builds, whatever was locked before', () => {
  it('may be killed at any moment: what it put is ours', () => {
    fc.assert(
      fc.property(anyBefore, anyStep, (lock, built) => {
        const meanwhile = owned(intend(lock, [built], NONE))
        for (const { at, replaces, names } of built.to) {
          if (replaces === names) continue
          expect(meanwhile.get(at)).toContain(names)
          const wasOurs = replaces !== null && owned(lock).get(at)?.includes(replaces) === true
          expect(replaces !== null && meanwhile.get(at)?.includes(replaces) === true).toBe(wasOurs)
        }
      }),
    )
  })

  it('owns nothing that it did not put, nor may have', () => {
    fc.assert(
      fc.property(anyBefore, anyStep, results, (lock, built, [first = 'done', ...more]) => {
        const after = owned(settle(lock, [came(built, first, ...more)], NONE))
        const were = owned(lock)
        for (const [at, ours] of after) {
          const place = built.to.find(one => one.at === at)
          const may = [...(were.get(at) ?? []), ...(place?.names ? [place.names] : [])]
          expect(ours.filter(one => !may.includes(one))).toEqual([])
        }
        // what was ours, and was not written, is forgotten by nobody
        const others = [...were].filter(([at]) => !built.to.some(one => one.at === at))
        for (const [at, ours] of others) expect(after.get(at)).toEqual(ours)
      }),
    )
  })
})

describe('after a look at a build', () => {
  const look = (fields: Partial<KnownBuild> = {}): KnownBuild => ({
    name: 'worker',
    prune: 'owned',
    digest: A,
    key: KEY,
    places: [{ at: AT, found: A, wanted: A }],
    ...fields,
  })
  const after = (lock: Lock, seen: Partial<Seen>): Lock =>
    advance(remember(lock, { follows: () => true, nowMs: Date.parse(NOW) }), {
      images: new Set(['worker']),
      resolution: { wishes: [], sights: [], stuck: [] },
      gone: [],
      known: [],
      builds: [],
      standings: NONE,
      ...seen,
    })
  const ready = (state: State) =>
    locked({ digest: A, built: { key: KEY, at: THEN }, places: { [AT]: state } })

  it.each<[string, Lock, State]>([
    ['ours', ready({ put: A }), { put: A }],
    ['ours, though the run that put it was killed', ready({ put: B, intent: A }), { put: A }],
    ['found at first sight', locked(undefined), { found: A }],
  ])('what is in place is %s', (_, lock, state) => {
    expect(knownIn(after(lock, { builds: [look()] }))?.places).toEqual({ [AT]: state })
  })

  it('keeps the time when it was built, which is now where another key is seen', () => {
    const builtAt = (lock: Lock) => knownIn(after(lock, { builds: [look()] }))?.built
    expect(builtAt(ready({ put: A }))).toEqual({ key: KEY, at: THEN })
    expect(builtAt(before({ [AT]: { intent: A } }))).toEqual({ key: KEY, at: NOW })
    expect(builtAt(locked(undefined))).toEqual({ key: KEY, at: NOW })
  })

  it('is at what it was, where nothing of it is in place', () => {
    const changed = look({ digest: B, key: undefined, places: [{ at: AT, found: B }] })
    const lock = before({ [AT]: { put: B } })
    expect(after(lock, { builds: [changed] })).toEqual(lock)
  })

  it.each<[string, KnownBuild['places'][number], State | undefined]>([
    ['a place that could not be looked at keeps all', { at: AT }, { put: B, intent: C }],
    ['one that lacks it is forgotten', { at: AT, found: 'nothing' }, undefined],
    ['one that a killed run wrote is ours', { at: AT, found: C }, { put: C }],
    ['one that others moved stays known', { at: AT, found: A }, { put: B }],
  ])('%s', (_, place, state) => {
    const lock = before({ [AT]: { put: B, intent: C } })
    const next = after(lock, { builds: [look({ digest: B, key: undefined, places: [place] })] })
    expect(knownIn(next)?.places[AT]).toEqual(state)
    expect(next.retired.size).toBe(0)
  })

  it('that could not be told of, all stays', () => {
    const lock = before({ [AT]: { put: B, intent: C } })
    const resolution = { wishes: [], sights: [], stuck: ['worker'] }
    expect(after(lock, { resolution })).toEqual(lock)
  })

  it('what is no longer asked for is retired, with whose it was', () => {
    const lock = ready({ put: A })
    const places = [{ at: 'r.io/worker:2', found: 'nothing' as const }]
    expect(after(lock, { builds: [look({ places })] }).retired).toEqual(
      new Map([[AT, { put: A, prune: 'owned', image: 'worker', from: FROM }]]),
    )
    // the whole build left the manifest
    expect(after(lock, { images: new Set() })).toMatchObject({
      images: new Map(),
      retired: new Map([[AT, { put: A, image: 'worker', from: FROM }]]),
    })
  })

  it('a build with another name has the places of the old one, which stay ours', () => {
    const renamed = look({ name: 'api' })
    const next = after(ready({ put: A }), { images: new Set(['api']), builds: [renamed] })
    expect(knownIn(next, 'api')).toMatchObject({ digest: A, places: { [AT]: { put: A } } })
    expect([next.retired.size, next.images.has('worker')]).toEqual([0, false])
  })
})
