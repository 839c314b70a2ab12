/** A plan of builds that is kept, reviewed, and carried out later: exactly that, or nothing. */
import { describe, expect, it } from 'vitest'
import { hold } from '../../src/reconcile/holds.ts'
import { encodePlanFile, parsePlanFile } from '../../src/plan/codec.ts'
import type { BuildStep, CopyStep, Plan, Report, StepPlace } from '../../src/plan/types.ts'
import { digest } from '../report/sample.ts'
import { buildSite, type Asked, type BuildSite } from '../support/build-site.ts'
import { makeImage } from '../support/images.ts'
import { isWrite, seedFake } from '../support/project.ts'
import { options } from '../support/world.ts'

const LOCAL = 'local/acme/worker:1'
const OTHER = 'other/acme/worker:1'
const AT = new Date('2026-03-01T00:00:00Z')
const ZERO = digest('0')

/** As it is written into a file, and read from there. */
function kept(s: BuildSite, asked: Asked = {}): Promise<Plan> {
  return s.using(asked, async project => {
    const { hash } = project.manifest
    const expires = new Date(AT.getTime() + 86_400_000)
    const plan = await project.plan()
    const text = encodePlanFile(plan, { created: AT, expires, manifest: hash })
    return parsePlanFile(text, { file: 'plan.json', now: AT, manifest: hash })
  })
}
const apply = (s: BuildSite, plan: Plan, asked: Asked = {}): Promise<Report> =>
  s.using(asked, project => project.apply(plan, options))
const remote = ({ target }: BuildSite) => `${target.host}/acme/worker:1`

describe('a kept plan of a build', () => {
  it.each([
    ['without a lock', false],
    ['with one', true],
  ])('is carried out later, and again, %s', async (_, hasLock) => {
    await using s = await buildSite()
    if (hasLock) await s.beginLock()
    const plan = await kept(s)
    expect(plan.steps).toMatchObject([{ kind: 'build', platforms: [expect.any(String)] }])
    expect(await apply(s, plan)).toMatchObject({ exitCode: 0, steps: [{ result: 'done' }] })
    expect((await s.plan()).steps).toEqual([])
    const lock = hasLock && (await s.lock())
    expect(await apply(s, plan)).toMatchObject({ exitCode: 0, steps: [{ result: 'unchanged' }] })
    expect(hasLock && (await s.lock())).toBe(lock)
  })

  it.each<[string, (s: BuildSite) => Promise<void>, Asked?]>([
    ['a file', s => s.write('context/file', 'other')],
    ['the Dockerfile', s => s.write('context/Dockerfile', 'FROM scratch\nCOPY file /b\n')],
    ['an argument', async () => {}, { build: 'args: { WORD: other }' }],
    ['the time of all', s => s.write('unused', ''), { env: { SOURCE_DATE_EPOCH: '1' } }],
  ])('is stale where %s changed since, and nothing is built', async (_, change, asked = {}) => {
    await using s = await buildSite()
    const plan = await kept(s)
    await change(s)
    const report = await apply(s, plan, asked)
    expect(report).toMatchObject({
      exitCode: 3,
      steps: [{ result: 'stale', to: [{ result: 'stale', error: { code: 'PLAN_STALE' } }] }],
    })
    expect(report.steps[0]).not.toHaveProperty('made')
    expect((await s.plan()).steps).toMatchObject([{ why: 'missing' }])
  })

  it('is stale at the place that moved since, and goes to the others', async () => {
    await using s = await buildSite()
    const asked = { to: `${LOCAL}, '${remote(s)}'` }
    const plan = await kept(s, asked)
    const theirs = await makeImage({ seed: 'theirs' })
    seedFake(s.target, 'acme/worker', '1', theirs)
    const { steps } = await apply(s, plan, asked)
    expect(steps[0]?.to).toMatchObject([
      { at: remote(s), result: 'stale' },
      { at: LOCAL, result: 'done' },
    ])
    expect(s.target.manifest('acme/worker', '1')?.digest).toBe(theirs.manifest.digest)
  })

  it('is gone on with after a run that reached some of its places', async () => {
    await using s = await buildSite()
    const asked = { to: `${LOCAL}, ${OTHER}` }
    const plan = await kept(s, asked)
    await s.reconcile({ to: LOCAL })
    const { steps } = await apply(s, plan, asked)
    expect(steps[0]?.to).toMatchObject([
      { at: LOCAL, result: 'unchanged' },
      { at: OTHER, result: 'done' },
    ])
    expect((await s.plan(asked)).steps).toEqual([])
  })

  it('is stale once the build is held', async () => {
    await using s = await buildSite()
    await s.beginLock()
    await s.reconcile()
    await s.write('context/file', 'other')
    const plan = await kept(s)
    await s.using({}, project => project.editLock(hold('worker', { at: { kind: 'now' } })))
    await expect(apply(s, plan)).rejects.toMatchObject({ code: 'PLAN_STALE' })
  })
})

