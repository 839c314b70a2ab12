import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import type { DesiredImage, DesiredPlace, PlanInput } from '../../src/plan/desired.ts'
import { makePlan } from '../../src/plan/plan.ts'
import type { Unknown } from '../../src/plan/types.ts'

const digest = (name: string) => digestOf(Buffer.from(name))
const location = { file: 'images.yaml', line: 3, column: 5 }

type Seen = Omit<DesiredPlace, 'wanted'> & Partial<Pick<DesiredPlace, 'wanted'>>

function place(at: string, init: Partial<DesiredPlace> = {}): Seen {
  const [store = '', repository = '', tag = ''] = at.split(' ')
  return {
    store,
    repository,
    tag,
    found: undefined,
    lacks: [],
    overwrite: 'always',
    location,
    ...init,
  }
}

function image(from: string, seen: Seen[], init: Partial<DesiredImage> = {}): DesiredImage {
  const wanted = digest(from)
  const places = seen.map(one => ({ wanted: init.digest ?? wanted, ...one }))
  const contents = [
    { digest: wanted, size: 1 },
    { digest: digest('base'), size: 100 },
  ]
  return { from, source: wanted, digest: wanted, places, contents, ...init }
}

function input(desired: DesiredImage[], init: Partial<PlanInput> = {}): PlanInput {
  return {
    version: '1.2.3',
    desired,
    builds: [],
    unknown: [],
    diagnostics: [],
    local: new Set(['local']),
    stocked: new Set(),
    held: [],
    gone: [],
    released: [],
    settled: 0,
    ...init,
  }
}

const unknown: Unknown = {
  reference: 'docker.io/library/x:1',
  side: 'source',
  places: ['local/x:1'],
  problem: { code: 'STORE_UNREACHABLE', message: 'down' },
  location,
}

const one = 'docker.io/library/a:1'

