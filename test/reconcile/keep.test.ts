/** How the lock moves, by value: what was seen, what a run is about to write, and what it wrote. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ownedDigests } from '../../src/lock/ownership.ts'
import type { Standing } from '../../src/lock/standing.ts'
import type { Lock, LockedImage, LockedPlace, Retired } from '../../src/lock/types.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { parseReference } from '../../src/oci/reference.ts'
import type { CopyStep, Result, Step, StepPlace, StepReport } from '../../src/plan/types.ts'
import { advance, intend, settle, type Seen } from '../../src/reconcile/keep.ts'
import { remember, type Resolved } from '../../src/reconcile/memory.ts'
import type { Known } from '../../src/reconcile/task.ts'
import { lockOf } from '../lock/locks.ts'
import { copy, digest, done, reported } from '../report/sample.ts'

const [A, B, C] = [digest('a'), digest('b'), digest('c')]
const own = { image: 'app', prune: 'off' } as const
const AT = 'r.io/app:1'
/** Of stores that keep manifests. */
const NONE = new Map<string, Standing>()
const FROM = 'up.io/app:1'

type State = Omit<LockedPlace, 'prune'>

const place = (state: State): LockedPlace => ({ ...state, prune: 'off' })
const reference = (at: Digest, places: Readonly<Record<string, State>> = {}) => ({
  digest: at,
  cuts: new Map<string, Digest>(),
  places: new Map(Object.entries(places).map(([name, state]) => [name, place(state)])),
})
type References = Record<string, ReturnType<typeof reference>>
const image = (references: References): LockedImage => ({
  references: new Map(Object.entries(references)),
})

/** One image, with its places. */
const locked = (state: State | undefined, parts: Partial<Lock> = {}): Lock =>
  lockOf({
    images: new Map([['app', image({ [FROM]: reference(A, state ? { [AT]: state } : {}) })]]),
    ...parts,
  })

function stateAt({ images }: Lock, at = AT): State | undefined {
  const found = [...images.values()]
    .flatMap(({ references }) => [...references.values()])
    .flatMap(({ places }) => [...places].filter(([name]) => name === at))
  expect(found.length, `${at} is there once at most`).toBeLessThan(2)
  if (found[0] === undefined) return undefined
  const { prune: _, ...state } = found[0][1]
  return state
}

const stepOf = (replaces: Digest | null, fields: Partial<StepPlace> = {}): CopyStep =>
  copy({ from: FROM, source: A, digest: A, to: [{ at: AT, replaces, lock: own, ...fields }] })
const came = (step: Step, result: Result): StepReport => reported(step, { ...done, result })

describe('intend', () => {
  it.each<[string, State | undefined, Digest | null, State | undefined]>([
    ['a place that is missing', undefined, null, { intent: A }],
    ['one of ours that moves on', { put: B }, B, { put: B, intent: A }],
    ['one that others had', { found: B }, B, { intent: A }],
    ['one that a killed run wrote', { put: C, intent: B }, B, { put: B, intent: A }],
    ['one that a killed run did not get to', { put: C, intent: B }, C, { put: C, intent: A }],
    ['ours, lacking only what refers to it', { put: A }, A, { put: A }],
    ["others', lacking only what refers to it", { found: A }, A, { found: A }],
    ['one that nothing is known of, lacking only such', undefined, A, undefined],
  ])('writes down %s', (_, before, replaces, after) => {
    expect(stateAt(intend(locked(before), [stepOf(replaces)], NONE))).toEqual(after)
  })

  it('knows of a place that another reference, or nothing, asked for until now', () => {
    const former = image({ 'up.io/app:9': reference(B, { [AT]: { put: B } }) })
    const moved = intend(lockOf({ images: new Map([['app', former]]) }), [stepOf(B)], NONE)
    expect(stateAt(moved)).toEqual({ put: B, intent: A })

    const given: Retired = { put: B, prune: 'owned', image: 'app', from: 'up.io/app:9' }
    const back = intend(locked(undefined, { retired: new Map([[AT, given]]) }), [stepOf(B)], NONE)
    expect(stateAt(back)).toEqual({ put: B, intent: A })
    expect(back.retired.size).toBe(0)
  })

  it('leaves out what no lock was kept for, and holds as they are', () => {
    const { lock: _, ...place } = stepOf(null).to[0] ?? { at: AT, replaces: null }
    const lock = locked(undefined)
    expect(intend(lock, [{ ...stepOf(null), to: [place] }], NONE)).toBe(lock)
    const held = { ...image({}), hold: { at: '1' } }
    const next = intend(lockOf({ images: new Map([['app', held]]) }), [stepOf(null)], NONE)
    expect(next.images.get('app')?.hold).toEqual({ at: '1' })
  })
})

