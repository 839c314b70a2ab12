/** Plans of tags that are chosen: applied without choosing again, and refused where nobody could choose so. */
import { describe, expect, it } from 'vitest'
import { parseDigest } from '../../src/oci/digest.ts'
import { arrived, having, imageOf, manifest, planned, VERSIONS } from '../support/choosing.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { options } from '../support/world.ts'

describe('a plan of chosen tags', () => {
  const image = `    tags:
      - { semver: '>=3.18 <4', newest: 2, per: minor, as: ['{tag}', '{semver.major}.{semver.minor}'] }
      - edge
    exclude: ['3.18.0', { glob: '*-rc*' }]
`

  it('is applied as it was made, without a listing of the source', async () => {
    await using w = await having(VERSIONS)
    const plan = await planned(w, image)
    seedFake(w.source, 'acme/app', '3.19.2', await imageOf('3.19.2'))
    w.source.clearLog()
    await using project = await openTestProject(w.folder, manifest(w, image))
    expect(await project.apply(plan, options)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toBe(
      '3.18=3.18.2 3.18.1=3.18.1 3.18.2=3.18.2 3.19=3.19.1 3.19.0=3.19.0 3.19.1=3.19.1 edge=edge',
    )
    expect(w.source.count(({ path }) => path.endsWith('/tags/list'))).toBe(0)
  })

  it.each([
    ['a tag that no pattern takes', 'acme/app:4.0.0', 'app:4.0.0'],
    ['a tag that is excluded', 'acme/app:3.18.0', 'app:3.18.0'],
    ['a moving tag', 'acme/app:latest', 'app:latest'],
    ['a name that the tag cannot have', 'acme/app:3.19.1', 'app:3.18'],
    ['a name that no template makes', 'acme/app:3.19.1', 'app:stable'],
    ['another repository', 'acme/other:3.19.1', 'app:3.19.1'],
    ['another place', 'acme/app:3.19.1', 'other:3.19.1'],
  ])('that was forged to bring %s is refused', async (_, from, at) => {
    await using w = await having(VERSIONS)
    const plan = await planned(w, image)
    const [step] = plan.steps
    const forged = {
      ...step!,
      from: `${w.source.host}/${from}`,
      to: [{ at: `${w.target.host}/${at}`, replaces: null }],
    }
    await using project = await openTestProject(w.folder, manifest(w, image))
    await expect(project.apply({ ...plan, steps: [forged] }, options)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
    })
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('that replaces what may only be created is refused', async () => {
    await using w = await having(VERSIONS)
    const never = `${image}    overwrite: never\n`
    const plan = await planned(w, never)
    const steps = plan.steps.map(step => ({
      ...step,
      to: step.to.map(({ at }) => ({ at, replaces: parseDigest(`sha256:${'0'.repeat(64)}`) })),
    }))
    await using project = await openTestProject(w.folder, manifest(w, never))
    await expect(project.apply({ ...plan, steps }, options)).rejects.toMatchObject({
      message: expect.stringContaining('overwrite: never'),
    })
  })

  it('that replaces something is applied where only what is ours may be replaced', async () => {
    await using w = await having(VERSIONS)
    seedFake(w.target, 'app', '3.18.1', await imageOf('old'))
    const plan = await planned(w, image)
    expect(plan.steps.flatMap(({ to }) => to.filter(({ replaces }) => replaces))).toHaveLength(1)
    const owned = manifest(w, `${image}    overwrite: owned\n`)
    await using project = await openTestProject(w.folder, owned)
    expect(await project.apply(plan, options)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toContain('3.18.1=3.18.1')
  })

  it('brings what a guard would hold back by now', async () => {
    await using w = await having(VERSIONS)
    const plan = await planned(w, image)
    const guarded = manifest(w, `${image}    minAge: 3d\n    maxMajorJump: 0\n`)
    await using project = await openTestProject(w.folder, guarded)
    expect(await project.apply(plan, options)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toContain('3.18.1=3.18.1')
  })

  it('is of whichever image could have chosen it', async () => {
    await using w = await having(VERSIONS)
    const { source, target } = w
    const text = manifest(w, "    tags: [{ semver: '>=3.18', newest: 1 }]\n    overwrite: never\n")
    const both = `${text}  - { from: ${source.host}/acme/app, tags: [{ semver: '3.18.x' }], to: ${target.host}/app, referrers: false }\n`
    seedFake(target, 'app', '3.18.0', await imageOf('old'))
    await using project = await openTestProject(w.folder, both)
    const plan = await project.plan()
    expect(await project.apply(plan, options)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toBe('3.18.0=3.18.0 3.18.1=3.18.1 3.18.2=3.18.2 4.0.0=4.0.0')
  })

  it('named by digest belongs to that digest only', async () => {
    await using w = await having('1.0.0')
    const named = "    tags: [{ semver: '*' }]\n    as: 'd{digest:12}'\n"
    const plan = await planned(w, named)
    await using project = await openTestProject(w.folder, manifest(w, named))
    const steps = plan.steps.map(step => ({
      ...step,
      to: [{ at: `${w.target.host}/app:d${'0'.repeat(12)}`, replaces: null }],
    }))
    await expect(project.apply({ ...plan, steps }, options)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
    })
    expect(await project.apply(plan, options)).toMatchObject({ exitCode: 0 })
  })
})