describe('makePlan', () => {
  it.each([
    ['copies what is missing', {}, ['copy', 'missing', null]],
    ['copies over what moved', { found: digest('old') }, ['copy', 'moved', digest('old')]],
    [
      'brings missing referrers',
      { found: digest(one), lacks: [digest('sig')] },
      ['copy', '1 referrer missing', digest(one)],
    ],
    ['creates where it may only create', { overwrite: 'never' }, ['copy', 'missing', null]],
  ] as const)('%s', (_, seen, [kind, why, replaces]) => {
    const plan = makePlan(input([image(one, [place('r.io a 1', seen)])]))
    expect(plan.steps).toMatchObject([
      { kind, why, from: one, digest: digest(one), to: [{ at: 'r.io/a:1', replaces }] },
    ])
  })

  it('plans nothing for what is in place', () => {
    const plan = makePlan(input([image(one, [place('r.io a 1', { found: digest(one) })])]))
    expect(plan).toMatchObject({
      steps: [],
      complete: true,
      exitCode: 0,
      summary: { unchanged: 1 },
    })
  })

  it('leaves alone what it may only create, and tells of it', () => {
    const found = digest('theirs')
    const plan = makePlan(input([image(one, [place('r.io a 1', { found, overwrite: 'never' })])]))
    expect(plan.steps).toEqual([])
    expect(plan.drift).toMatchObject([{ at: 'r.io/a:1', found, wanted: digest(one) }])
  })

  it('brings one image to all its places in one step', () => {
    const plan = makePlan(
      input([image(one, [place('r.io b 1'), place('r.io a 1'), place('local a 1')])]),
    )
    expect(plan.steps.map(({ to }) => to.map(({ at }) => at))).toEqual([
      ['local/a:1', 'r.io/a:1', 'r.io/b:1'],
    ])
  })

  it('only names what the repository has under another wished tag', () => {
    const same = { found: digest(one) }
    const plan = makePlan(input([image(one, [place('r.io a 1', same), place('r.io a 2')])]))
    expect(plan.steps).toMatchObject([
      { kind: 'tag', bytes: 0, to: [{ at: 'r.io/a:2', replaces: null }] },
    ])
  })

  it.each([
    ['into a local store', one, ['local a 1'], 'pull'],
    ['out of a local store', 'local/a:1', ['r.io a 1'], 'push'],
    ['between registries', one, ['r.io a 1'], 'copy'],
    ['within local stores', 'local/a:1', ['local b 1'], 'copy'],
    ['to both kinds', one, ['local a 1', 'r.io a 1'], 'copy'],
  ])('calls a copy %s %s', (_, from, places, verb) => {
    expect(
      makePlan(
        input([
          image(
            from,
            places.map(at => place(at)),
          ),
        ]),
      ).steps,
    ).toMatchObject([{ verb }])
  })

  it('counts each blob once, and not what a local store holds', () => {
    const two = 'docker.io/library/b:1'
    const desired = [image(one, [place('r.io a 1')]), image(two, [place('r.io b 1')])]
    expect(makePlan(input(desired)).summary.bytes).toBe(1 + 100 + 1)
    const held = new Set([`local ${digest('base')}`])
    const local = [image(one, [place('local a 1')])]
    expect(makePlan(input(local, { stocked: held })).summary.bytes).toBe(1)
    const both = [image(one, [place('local a 1'), place('r.io a 1')])]
    expect(makePlan(input(both, { stocked: held })).summary.bytes).toBe(101)
  })

  it.each([
    ['nothing could be seen', [], [unknown], 1],
    ['something could not be seen', [image(one, [place('r.io a 1')])], [unknown], 3],
    ['all was seen', [image(one, [place('r.io a 1')])], [], 0],
  ] as const)('exit code when %s', (_, desired, blind, exitCode) => {
    const plan = makePlan(input([...desired], { unknown: blind }))
    expect(plan).toMatchObject({ exitCode, complete: blind.length === 0 })
  })

  it('goes by what each store calls the image', () => {
    const known = { wanted: digest('config') }
    const places = [place('r.io a 1'), place('engine a 1', known)]
    const [step, ...others] = makePlan(input([image(one, places)])).steps
    expect(others).toEqual([])
    expect(step?.to).toEqual([
      { at: 'engine/a:1', replaces: null, names: digest('config') },
      { at: 'r.io/a:1', replaces: null },
    ])
    const there = { ...known, found: digest('config') }
    const seen = [place('r.io a 1', { found: digest(one) }), place('engine a 1', there)]
    expect(makePlan(input([image(one, seen)]))).toMatchObject({ steps: [], drift: [] })
    const left = { ...known, found: digest('other'), overwrite: 'never' as const }
    expect(makePlan(input([image(one, [place('engine a 1', left)])])).drift).toMatchObject([
      { at: 'engine/a:1', found: digest('other'), wanted: digest('config') },
    ])
    const named = [place('engine a 1', there), place('engine a 2', known)]
    expect(makePlan(input([image(one, named)])).steps).toMatchObject([
      { kind: 'tag', to: [{ at: 'engine/a:2', names: digest('config') }] },
    ])
  })

  it('shows a cut as what it is', () => {
    const cut = { digest: digest('cut'), platforms: ['linux/amd64'] }
    const plan = makePlan(input([image(one, [place('r.io a 1')], cut)]))
    expect(plan.steps).toMatchObject([
      { source: digest(one), digest: digest('cut'), platforms: ['linux/amd64'] },
    ])
  })

  it('is the same, to the byte, in whatever order things were seen', () => {
    const desired = ['a', 'b', 'c', 'd'].map(name =>
      image(`docker.io/library/${name}:1`, [place(`r.io ${name} 1`), place(`q.io ${name} 1`)]),
    )
    const expected = JSON.stringify(makePlan(input(desired)))
    const shuffled = fc
      .shuffledSubarray(desired, { minLength: 4 })
      .map(images => images.map(one => ({ ...one, places: one.places.toReversed() })))
    fc.assert(
      fc.property(shuffled, images => {
        expect(JSON.stringify(makePlan(input(images)))).toBe(expected)
      }),
    )
  })
})
