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
  registry.log.filter(({ path }) => /\/(?:blobs|manifests)\//.test(path)).length

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