describe('settle', () => {
  it.each<[string, State | undefined, Digest | null, Result, State | undefined]>([
    ['done owns', undefined, null, 'done', { put: A }],
    ["done owns what was others'", { found: B }, B, 'done', { put: A }],
    ["done with referrers alone leaves it others'", { found: A }, A, 'done', { found: A }],
    ['done with referrers alone keeps what is ours', { put: A }, A, 'done', { put: A }],
    ['unchanged: somebody else was first', undefined, null, 'unchanged', { found: A }],
    ['unchanged: it is ours already', { put: A }, B, 'unchanged', { put: A }],
    ['unchanged: a killed run of ours was first', { intent: A }, null, 'unchanged', { put: A }],
    ['failed may have written', { put: B }, B, 'failed', { put: B, intent: A }],
    ['stopped may have written', undefined, null, 'blocked', { intent: A }],
    ['stale wrote nothing', { put: B }, B, 'stale', { put: B }],
    ['stale forgets no killed run', { put: B, intent: C }, B, 'stale', { put: B, intent: C }],
    ['stale owns nothing', undefined, null, 'stale', undefined],
  ])('%s', (_, before, replaces, result, after) => {
    expect(stateAt(settle(locked(before), [came(stepOf(replaces), result)], NONE))).toEqual(after)
  })

  it('tells the places of one step apart', () => {
    const step = copy({
      from: FROM,
      digest: A,
      to: [AT, 'r.io/app:2'].map(at => ({ at, replaces: null, lock: own })),
    })
    const lock = settle(
      locked(undefined),
      [reported(step, done, { ...done, result: 'stale' })],
      NONE,
    )
    expect([stateAt(lock), stateAt(lock, 'r.io/app:2')]).toEqual([{ put: A }, undefined])
  })
})

describe('a place of a store that keeps no manifests', () => {
  /** The store takes C of A, and B of what the place had before. */
  const standing: Standing = { digest: C, of: A, platform: 'linux/amd64' }
  const standings = new Map([[AT, standing]])
  const now = { of: A, platform: 'linux/amd64' }
  const then = { of: B, platform: 'linux/arm64' }
  const step = (fields: Partial<StepPlace> = {}) => stepOf(B, { names: C, ...fields })

  it.each<[string, Lock, State]>([
    [
      'is about to',
      intend(locked({ put: B, ...then }), [step()], standings),
      { put: B, intent: C },
    ],
    ['may', settle(locked(undefined), [came(step(), 'failed')], standings), { intent: C }],
    ['does', settle(locked({ put: B, ...then }), [came(step(), 'done')], standings), { put: C }],
    ['did', settle(locked(undefined), [came(step(), 'unchanged')], standings), { found: C }],
  ])('says what it %s stand for', (_, lock, state) => {
    expect(stateAt(lock)).toEqual({ ...state, ...now })
  })

  it.each<[string, CopyStep, ReadonlyMap<string, Standing>]>([
    ['nothing was asked of its store', step(), NONE],
    ['its store said so of another image', step(), new Map([[AT, { ...standing, of: B }]])],
    ['its store said another name', step(), new Map([[AT, { ...standing, digest: B }]])],
    ['its image was made for it', { ...step(), repacked: true }, standings],
  ])('says nothing where %s', (_, written, standings) => {
    const before = locked({ put: B, ...then })
    expect(stateAt(intend(before, [written], standings))).toEqual({ put: B, intent: C })
    expect(stateAt(settle(before, [came(written, 'done')], standings))).toEqual({ put: C })
  })

  it('stays as it is where the step is stale', () => {
    const before = locked({ put: B, ...then })
    expect(settle(before, [came(step(), 'stale')], standings)).toEqual(before)
  })
})

const anyDigest = fc.constantFrom(A, B, C)
const anyState: fc.Arbitrary<State> = fc.oneof(
  fc.record({ put: anyDigest }),
  fc.record({ intent: anyDigest }),
  fc.record({ put: anyDigest, intent: anyDigest }),
  fc.record({ found: anyDigest }),
)
const tag = fc.constantFrom('1', '2', '3', '10', 'stable')
const anyReferences = fc
  .uniqueArray(fc.tuple(tag, tag, anyState), { selector: ([, name]) => name })
  .map(all => {
    const references: References = {}
    for (const [from, name, state] of all) {
      const known = (references[`up.io/app:${from}`] ??= reference(A))
      known.places.set(`r.io/app:${name}`, place(state))
    }
    return references
  })
