import { describe, expect, it } from 'vitest'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { makeImage } from '../support/images.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { base, mirrorOf, options, versions, world } from '../support/world.ts'

describe('a run', () => {
  it('is alone on its manifest', async () => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', (await versions(1))[0]!)
    let open: (() => void) | undefined
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    w.source.inject(() => ({ kind: 'delay-until', promise: gate }))
    await using first = await openTestProject(w.folder, mirrorOf(w, ['1']))
    await using second = await openTestProject(w.folder, mirrorOf(w, ['1']))
    const running = first.reconcile(options)
    while (w.source.log.length === 0 && w.target.log.length === 0) {
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
})