describe('a forged plan of a build is refused', () => {
  type Forge = (step: BuildStep) => Plan['steps'][number]
  const copyOf = ({ builder: _, bases: __, platforms: ___, ...step }: BuildStep): CopyStep => ({
    ...step,
    kind: 'copy',
    verb: 'copy',
    digest: step.source,
    referrers: [],
  })
  const place =
    (fields: Partial<StepPlace>): Forge =>
    step => ({ ...step, to: step.to.map(one => ({ ...one, ...fields })) })

  it.each<[string, Forge, string]>([
    [
      'that copies what is to be built from a repository of that name',
      copyOf,
      'it is what worker builds',
    ],
    [
      'that copies something else there',
      step => ({ ...copyOf(step), from: 'docker.io/library/evil:1' }),
      'it is what worker builds',
    ],
    [
      'that copies from a place, and says that it is something else there',
      step => ({ ...copyOf(step), from: LOCAL, digest: ZERO }),
      'it is not what its source is',
    ],
    ['of another build', step => ({ ...step, from: 'build:other' }), 'it is what worker builds'],
    [
      'that takes a place of it for what is built',
      step => ({ ...step, from: LOCAL }),
      'it is what worker builds',
    ],
    ['that brings it elsewhere', place({ at: 'local/elsewhere:1' }), 'no image is to go there'],
    [
      'that replaces what may only be created',
      place({ replaces: ZERO }),
      'it may only be created (overwrite: never)',
    ],
    [
      'that says it knows what will be there',
      place({ replaces: ZERO, names: ZERO }),
      'what it will name shows when it is built',
    ],
    [
      'that the lock is to have as another image',
      place({ lock: { image: 'other', prune: 'off' } }),
      'it is of the build worker, with prune: off',
    ],
    [
      'that may be pruned',
      place({ lock: { image: 'worker', prune: 'owned' } }),
      'it is of the build worker, with prune: off',
    ],
  ])('%s', async (_, forge, why) => {
    await using s = await buildSite()
    const asked = { build: 'overwrite: never' }
    const plan = await kept(s, asked)
    const [step] = plan.steps
    if (step?.kind !== 'build') throw new Error('it was to be built')
    await expect(apply(s, { ...plan, steps: [forge(step)] }, asked)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
      message: expect.stringContaining(why),
    })
    expect((await s.plan(asked)).steps).toMatchObject([{ why: 'missing' }])
  })

  it('or is stale, where it says that other things went into it', async () => {
    await using s = await buildSite()
    const plan = await kept(s)
    const steps = plan.steps.map(step => ({ ...step, source: ZERO }))
    expect(await apply(s, { ...plan, steps })).toMatchObject({ steps: [{ result: 'stale' }] })
    expect(s.target.log.filter(isWrite)).toEqual([])
    expect((await s.plan()).steps).toMatchObject([{ why: 'missing' }])
  })
})