const anyLocked = fc.tuple(anyReferences, fc.option(anyDigest)).map(([references, put]) =>
  lockOf({
    images: new Map([['app', image(references)]]),
    retired: put ? new Map<string, Retired>([['r.io/app:old', { put, prune: 'off' }]]) : new Map(),
  }),
)
const anySteps = fc
  .uniqueArray(fc.tuple(tag, fc.constantFrom('1', '2', 'stable', 'old'), anyDigest), {
    selector: ([, name]) => name,
  })
  .chain(all =>
    fc.tuple(
      ...all.map(([from, name, wanted]) =>
        fc.constantFrom(null, ...[A, B, C].filter(other => other !== wanted)).map(replaces =>
          copy({
            from: `up.io/app:${from}`,
            source: wanted,
            digest: wanted,
            to: [{ at: `r.io/app:${name}`, replaces, lock: own }],
          }),
        ),
      ),
    ),
  )
const results = fc.array(
  fc.constantFrom<Result>('done', 'unchanged', 'failed', 'blocked', 'stale'),
  { minLength: 5, maxLength: 5 },
)

/** Every place that is known of, with what would be ours there. */
function owned({ images, retired }: Lock): ReadonlyMap<string, readonly Digest[]> {
  const places = [...images.values()]
    .flatMap(({ references }) => [...references.values()])
    .flatMap(({ places }) => [...places])
  const all = [...places, ...retired]
  expect(new Set(all.map(([at]) => at)).size, 'each place once').toBe(all.length)
  return new Map(all.map(([at, state]) => [at, ownedDigests(state)]))
}

describe('a run, whatever was locked before', () => {
  it('owns exactly what it did, and what was known of the rest stays', () => {
    fc.assert(
      fc.property(anyLocked, anySteps, (lock, steps) => {
        const wrote = new Map(steps.flatMap(({ to, digest }) => to.map(({ at }) => [at, [digest]])))
        const after = settle(
          intend(lock, steps, NONE),
          steps.map(step => came(step, 'done')),
          NONE,
        )
        expect(owned(after)).toEqual(new Map([...owned(lock), ...wrote]))
      }),
    )
  })

  it('is known of at any moment: what is at a place when it is killed is ours if we put it', () => {
    fc.assert(
      fc.property(anyLocked, anySteps, (lock, steps) => {
        const before = owned(lock)
        const meanwhile = owned(intend(lock, steps, NONE))
        for (const { to, digest } of steps) {
          for (const { at, replaces } of to) {
            expect(meanwhile.get(at)).toContain(digest)
            // what the plan saw there is as much ours as it was
            const wasOurs = replaces !== null && before.get(at)?.includes(replaces) === true
            expect(replaces !== null && meanwhile.get(at)?.includes(replaces) === true).toBe(
              wasOurs,
            )
          }
        }
      }),
    )
  })

  it('owns nothing that it did not put, nor may have', () => {
    fc.assert(
      fc.property(anyLocked, anySteps, results, (lock, steps, results) => {
        const before = owned(lock)
        const reports = steps.map((step, index) => came(step, results[index] ?? 'done'))
        const after = owned(settle(lock, reports, NONE))
        for (const report of reports) {
          const { to, result } = report
          if (!('digest' in report)) continue
          const { digest } = report
          for (const { at } of to) {
            const [ours = [], were = []] = [after.get(at), before.get(at)]
            const may: Readonly<Record<Result, readonly Digest[]>> = {
              done: [digest],
              unchanged: were.filter(known => known === digest),
              failed: [...were, digest],
              blocked: [...were, digest],
              stale: were,
            }
            expect(ours.filter(known => !may[result].includes(known))).toEqual([])
          }
        }
      }),
    )
  })
})

