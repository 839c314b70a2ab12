import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startFakeRegistry } from '../fakes/registry.ts'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { mirrorOf, options, versions, world } from '../support/world.ts'

describe('a mirror', () => {
  it.each([
    ['OCI 1.1 registries', {}],
    ['registries like docker-registry', { ...DOCKER_REGISTRY }],
  ] as const)('between %s converges, and stays', async (_, kind) => {
    await using w = await world(kind)
    const images = await versions(6)
    const tags = images.map((_, index) => `v${index}`)
    images.forEach((image, index) => seedFake(w.source, 'acme/app', `v${index}`, image))
    const manifest = mirrorOf(w, tags)

    await using first = await openTestProject(w.folder, manifest)
    const plan = await first.plan()
    expect(plan.summary).toMatchObject({ copy: 6, unchanged: 0 })
    expect(w.target.log.filter(isWrite)).toEqual([])

    await using second = await openTestProject(w.folder, manifest)
    const report = await second.reconcile(options)
    expect(report).toMatchObject({ complete: true, exitCode: 0 })
    expect(report.steps.every(({ result }) => result === 'done')).toBe(true)
    for (const [index, image] of images.entries()) {
      expect(w.target.manifest('mirror/app', `v${index}`)?.digest).toBe(image.manifest.digest)
    }

    w.source.clearLog()
    w.target.clearLog()
    await using third = await openTestProject(w.folder, manifest)
    const again = await third.reconcile(options)
    expect(again).toMatchObject({ exitCode: 0, steps: [], summary: { unchanged: 6, bytes: 0 } })
    expect(w.target.log.filter(isWrite)).toEqual([])
    const looks = [...w.source.log, ...w.target.log].filter(({ path }) =>
      path.includes('/manifests/'),
    )
    expect(looks.map(({ method }) => method)).toEqual(Array.from({ length: 12 }, () => 'HEAD'))
    expect(again.requests).toBe(w.source.log.length + w.target.log.length)
  })

  it('costs no more requests than it has to', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const images = await versions(10)
    images.forEach((image, index) => seedFake(w.source, 'acme/app', `v${index}`, image))
    await using project = await openTestProject(
      w.folder,
      mirrorOf(
        w,
        images.map((_, index) => `v${index}`),
      ),
    )
    const report = await project.reconcile(options)
    // a manifest and a configuration each, one base layer; the API probe and one listing
    expect(w.source.log.length).toBe(10 * 2 + 1 + 2)
    // one listing; POST and PUT of each blob; each manifest by its tag alone
    expect(w.target.log.length).toBe(1 + 11 * 2 + 10)
    expect(report.requests).toBe(w.source.log.length + w.target.log.length)
  })

  it('reads each byte once for many places, and mounts between repositories', async () => {
    await using w = await world()
    await using third = await startFakeRegistry()
    const [image] = await versions(1)
    seedFake(w.source, 'acme/app', 'v0', image!)
    await using project = await openTestProject(
      w.folder,
      `version: 1
images:
  - from: ${w.source.host}/acme/app:v0
    to:
      - ${w.target.host}/one/app
      - ${w.target.host}/two/app
      - ${third.host}/app
      - local
`,
    )
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 0, steps: [{ verb: 'copy', result: 'done' }] })
    const blobs = w.source.log.filter(({ path }) => path.includes('/blobs/'))
    expect(blobs.length).toBe(image!.blobs.size)
    const uploaded = w.target.log.filter(
      ({ method, query }) => method === 'POST' && !query.has('mount'),
    )
    expect(uploaded.length).toBe(image!.blobs.size)
    expect(w.target.blobs('two/app')).toEqual(w.target.blobs('one/app'))
    const index = await readFile(join(w.folder, '.waybill/store/index.json'), 'utf8')
    expect(index).toContain('acme/app:v0')
  })

  it('moves a tag that moved upstream, and shows what it replaces', async () => {
    await using w = await world()
    const [old, fresh] = await versions(2)
    seedFake(w.source, 'acme/app', 'edge', fresh!)
    seedFake(w.target, 'mirror/app', 'edge', old!)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['edge']))
    const report = await project.reconcile(options)
    expect(report.steps).toMatchObject([
      { why: 'moved', destructive: true, to: [{ replaces: old!.manifest.digest, result: 'done' }] },
    ])
    expect(w.target.manifest('mirror/app', 'edge')?.digest).toBe(fresh!.manifest.digest)
  })

  it('leaves what is there where it may only create', async () => {
    await using w = await world()
    const [theirs, ours] = await versions(2)
    seedFake(w.source, 'acme/app', '1', ours!)
    seedFake(w.target, 'mirror/app', '1', theirs!)
    const manifest = mirrorOf(w, ['1'], '    overwrite: never\n')
    await using project = await openTestProject(w.folder, manifest)
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 0, steps: [] })
    expect(report.drift).toMatchObject([{ found: theirs!.manifest.digest }])
    expect(w.target.log.filter(isWrite)).toEqual([])
  })
})
