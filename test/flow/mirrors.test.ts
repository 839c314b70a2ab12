import { describe, expect, it } from 'vitest'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { TestImage } from '../support/images.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { options, versions, world, type World } from '../support/world.ts'

/** `source` has a mirror, which keeps its images under `hub/`. */
async function mirrored() {
  const w = await world()
  const mirror = await startFakeRegistry()
  const [old, image] = (await versions(2)) as [TestImage, TestImage]
  return {
    ...w,
    mirror,
    old,
    image,
    async [Symbol.asyncDispose]() {
      await Promise.all([mirror.close(), w[Symbol.asyncDispose]()])
    },
  }
}

const manifest = ({ source, target }: World, mirrors: readonly string[], tags = "['1']") =>
  `version: 1
registries:
  ${source.host}: { mirrors: [${mirrors.join(', ')}] }
images:
  - from: ${source.host}/acme/app
    tags: ${tags}
    to: ${target.host}/app
`

const reads = (registry: FakeRegistry) =>
  registry.log.filter(
    ({ method, path }) => method === 'GET' && /\/(?:blobs|manifests)\//.test(path),
  ).length

describe('mirrors', () => {
  it('are read first, in their order, under their prefix', async () => {
    await using w = await mirrored()
    seedFake(w.source, 'acme/app', '1', w.image)
    seedFake(w.mirror, 'hub/acme/app', '1', w.image)
    const mirrors = [`${w.mirror.host}/hub`]
    await using project = await openTestProject(w.folder, manifest(w, mirrors))
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, complete: true })
    expect(w.target.manifest('app', '1')?.digest).toBe(w.image.manifest.digest)
    expect(reads(w.source)).toBe(0)
    expect(w.mirror.log.filter(isWrite)).toEqual([])
  })

  it('that lag take nothing back: what a tag names, the registry says', async () => {
    await using w = await mirrored()
    seedFake(w.source, 'acme/app', '1', w.image)
    seedFake(w.mirror, 'acme/app', '1', w.old)
    seedFake(w.target, 'app', '1', w.old)
    const text = manifest(w, [w.mirror.host])
    await using project = await openTestProject(w.folder, text)
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, summary: { copy: 1 } })
    expect(w.target.manifest('app', '1')?.digest).toBe(w.image.manifest.digest)
    await using again = await openTestProject(w.folder, text)
    expect(await again.plan()).toMatchObject({ steps: [], drift: [] })
  })

  it('stand in for a registry that is away, and replace nothing on their own word', async () => {
    await using w = await mirrored()
    for (const tag of ['1', '2']) seedFake(w.mirror, 'acme/app', tag, w.old)
    seedFake(w.target, 'app', '1', w.image)
    await w.source.close()
    const text = `${manifest(w, [w.mirror.host], "['1', '2']")}    referrers: false\n`
    await using project = await openTestProject(w.folder, text)
    expect(await project.reconcile(options)).toMatchObject({
      exitCode: 0,
      drift: [
        { at: `${w.target.host}/app:1`, why: 'left as it is (only a mirror could be asked)' },
      ],
    })
    expect(w.target.manifest('app', '1')?.digest).toBe(w.image.manifest.digest)
    expect(w.target.manifest('app', '2')?.digest).toBe(w.old.manifest.digest)
  })

  it('tell nothing of referrers, which are unknown while the registry is away', async () => {
    await using w = await mirrored()
    seedFake(w.mirror, 'acme/app', '1', w.image)
    await w.source.close()
    await using project = await openTestProject(w.folder, manifest(w, [w.mirror.host]))
    const plan = await project.plan()
    expect(plan.unknown).toMatchObject([{ side: 'source' }])
    expect(plan.unknown[0]?.problem.hint).toContain('"referrers: false"')
  })

  it('that are written to by the same run tell nothing of its sources', async () => {
    await using w = await mirrored()
    seedFake(w.mirror, 'hub/acme/app', '1', w.old)
    await w.source.close()
    const text = manifest(w, [`${w.mirror.host}/hub`]).replace(
      /to: .*/,
      `to: ${w.mirror.host}/hub/acme/app`,
    )
    await using project = await openTestProject(w.folder, text)
    expect(await project.plan()).toMatchObject({ exitCode: 1, summary: { unchanged: 0 } })
  })

  it('that lag make nothing missing', async () => {
    await using w = await mirrored()
    seedFake(w.source, 'acme/app', '1', w.image)
    seedFake(w.source, 'acme/app', '2', w.old)
    seedFake(w.mirror, 'acme/app', '2', w.old)
    await using project = await openTestProject(
      w.folder,
      manifest(w, [w.mirror.host], "['1', '2', '3']"),
    )
    const report = await project.reconcile(options)
    expect(report.diagnostics).toMatchObject([
      { reference: `${w.source.host}/acme/app:3`, problem: { code: 'CONTENT_MISSING' } },
    ])
    expect(w.target.tags('app')).toEqual(['1', '2'])
  })

  it.each([
    ['is down', 'stop'],
    ['refuses us', 403],
    ['limits us', 429],
    ['fails', 503],
  ] as const)('one that %s is left out, and told of once', async (_, how) => {
    await using w = await mirrored()
    for (const tag of ['1', '2', '3']) seedFake(w.source, 'acme/app', tag, w.image)
    if (how === 'stop') await w.mirror.close()
    else w.mirror.inject(() => ({ kind: 'status', status: how, headers: { 'retry-after': '60' } }))
    const notices: string[] = []
    await using project = await openTestProject(
      w.folder,
      manifest(w, [w.mirror.host], "['1', '2', '3']"),
      { onEvent: event => void (event.kind === 'notice' && notices.push(event.text)) },
    )
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, complete: true })
    expect(w.target.tags('app')).toEqual(['1', '2', '3'])
    expect(notices).toHaveLength(1)
    expect(notices[0]).toContain(`mirror ${w.mirror.host} of ${w.source.host} is left out`)
  })

  it('one that sends wrong bytes is left out, and the registry asked', async () => {
    await using w = await mirrored()
    seedFake(w.source, 'acme/app', '1', w.image)
    seedFake(w.mirror, 'acme/app', '1', w.image)
    w.mirror.inject(({ method, route }) =>
      method === 'GET' && route.kind === 'blob' ? { kind: 'wrong-bytes' } : undefined,
    )
    await using project = await openTestProject(w.folder, manifest(w, [w.mirror.host]))
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, complete: true })
    expect(w.target.manifest('app', '1')?.digest).toBe(w.image.manifest.digest)
    for (const [digest, bytes] of w.image.blobs) {
      expect(w.target.state.blob('app', digest)).toEqual(bytes)
    }
  })

  it('do not stand in for a registry that is written to', async () => {
    await using w = await mirrored()
    seedFake(w.source, 'acme/app', '1', w.image)
    seedFake(w.mirror, 'app', '1', w.image)
    const text = `version: 1
registries:
  ${w.target.host}: { mirrors: [${w.mirror.host}] }
images:
  - { from: ${w.source.host}/acme/app:1, to: ${w.target.host}/app }
`
    await using project = await openTestProject(w.folder, text)
    expect(await project.reconcile(options)).toMatchObject({ summary: { copy: 1 }, exitCode: 0 })
    expect(w.target.tags('app')).toEqual(['1'])
    expect(w.mirror.log).toEqual([])
  })

  it('are asked with the credentials of their own host', async () => {
    await using w = await mirrored()
    await using guarded = await startFakeRegistry({
      auth: { kind: 'basic', users: { m: 'for the mirror' } },
      showAuthorization: true,
    })
    seedFake(w.source, 'acme/app', '1', w.image)
    seedFake(guarded, 'acme/app', '1', w.image)
    const text = `version: 1
registries:
  ${w.source.host}:
    mirrors: [${guarded.host}]
    auth: { username: s, password: { env: SOURCE } }
  ${guarded.host}: { auth: { username: m, password: { env: MIRROR } } }
images:
  - { from: ${w.source.host}/acme/app:1, to: ${w.target.host}/app }
`
    const env = { HOME: w.folder, SOURCE: 'for the source', MIRROR: 'for the mirror' }
    await using project = await openTestProject(w.folder, text, { env })
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
    const shown = new Set(guarded.log.map(({ headers }) => headers.authorization))
    const ours = `Basic ${Buffer.from('m:for the mirror').toString('base64')}`
    expect([...shown].filter(text => text !== undefined)).toEqual([ours])
  })
})