describe('advance', () => {
  const wish: Resolved = {
    image: 'app',
    from: parseReference(FROM, new Set()),
    to: { store: 'r.io', repository: 'app', tag: '1' },
    platforms: [],
    referrers: false,
    overwrite: 'always',
    prune: 'off',
    location: { file: 'images.yaml', line: 3, column: 5 },
  }
  const known = (found?: Known['found']): Known => ({
    wish,
    source: A,
    digest: A,
    ...(found !== undefined && { found, wanted: A }),
  })
  const after = (lock: Lock, seen: Partial<Seen>): Lock =>
    advance(remember(lock, { follows: () => true, nowMs: 0 }), {
      images: new Set(['app']),
      resolution: { wishes: [wish], sights: [], stuck: [] },
      gone: [],
      known: [],
      builds: [],
      standings: NONE,
      ...seen,
    })

  it.each<[string, State | undefined, Known['found'], State | undefined]>([
    ['not looked at, and nothing known', undefined, undefined, undefined],
    ['not looked at', { put: B, intent: A }, undefined, { put: B, intent: A }],
    ['right at first sight', undefined, A, { found: A }],
    ['ours', { put: A }, A, { put: A }],
    ['written by a run that was killed', { intent: A }, A, { put: A }],
    ['written by one, with what is wanted no more', { put: C, intent: B }, B, { put: B }],
    ['not written by it', { put: C, intent: B }, C, { put: C }],
    ["others' while it was killed", { intent: B }, C, undefined],
    ['ours, and moved by others', { put: B }, C, { put: B }],
    ["others', and moved by them", { found: B }, C, { found: B }],
    ["others', and right now", { found: B }, A, { found: A }],
    ['removed', { put: B }, 'nothing', undefined],
    ['missing', undefined, 'nothing', undefined],
  ])('a place that is %s', (_, before, found, state) => {
    const next = after(locked(before), { known: [known(found)] })
    expect(stateAt(next)).toEqual(state)
    expect(next.retired.size, 'nothing is retired that is asked for').toBe(0)
  })

  const now = { of: A, platform: 'linux/amd64' }
  const standings = new Map([[AT, { digest: C, ...now }]])
  it.each<[string, State | undefined, Known['found'], State | undefined]>([
    ['right', undefined, C, { found: C, ...now }],
    ['ours, and right', { put: C }, C, { put: C, ...now }],
    ['right, and another version was', { put: B, of: B, platform: 'p/q' }, C, { found: C, ...now }],
    ['moved by others', { put: C, ...now }, B, { put: C, ...now }],
    ["others', and moved by them", { found: C, ...now }, B, { found: C, ...now }],
    ['as it was before a run was killed', { put: B, intent: C, ...now }, B, { put: B }],
    ['what a killed run wrote, and is no more', { intent: B, ...now }, B, { put: B, ...now }],
    ['not looked at', { put: B, intent: C, ...now }, undefined, { put: B, intent: C, ...now }],
    ['removed', { put: C, ...now }, 'nothing', undefined],
  ])('a place of a store that keeps no manifests that is %s', (_, before, found, state) => {
    const seen = { ...known(found), ...(found !== undefined && { wanted: C }) }
    expect(stateAt(after(locked(before), { known: [seen], standings }))).toEqual(state)
  })

  it('says of a place only what its store said of the image that is wanted', () => {
    const lock = locked({ put: C, ...now })
    const seen = [{ ...known(C), wanted: C }]
    expect(stateAt(after(lock, { known: seen }))).toEqual({ put: C })
    const others = new Map([[AT, { digest: C, of: B, platform: 'linux/amd64' }]])
    expect(stateAt(after(lock, { known: seen, standings: others }))).toEqual({ put: C })
  })

  it('forgets what a place stood for once it is retired', () => {
    const places = { 'r.io/app:8': { put: B, ...now } }
    const images = new Map([['app', image({ 'up.io/app:9': reference(B, places) })]])
    expect(after(lockOf({ images }), { known: [] }).retired.get('r.io/app:8')).toEqual({
      put: B,
      prune: 'off',
      image: 'app',
      from: 'up.io/app:9',
    })
  })

  it('retires what is ours and asked for no more, and drops what was found', () => {
    const places = { 'r.io/app:8': { put: B }, 'r.io/app:9': { found: B } }
    const images = new Map([['app', image({ 'up.io/app:9': reference(B, places) })]])
    expect(after(lockOf({ images }), { known: [known('nothing')] }).retired).toEqual(
      new Map([['r.io/app:8', { put: B, prune: 'off', image: 'app', from: 'up.io/app:9' }]]),
    )
  })

  it('keeps in mind a place of ours whose new source could not be told', () => {
    const images = new Map([['app', image({ 'up.io/app:9': reference(B, { [AT]: { put: B } }) })]])
    const blind = after(lockOf({ images }), {})
    expect(owned(blind)).toEqual(new Map([[AT, [B]]]))
    expect(stateAt(after(blind, { known: [known(B)] }))).toEqual({ put: B })
  })

  it.each<[string, Partial<Seen>]>([
    ['stuck', { resolution: { wishes: [], sights: [], stuck: ['app'] } }],
    [
      'gone',
      {
        resolution: { wishes: [], sights: [], stuck: [] },
        gone: [{ image: 'app', reference: FROM, location: wish.location }],
      },
    ],
    ['unseen', {}],
  ])('leaves what is %s as it was', (_, seen) => {
    const lock = locked({ put: B, intent: C })
    expect(after(lock, seen)).toEqual(lock)
  })
})
