/** What is planned for builds: one step for the places that lack what is built, and drift. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodePlan } from '../../src/plan/codec.ts'
import type { BuildPlace, DesiredBuild } from '../../src/plan/desired.ts'
import { makePlan } from '../../src/plan/plan.ts'
import { digest } from '../report/sample.ts'

const [A, B, KEY] = [digest('a'), digest('b'), digest('e')]
const location = { file: 'images.yaml', line: 3, column: 5 }

const place = (tag: string, fields: Partial<BuildPlace> = {}): BuildPlace => ({
  store: 'r.io',
  repository: 'acme/worker',
  tag,
  found: undefined,
  isMade: false,
  overwrite: 'always',
  location,
  ...fields,
})
const build = (
  places: readonly BuildPlace[],
  fields: Partial<DesiredBuild> = {},
): DesiredBuild => ({
  name: 'worker',
  key: KEY,
  builder: { kind: 'embedded', why: 'nothing has to be run' },
  platforms: ['linux/amd64'],
  bases: [],
  places,
  ...fields,
})
const planOf = (...builds: readonly DesiredBuild[]) =>
  makePlan({
    version: '1.2.3',
    desired: [],
    builds,
    unknown: [],
    diagnostics: [],
    local: new Set(),
    stocked: new Set(),
    held: [],
    gone: [],
    released: [],
    settled: 0,
  })
const kept = (...ours: readonly (typeof A)[]) => ({ image: 'worker', prune: 'off' as const, ours })

describe('a place of a build', () => {
  it.each<[string, Partial<BuildPlace>, [why: string, replaces: string | null, boolean]]>([
    ['is built for where it is missing', {}, ['missing', null, false]],
    ['is built for where it has something else', { found: A }, ['changed', A, true]],
    [
      'is built for where others moved it',
      { found: A, kept: kept(B) },
      ['moved outside waybill', A, true],
    ],
    [
      'is built for where it has what was built before',
      { found: A, kept: kept(A) },
      ['changed', A, true],
    ],
    ['is created where it may only be created', { overwrite: 'never' }, ['missing', null, false]],
    [
      'is created where its tag never changes',
      { overwrite: 'immutable' },
      ['missing', null, false],
    ],
    [
      'is replaced where it is ours',
      { found: A, overwrite: 'owned', kept: kept(A) },
      ['changed', A, true],
    ],
  ])('%s', (_, fields, [why, replaces, destructive]) => {
    const { steps, drift } = planOf(build([place('1', fields)]))
    expect(steps).toMatchObject([
      { kind: 'build', from: 'build:worker', source: KEY, why, destructive },
    ])
    expect(steps[0]?.to).toMatchObject([{ at: 'r.io/acme/worker:1', replaces }])
    // nobody knows yet
    expect(steps[0]?.to[0]).not.toHaveProperty('names')
    expect(drift).toEqual([])
  })

  it.each<[string, Partial<BuildPlace>, string]>([
    ['may only be created', { overwrite: 'never' }, 'left as it is (overwrite: never)'],
    ['never changes', { overwrite: 'immutable' }, 'left as it is (immutableTags)'],
    ['is not ours', { overwrite: 'owned', kept: kept() }, 'left as it is (overwrite: owned)'],
    ['is nobody’s, without a lock', { overwrite: 'owned' }, 'left as it is (overwrite: owned)'],
    [
      'was ours',
      { overwrite: 'owned', kept: kept(B) },
      'moved outside waybill, left as it is (overwrite: owned)',
    ],
  ])('that %s, and has something else, is drift', (_, fields, why) => {
    const plan = planOf(build([place('1', { found: A, ...fields })]))
    expect(plan).toMatchObject({ steps: [], summary: { drift: 1, unchanged: 0 } })
    expect(plan.drift).toEqual([{ at: 'r.io/acme/worker:1', found: A, wanted: KEY, why, location }])
  })

  it('that has what was built is in place', () => {
    for (const overwrite of ['always', 'owned', 'never', 'immutable'] as const) {
      const plan = planOf(build([place('1', { found: A, isMade: true, overwrite })]))
      expect(plan).toMatchObject({ steps: [], drift: [], summary: { unchanged: 1, build: 0 } })
    }
  })
})

describe('a build', () => {
  it('is one step for all of its places that lack it, in their order', () => {
    const places = [
      place('2'),
      place('1', { found: A }),
      place('3', { found: B, overwrite: 'never' }),
    ]
    const { steps, drift, summary } = planOf(build(places))
    expect(steps.map(({ to, why }) => [to.map(({ at }) => at), why])).toEqual([
      [['r.io/acme/worker:1', 'r.io/acme/worker:2'], 'changed, missing'],
    ])
    expect(drift.map(({ at }) => at)).toEqual(['r.io/acme/worker:3'])
    expect(summary).toMatchObject({ build: 1, copy: 0, unchanged: 0, bytes: 0 })
  })

  it('that is too old is made anew, and says so', () => {
    const stale = 'older than rebuild.maxAge'
    const { steps } = planOf(build([place('1', { found: A, kept: kept(A) })], { stale }))
    expect(steps).toMatchObject([{ why: stale, fresh: true, to: [{ ours: true }] }])
    expect(planOf(build([place('1')])).steps[0]).not.toHaveProperty('fresh')
  })

  it('is another step where other things go into it', () => {
    const ids = [KEY, A].map(key => planOf(build([place('1')], { key })).steps[0]?.id)
    expect(new Set(ids).size).toBe(2)
    // who builds it does not matter
    const builder = { kind: 'buildx', why: 'asked for' }
    expect(planOf(build([place('1')], { builder })).steps[0]?.id).toBe(ids[0])
  })

  it('is planned in the same bytes in whatever order all of it was seen', () => {
    const places = [
      place('1'),
      place('2', { found: A }),
      place('3', { found: A, overwrite: 'never' }),
    ]
    const bases = ['a', 'b', 'c'].map(name => ({ name, digest: A }))
    const names = ['worker', 'api', 'web']
    const named = (name: string) => (one: BuildPlace) => ({ ...one, repository: name })
    const text = (
      order: readonly string[],
      seen: readonly BuildPlace[],
      pinned: DesiredBuild['bases'],
    ) => {
      const builds = order.map(name => build(seen.map(named(name)), { name, bases: pinned }))
      return encodePlan(planOf(...builds))
    }
    const expected = text(names, places, bases)
    const shuffled = <T>(all: readonly T[]) =>
      fc.shuffledSubarray([...all], { minLength: all.length })
    fc.assert(
      fc.property(shuffled(names), shuffled(places), shuffled(bases), (...orders) => {
        expect(text(...orders)).toBe(expected)
      }),
    )
  })
})
