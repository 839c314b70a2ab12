import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { mirrorOf, options, versions, world, type World } from '../support/world.ts'

/** The folder is the user's home, with a login to the source. */
async function login({ folder, source }: World, pair: string): Promise<void> {
  await mkdir(join(folder, '.docker'))
  const auth = Buffer.from(pair).toString('base64')
  const config = JSON.stringify({ auths: { [source.host]: { auth } } })
  await writeFile(join(folder, '.docker', 'config.json'), config, { mode: 0o600 })
}

const TAGS = Array.from({ length: 200 }, (_, index) => `v${index}`)
const users = { alice: 'secret' }

describe('a registry that refuses', () => {
  it.each([
    ['all, and does not say how to log in', { fault: () => ({ kind: 'status', status: 401 }) }],
    ['who has no password', { auth: { kind: 'basic', users } }],
    ['who has no token', { auth: { kind: 'bearer', users } }],
    ['all, with 403', { fault: () => ({ kind: 'status', status: 403 }) }],
  ] satisfies [string, FakeRegistryOptions][])(
    'is asked a few times, and told of once for a repository: %s',
    async (_, refusing) => {
      await using w = await world(refusing, {})
      await using project = await openTestProject(w.folder, mirrorOf(w, TAGS))
      const plan = await project.plan()
      expect(plan).toMatchObject({ exitCode: 1, steps: [] })
      expect(plan.unknown.length).toBe(1)
      expect(plan.unknown[0]?.places.length).toBe(TAGS.length)
      expect(w.source.log.length).toBeLessThanOrEqual(4)
      expect(w.source.grants.length).toBeLessThanOrEqual(2)
    },
  )

  it('in the middle is asked by those on their way, and by nobody that waits', async () => {
    await using w = await world({}, {})
    const [image] = await versions(1)
    seedFake(w.source, 'acme/open', '1', image!)
    w.source.inject(({ path }) =>
      path.includes('/acme/app/') ? { kind: 'status', status: 401 } : undefined,
    )
    const first = `  - { from: '${w.source.host}/acme/open:1', to: '${w.target.host}/mirror/open' }`
    await using project = await openTestProject(w.folder, mirrorOf(w, TAGS, first))
    const plan = await project.plan()
    expect(plan).toMatchObject({ exitCode: 3, summary: { copy: 1 } })
    expect(plan.unknown[0]?.places.length).toBe(TAGS.length)
    expect(w.source.count(({ path }) => path.includes('/acme/app/'))).toBeLessThanOrEqual(64)
  })
})

describe('a wrong password', () => {
  const five = ({ source, target }: World) => `version: 1
images:
${[1, 2, 3, 4, 5].map(n => `  - { from: '${source.host}/acme/app${n}:1', to: '${target.host}/app${n}' }`).join('\n')}
`

  it.each([
    ['Basic', { auth: { kind: 'basic', users } }],
    ['a token service', { auth: { kind: 'bearer', users } }],
  ] satisfies [string, FakeRegistryOptions][])(
    'is tried once, and told of once, whatever it is for: %s',
    async (_, auth) => {
      await using w = await world(auth, {})
      await login(w, 'alice:wrong-horse')
      await using project = await openTestProject(w.folder, five(w))
      const plan = await project.plan()
      expect(plan.unknown).toMatchObject([
        { side: 'source', problem: { code: 'STORE_UNAUTHORIZED' } },
      ])
      expect(plan.unknown[0]?.places.length).toBe(5)
      expect(plan.unknown[0]?.problem.hint).toContain(`waybill login ${w.source.host}`)
      const tries =
        w.source.grants.length + w.source.count(({ headers }) => headers.authorization === 'Basic')
      expect(tries).toBe(1)
      expect(JSON.stringify(plan)).not.toContain('wrong-horse')
    },
  )
})

describe('a refusal of one thing', () => {
  it('does not stop the others of its repository', async () => {
    await using w = await world({}, {})
    const images = await versions(8)
    images.forEach((image, index) => seedFake(w.source, 'acme/app', `v${index}`, image))
    const blocked = new Set(['v0', 'v2', 'v3', 'v5'])
    w.source.inject(({ route }) =>
      route.kind === 'manifest' && blocked.has(route.reference)
        ? { kind: 'status', status: 403 }
        : undefined,
    )
    const tags = images.map((_, index) => `v${index}`)
    await using project = await openTestProject(w.folder, mirrorOf(w, tags))
    const report = await project.reconcile(options)
    expect(report.unknown[0]?.places.length).toBe(4)
    expect(w.target.tags('mirror/app')).toEqual(['v1', 'v4', 'v6', 'v7'])
  })

  it('of pushing does not stop pulling, and is told for every image', async () => {
    await using w = await world({}, {})
    const images = await versions(6)
    images.forEach((image, index) => seedFake(w.source, 'acme/app', `v${index}`, image))
    seedFake(w.target, 'mirror/app', 'v0', images[0]!)
    w.target.inject(({ method }) =>
      method === 'POST' ? { kind: 'status', status: 403 } : undefined,
    )
    const tags = images.map((_, index) => `v${index}`)
    await using project = await openTestProject(w.folder, mirrorOf(w, tags))
    const report = await project.reconcile(options)
    expect(report).toMatchObject({ exitCode: 3, unknown: [] })
    expect(report.steps.map(({ error }) => error?.code)).toEqual(
      Array.from({ length: 5 }, () => 'STORE_DENIED'),
    )
    expect((await project.plan()).steps.length).toBe(5)
  })

  it.each([
    ['by the registry', ({ query }: { query: URLSearchParams }) => query.has('mount')],
    [
      'by its token service, which gives all rights or none',
      ({ query }: { query: URLSearchParams }) => query.getAll('scope').length > 1,
    ],
  ])('of mounting leaves uploading: %s', async (_, isMount) => {
    await using w = await world({ auth: { kind: 'bearer', users } })
    await login(w, 'alice:secret')
    const [image] = await versions(1)
    seedFake(w.source, 'acme/app', '1', image!)
    w.source.inject(asked => (isMount(asked) ? { kind: 'status', status: 403 } : undefined))
    await using project = await openTestProject(
      w.folder,
      `version: 1
images: [{ from: '${w.source.host}/acme/app:1', to: '${w.source.host}/prod/app' }]
`,
    )
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
    expect(w.source.manifest('prod/app', '1')?.digest).toBe(image!.manifest.digest)
  })
})
