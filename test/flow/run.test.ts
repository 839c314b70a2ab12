import { describe, expect, it } from 'vitest'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { makeImage } from '../support/images.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { base, mirrorOf, options, versions, world } from '../support/world.ts'

describe('a run', () => {
  it('is alone on its manifest', async () => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    let open: (() => void) | undefined
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    w.target.inject(asked => (isWrite(asked) ? { kind: 'delay-until', promise: gate } : undefined))
    await using first = await openTestProject(w.folder, mirrorOf(w, ['1']))
    await using second = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const running = first.reconcile(options)
    while (!w.target.log.some(isWrite)) {
      await new Promise(resolve => setImmediate(resolve))
    }
    await expect(second.reconcile(options)).rejects.toMatchObject({ code: 'RUN_LOCKED' })
    open?.()
    expect(await running).toMatchObject({ exitCode: 0 })
    expect(await second.reconcile(options)).toMatchObject({ exitCode: 0, steps: [] })
  })

  it('fails one image and brings the others, unless told to fail fast', async () => {
    await using w = await world()
    const images = await Promise.all(['a', 'b'].map(seed => makeImage({ seed })))
    images.forEach((image, index) => seedFake(w.source, 'acme/app', `v${index}`, image))
    const [doomed] = images[0]!.blobs.keys()
    w.source.inject(({ path }) =>
      path.endsWith(doomed!) ? { kind: 'status', status: 403 } : undefined,
    )
    await using project = await openTestProject(w.folder, mirrorOf(w, ['v0', 'v1']))
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 3, complete: false })
    expect(report.steps.map(({ result }) => result)).toEqual(['failed', 'done'])
    const [failed] = report.steps
    expect(failed?.error?.message).toMatch(/^source: .* answered 403/)
    expect(w.target.tags('mirror/app')).toEqual(['v1'])
  })

  it('goes on after a broken connection, without sending twice what arrived', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const image = await makeImage({ seed: 'a', layers: [base, { size: 400 * 1024 }] })
    seedFake(w.source, 'acme/app', '1', image)
    let broken = 0
    w.target.inject(({ method }) =>
      method === 'PUT' && broken++ === 0 ? { kind: 'reset', afterRequestBytes: 1000 } : undefined,
    )
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 0 })
    expect(w.target.manifest('mirror/app', '1')?.digest).toBe(image.manifest.digest)
  })

  it.each([
    ['breaks off in the middle', { kind: 'truncate', after: 1000 }],
    ['comes with wrong bytes', { kind: 'wrong-bytes' }],
  ] as const)('asks again for a blob that %s', async (_, fault) => {
    await using w = await world()
    const image = await makeImage({ seed: 'a', layers: [{ size: 400 * 1024 }] })
    seedFake(w.source, 'acme/app', '1', image)
    let faults = 0
    w.source.inject(({ path, method }) =>
      method === 'GET' && path.includes('/blobs/') && faults++ === 0 ? fault : undefined,
    )
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
    expect(w.target.manifest('mirror/app', '1')?.digest).toBe(image.manifest.digest)
  })

  it('reports a destination that refuses a large upload as what it is', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const image = await makeImage({ seed: 'a', layers: [{ size: 5 * 1024 * 1024 }] })
    seedFake(w.source, 'acme/app', '1', image)
    w.target.inject(({ method }) =>
      method === 'PUT' ? { kind: 'status', status: 403 } : undefined,
    )
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const report = await project.reconcile(options)
    expect(report.exitCode).toBe(3)
    expect(report.steps[0]?.error).toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringMatching(/^destination: /),
    })
  })

  it('needs two connections for a copy within one registry, and takes them', async () => {
    await using w = await world({ ...DOCKER_REGISTRY, mounts: false })
    const image = await makeImage({ seed: 'a', layers: [{ size: 400 * 1024 }] })
    seedFake(w.source, 'acme/app', '1', image)
    await using project = await openTestProject(
      w.folder,
      `version: 1
registries: { '${w.source.host}': { limits: { concurrency: 1 } } }
images: [{ from: '${w.source.host}/acme/app:1', to: '${w.source.host}/prod/app' }]
`,
    )
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
    expect(w.source.manifest('prod/app', '1')?.digest).toBe(image.manifest.digest)
  })

  it('promotes within one registry by mounting', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const image = await makeImage({ seed: 'a', layers: [{ size: 400 * 1024 }] })
    seedFake(w.source, 'acme/app', '1', image)
    await using project = await openTestProject(
      w.folder,
      `version: 1
images: [{ from: '${w.source.host}/acme/app:1', to: '${w.source.host}/prod/app:stable' }]
`,
    )
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
    expect(
      w.source.log.filter(({ method, path }) => method === 'GET' && path.includes('/blobs/')),
    ).toEqual([])
  })

  it('uploads where a registry refuses to mount', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const image = await makeImage({ seed: 'a', layers: [{ size: 400 * 1024 }] })
    seedFake(w.source, 'acme/app', '1', image)
    w.source.inject(({ query }) =>
      query.has('mount') ? { kind: 'status', status: 403 } : undefined,
    )
    await using project = await openTestProject(
      w.folder,
      `version: 1
images: [{ from: '${w.source.host}/acme/app:1', to: '${w.source.host}/prod/app' }]
`,
    )
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
  })

  it('says how to go on where repositories have to be created first', async () => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    const body = '{"errors":[{"code":"NAME_UNKNOWN","message":"no such repository"}]}'
    w.target.inject(({ method }) =>
      method === 'POST' ? { kind: 'status', status: 404, body } : undefined,
    )
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const report = await project.reconcile(options)
    expect(report.steps[0]?.error).toMatchObject({
      code: 'CONTENT_MISSING',
      hint: expect.stringContaining('create it there first'),
    })
  })
})
