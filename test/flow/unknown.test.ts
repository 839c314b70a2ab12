import { describe, expect, it } from 'vitest'
import { startFakeRegistry } from '../fakes/registry.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { mirrorOf, options, versions, world } from '../support/world.ts'

describe('what cannot be seen', () => {
  it.each([
    ['a source that limits us', 429, 'STORE_RATE_LIMITED'],
    ['a source that denies', 403, 'STORE_DENIED'],
    ['a source that fails', 503, 'STORE_UNREACHABLE'],
  ])('is unknown: %s', async (_, status, code) => {
    await using w = await world()
    const [image] = await versions(1)
    for (const tag of ['1', '2']) seedFake(w.source, 'acme/app', tag, image!)
    seedFake(w.target, 'mirror/app', '1', image!)
    w.source.inject(() => ({ kind: 'status', status, headers: { 'retry-after': '600' } }))
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1', '2']))
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ complete: false, exitCode: 1, steps: [] })
    expect(report.unknown).toMatchObject([{ side: 'source', problem: { code } }])
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('is never overwritten: a destination that fails to tell', async () => {
    await using w = await world()
    await using other = await startFakeRegistry()
    const [image] = await versions(1)
    seedFake(w.source, 'acme/app', '1', image!)
    w.target.inject(({ method }) =>
      method === 'HEAD' ? { kind: 'status', status: 403 } : undefined,
    )
    await using project = await openTestProject(
      w.folder,
      `version: 1
images:
  - from: ${w.source.host}/acme/app:1
    to: [${w.target.host}/app, ${other.host}/app]
`,
    )
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 3, complete: false })
    expect(report.unknown).toMatchObject([
      {
        side: 'destination',
        places: [`${w.target.host}/app:1`],
        problem: { code: 'STORE_DENIED' },
      },
    ])
    expect(w.target.log.filter(isWrite)).toEqual([])
    expect(other.manifest('app', '1')?.digest).toBe(image!.manifest.digest)
  })

  it('is said once for a host that is down', async () => {
    await using w = await world()
    await w.source.close()
    await using project = await openTestProject(w.folder, mirrorOf(w, ['1', '2', '3', '4', '5']))
    const plan = await project.plan()
    expect(plan.exitCode).toBe(1)
    expect(plan.unknown.length).toBe(1)
    expect(plan.unknown[0]?.places.length).toBe(5)
  })

  it('is not the same as what is not there', async () => {
    await using w = await world()
    const [image] = await versions(1)
    for (const tag of ['5.7', '5.7.44']) seedFake(w.source, 'acme/app', tag, image!)
    await using project = await openTestProject(w.folder, mirrorOf(w, ['5.77', '5.7']))
    const plan = await project.plan()
    expect(plan).toMatchObject({ exitCode: 3, unknown: [], summary: { copy: 1 } })
    expect(plan.diagnostics).toMatchObject([
      {
        reference: `${w.source.host}/acme/app:5.77`,
        problem: { code: 'CONTENT_MISSING', hint: 'tags that start like it: 5.7, 5.7.44' },
        location: { file: 'images.yaml', line: 4 },
      },
    ])
  })

  it.each([
    ['an empty object', 200, '{}'],
    ['an error that came with 200', 200, '{"errors":[{"code":"DENIED"}]}'],
    ['a page of some other server', 404, '404 page not found'],
    ['a refusal', 403, ''],
  ])('a listing that is %s is not an empty one', async (_, status, body) => {
    await using w = await world()
    const [theirs, ours] = await versions(2)
    const tags = ['1', '2', '3', '4']
    for (const tag of tags) {
      seedFake(w.source, 'acme/app', tag, ours!)
      seedFake(w.target, 'mirror/app', tag, theirs!)
    }
    w.target.inject(({ route }) =>
      route.kind === 'tags' ? { kind: 'status', status, body } : undefined,
    )
    await using project = await openTestProject(w.folder, mirrorOf(w, tags))
    const plan = await project.plan()
    expect(plan.steps.flatMap(({ to }) => to.map(({ replaces }) => replaces))).toEqual(
      tags.map(() => theirs!.manifest.digest),
    )
  })

  it('a listing is not enough to create what may only be created', async () => {
    await using w = await world()
    const [theirs, ours] = await versions(2)
    const tags = ['1', '2', '3', '4']
    for (const tag of tags) {
      seedFake(w.source, 'acme/app', tag, ours!)
      seedFake(w.target, 'mirror/app', tag, theirs!)
    }
    w.target.inject(({ route }) =>
      route.kind === 'tags'
        ? { kind: 'status', status: 200, body: '{"name":"mirror/app","tags":[]}' }
        : undefined,
    )
    await using project = await openTestProject(
      w.folder,
      mirrorOf(w, tags, '    overwrite: never\n'),
    )
    const report = await project.reconcile(options)
    expect(report.drift.length).toBe(4)
    expect(w.target.log.filter(isWrite)).toEqual([])
  })
})
