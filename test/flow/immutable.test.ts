import { describe, expect, it } from 'vitest'
import type { TestImage } from '../support/images.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { options, versions, world, type World } from '../support/world.ts'

const TAGS = ['1.0.0', '1.0.1', '1.1.0', '2.0.0']

const manifest = ({ source, target }: World, patterns: string, more = '') => `version: 1
registries:
  ${target.host}: { immutableTags: ${patterns} }
images:
  - from: ${source.host}/acme/app
    tags: [${TAGS.map(tag => `'${tag}'`).join(', ')}]
    to: ${target.host}/app
${more}`

async function inPlace() {
  const w = await world()
  const [image, other] = (await versions(2)) as [TestImage, TestImage]
  for (const tag of TAGS) {
    seedFake(w.source, 'acme/app', tag, image)
    seedFake(w.target, 'app', tag, image)
  }
  return { ...w, image, other }
}

describe('immutable tags', () => {
  it.each([
    ['a semver range', `[{ semver: '*' }]`],
    ['a glob', `[{ glob: '[12].*' }]`],
    ['a regex', `[{ regex: '\\d+\\.\\d+\\.\\d+' }]`],
    ['names', `['1.0.0', '1.0.1', '1.1.0', '2.0.0']`],
  ])('by %s that are in place cost one listing', async (_, patterns) => {
    await using w = await inPlace()
    await using project = await openTestProject(w.folder, manifest(w, patterns))
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 0, steps: [], summary: { unchanged: 4 }, requests: 1 })
    expect(w.target.log.map(({ path }) => path)).toEqual(['/v2/app/tags/list'])
  })

  it('that are few cost one look each, and none at the source', async () => {
    await using w = await inPlace()
    const text = manifest(w, `[{ semver: '*' }]`).replace(/tags: .*/, `tags: ['1.0.0', '2.0.0']`)
    await using project = await openTestProject(w.folder, text)
    expect(await project.plan()).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(w.target.log.map(({ method }) => method)).toEqual(['HEAD', 'HEAD'])
    expect(w.source.log).toEqual([])
  })

  it('that are missing are brought, and others looked at', async () => {
    await using w = await inPlace()
    w.target.state.repository('app').tags.delete('2.0.0')
    seedFake(w.source, 'acme/app', '1.0.0', w.other)
    await using project = await openTestProject(w.folder, manifest(w, `[{ semver: '>=1.0.1' }]`))
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 0, summary: { unchanged: 2 } })
    expect(w.target.manifest('app', '2.0.0')?.digest).toBe(w.image.manifest.digest)
    expect(w.target.manifest('app', '1.0.0')?.digest).toBe(w.other.manifest.digest)
  })

  it('are looked at when asked for, and never replaced', async () => {
    await using w = await inPlace()
    seedFake(w.source, 'acme/app', '1.1.0', w.other)
    const text = manifest(w, `[{ semver: '*' }]`)
    await using blind = await openTestProject(w.folder, text)
    expect(await blind.plan()).toMatchObject({ drift: [], summary: { unchanged: 4 } })

    await using project = await openTestProject(w.folder, text, { verifyImmutable: true })
    const report = await project.reconcile(options)
    expect(report).toMatchObject({
      exitCode: 0,
      steps: [],
      drift: [{ at: `${w.target.host}/app:1.1.0`, why: 'left as it is (immutableTags)' }],
      summary: { unchanged: 3, drift: 1 },
    })
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('are not written where a listing forgot them', async () => {
    await using w = await inPlace()
    seedFake(w.source, 'acme/app', '2.0.0', w.other)
    w.target.inject(({ route }) =>
      route.kind === 'tags'
        ? { kind: 'status', status: 200, body: '{"name":"app","tags":["1.0.0"]}' }
        : undefined,
    )
    await using project = await openTestProject(w.folder, manifest(w, `[{ semver: '*' }]`))
    const report = await project.reconcile(options)
    expect(report.drift).toMatchObject([{ at: `${w.target.host}/app:2.0.0` }])
    expect(w.target.log.filter(isWrite)).toEqual([])
    expect(w.target.manifest('app', '2.0.0')?.digest).toBe(w.image.manifest.digest)
  })

  it('are unknown where nothing can be listed or looked at', async () => {
    await using w = await inPlace()
    w.target.inject(() => ({ kind: 'status', status: 403 }))
    await using project = await openTestProject(w.folder, manifest(w, `[{ semver: '*' }]`))
    expect(await project.plan()).toMatchObject({ exitCode: 1, summary: { unchanged: 0 } })
  })

  it('are not replaced by a plan that somebody forged', async () => {
    await using w = await inPlace()
    seedFake(w.source, 'acme/app', '2.0.0', w.other)
    await using loose = await openTestProject(w.folder, manifest(w, `['none']`))
    const plan = await loose.plan()
    expect(plan.steps).toHaveLength(1)
    await using project = await openTestProject(w.folder, manifest(w, `[{ semver: '*' }]`))
    await expect(project.apply(plan, options)).rejects.toMatchObject({ code: 'PLAN_INVALID' })
  })
})

describe('one source tag', () => {
  it('is looked at once, however many wish for it', async () => {
    await using w = await inPlace()
    const more = ['a', 'b', 'c'].map(
      name => `  - from: ${w.source.host}/acme/app:1.0.0
    name: ${name}
    referrers: ${name === 'a'}
    to: ${w.target.host}/app:${name}
`,
    )
    for (const name of ['a', 'b', 'c']) seedFake(w.target, 'app', name, w.image)
    await using project = await openTestProject(w.folder, manifest(w, `['x']`, more.join('')))
    await project.plan()
    const looks = w.source.log.filter(({ path }) => path.endsWith('/manifests/1.0.0'))
    expect(looks.map(({ method }) => method)).toEqual(['HEAD'])
  })
})
