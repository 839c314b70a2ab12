import { describe, expect, it } from 'vitest'
import { encodePlan, encodePlanFile, parsePlanFile } from '../../src/plan/codec.ts'
import { makeImage, makeReferrer, pushImage } from '../support/images.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { mirrorOf, options, versions, world, type World } from '../support/world.ts'

const NONE = `sha256:${'0'.repeat(64)}` as const

describe('a plan file', () => {
  const at = new Date('2026-03-01T00:00:00Z')
  const keep = { created: at, expires: new Date(at.getTime() + 86_400_000) }

  async function planned(w: World, tags: readonly string[]) {
    await using project = await openTestProject(w.folder, mirrorOf(w, tags))
    const { hash } = project.manifest
    const text = encodePlanFile(await project.plan(), { ...keep, manifest: hash })
    return parsePlanFile(text, { file: 'plan.json', now: at, manifest: hash })
  }

  it('is applied as it was made, and then is done', async () => {
    await using w = await world()
    const images = await versions(2)
    images.forEach((image, index) => seedFake(w.source, 'acme/app', `${index}`, image))
    const plan = await planned(w, ['0', '1'])
    await using project = await openTestProject(w.folder, mirrorOf(w, ['0', '1']))
    expect(await project.apply(plan, options)).toMatchObject({ operation: 'apply', exitCode: 0 })
    expect(w.target.tags('mirror/app')).toEqual(['0', '1'])
    await using again = await openTestProject(w.folder, mirrorOf(w, ['0', '1']))
    const report = await again.apply(plan, options)
    expect(report.steps.map(({ result }) => result)).toEqual(['unchanged', 'unchanged'])
  })

  it('brings what was reviewed, though the source moved on', async () => {
    await using w = await world()
    const [reviewed, later] = await versions(2)
    seedFake(w.source, 'acme/app', 'edge', reviewed!)
    const plan = await planned(w, ['edge'])
    seedFake(w.source, 'acme/app', 'edge', later!)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['edge']))
    await project.apply(plan, options)
    expect(w.target.manifest('mirror/app', 'edge')?.digest).toBe(reviewed!.manifest.digest)
  })

  it('leaves alone what moved since, and does the rest', async () => {
    await using w = await world()
    const images = await versions(3)
    seedFake(w.source, 'acme/app', '0', images[0]!)
    seedFake(w.source, 'acme/app', '1', images[1]!)
    const plan = await planned(w, ['0', '1'])
    seedFake(w.target, 'mirror/app', '0', images[2]!)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['0', '1']))
    const report = await project.apply(plan, options)
    expect(report.exitCode).toBe(3)
    expect(report.steps.map(({ result }) => result)).toEqual(['stale', 'done'])
    expect(w.target.manifest('mirror/app', '0')?.digest).toBe(images[2]!.manifest.digest)
  })

  it.each([
    ['is not JSON', () => '{', 'PLAN_INVALID'],
    ['is something else', () => '{"a":1}', 'PLAN_INVALID'],
    ['was changed', (text: string) => text.replace('"missing"', '"because"'), 'PLAN_INVALID'],
    ['is of another manifest', (text: string) => text, 'PLAN_EXPIRED'],
  ])('that %s is refused', async (_, spoil, code) => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const { hash } = project.manifest
    const text = spoil(encodePlanFile(await project.plan(), { ...keep, manifest: hash }))
    const manifest = code === 'PLAN_EXPIRED' ? (`sha256:${'0'.repeat(64)}` as typeof hash) : hash
    expect(() => parsePlanFile(text, { file: 'p', now: at, manifest })).toThrow(
      expect.objectContaining({ code }),
    )
  })

  it('that has expired is refused', async () => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const { hash } = project.manifest
    const text = encodePlanFile(await project.plan(), { ...keep, manifest: hash })
    const parse = (now: Date) => parsePlanFile(text, { file: 'p', now, manifest: hash })
    expect(encodePlan(parse(keep.expires))).toContain('"operation": "plan"')
    expect(() => parse(new Date(keep.expires.getTime() + 1))).toThrow(
      expect.objectContaining({ code: 'PLAN_EXPIRED' }),
    )
  })

  it.each([
    ['from elsewhere', { from: 'quay.io/evil/app:1' }],
    ['to elsewhere', { to: [{ at: 'quay.io/victim/app:1', replaces: null }] }],
    ['as something else', { digest: `sha256:${'0'.repeat(64)}` }],
    ['of other platforms', { platforms: ['linux/amd64'] }],
  ])('that brings an image %s than the manifest is refused', async (_, forged) => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    const plan = await planned(w, ['1'])
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const steps = plan.steps.map(step => ({ ...step, ...forged }) as typeof step)
    await expect(project.apply({ ...plan, steps }, options)).rejects.toMatchObject({
      code: 'PLAN_INVALID',
    })
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it.each([
    ['its source', { digest: NONE, repacked: true as const }, 'failed', 'CONTENT_CORRUPT'],
    [
      'what its place will name',
      { to: [{ at: '', replaces: null, names: NONE }] },
      'stale',
      'PLAN_STALE',
    ],
  ])('that lies about %s moves nothing', async (_, forged, result, code) => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    const plan = await planned(w, ['1'])
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const steps = plan.steps.map(step => {
      const to = step.to.map((place, at) => ({
        ...('to' in forged && forged.to?.[at]),
        at: place.at,
      }))
      return { ...step, ...forged, to: 'to' in forged ? to : step.to } as typeof step
    })
    const report = await project.apply({ ...plan, steps }, options)
    expect(report.steps).toMatchObject([{ result, error: { code } }])
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('that brings referrers has nothing left to do the second time', async () => {
    await using w = await world()
    const image = await makeImage({ seed: 'a' })
    const sbom = makeReferrer(image, { artifactType: 'application/spdx+json', payload: '{}' })
    await pushImage(w.source.host, 'acme/app', '1', image)
    await pushImage(w.source.host, 'acme/app', undefined, sbom)
    const plan = await planned(w, ['1'])
    for (const expected of ['done', 'unchanged']) {
      await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
      const report = await project.apply(plan, options)
      expect(report.steps.map(({ result }) => result)).toEqual([expected])
    }
  })
})
