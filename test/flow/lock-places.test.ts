/** What a lock knows of places: which are ours through plans, kills and holds, and which are released. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { hold } from '../../src/reconcile/holds.ts'
import { merged, unseen } from '../../src/reconcile/notes.ts'
import { keepersIn } from '../../src/reconcile/retired.ts'
import type { Plan } from '../../src/plan/types.ts'
import type { Project, ProjectInit } from '../../src/reconcile/project.ts'
import { StoreError } from '../../src/errors.ts'
import { having, imageOf } from '../support/choosing.ts'
import { makeImage } from '../support/images.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { options, type World } from '../support/world.ts'

const entry = ({ source, target }: World, rest: string, { name = 'app', from = 'app' } = {}) =>
  `  - from: ${source.host}/acme/${from}
    name: ${name}
    referrers: false
    prune: owned
    to: ${target.host}/app
    ${rest}
`
const NEWEST = "tags: [{ semver: '*', newest: 1, as: ['{tag}', stable] }]"
const newest = (w: World, more = '') => entry(w, `${NEWEST}${more}`)

async function using<T>(
  w: World,
  images: string,
  work: (project: Project) => Promise<T>,
  init: Partial<ProjectInit> = {},
): Promise<T> {
  await using project = await openTestProject(w.folder, `version: 1\nimages:\n${images}`, init)
  return work(project)
}
const plan = (w: World, images: string, init?: Partial<ProjectInit>) =>
  using(w, images, project => project.plan(), init)
const apply = (w: World, images: string, planned: Plan) =>
  using(w, images, project => project.apply(planned, options))
const reconcile = (w: World, images: string, init?: Partial<ProjectInit>) =>
  using(w, images, project => project.reconcile(options), init)
async function settled(w: World, images: string, init?: Partial<ProjectInit>): Promise<void> {
  await using(w, images, project => project.update({ images: [] }), init)
  await reconcile(w, images, init)
}

const push = async (w: World, tag: string, seed = tag) =>
  seedFake(w.source, 'acme/app', tag, await imageOf(seed))
const lockFile = (w: World) => join(w.folder, 'images.lock.yaml')
const lockText = (w: World) => readFile(lockFile(w), 'utf8')
/** `stable put`, in the order of the lock. */
const places = async (w: World) =>
  Array.from(
    (await lockText(w)).matchAll(/app:(\S+): \{ (put|intent|found): sha256/g),
    ([, tag, state]) => `${tag} ${state}`,
  )
const at = (day: number) => ({ now: () => new Date(Date.UTC(2026, 0, day)) })

describe('a plan that is applied', () => {
  it('takes a name from one reference to the other, and it stays ours', async () => {
    await using w = await having('1.9.0')
    await settled(w, newest(w))
    await push(w, '1.10.0')
    await apply(w, newest(w), await plan(w, newest(w)))
    expect(await places(w)).toEqual(['1.10.0 put', 'stable put', '1.9.0 put'])
    await reconcile(w, newest(w))
    expect(await places(w)).toEqual(['1.10.0 put', 'stable put', '1.9.0 put'])
  })

  it('does not move the lock where it is stale', async () => {
    await using w = await having('edge')
    const edge = entry(w, 'tags: [edge]')
    await using(w, edge, project => project.update({ images: [] }))
    const old = await plan(w, edge)
    await push(w, 'edge', 'newer')
    await reconcile(w, edge)
    const before = await lockText(w)
    expect((await apply(w, edge, old)).steps).toMatchObject([{ result: 'stale' }])
    expect(await lockText(w)).toBe(before)
  })

  it('finds again what it wrote before it was killed', async () => {
    await using w = await having('1.0.0')
    await using(w, newest(w), project => project.update({ images: [] }))
    const planned = await plan(w, newest(w))
    await apply(w, newest(w), planned)
    await writeFile(lockFile(w), (await lockText(w)).replaceAll('put:', 'intent:'))
    expect((await apply(w, newest(w), planned)).steps).toMatchObject([{ result: 'unchanged' }])
    expect(await places(w)).toEqual(['1.0.0 put', 'stable put'])
  })

  it('keeps what a killed run wrote, where it is killed too', async () => {
    await using w = await having('edge')
    const edge = entry(w, 'tags: [edge]\n    overwrite: owned')
    await settled(w, edge)
    const first = w.target.manifest('app', 'edge')?.digest
    await push(w, 'edge', 'second')
    await reconcile(w, edge)
    const second = w.target.manifest('app', 'edge')?.digest
    const killed = `{ put: ${first}, intent: ${second}`
    await writeFile(lockFile(w), (await lockText(w)).replace(`{ put: ${second}`, killed))
    await push(w, 'edge', 'third')
    const planned = await plan(w, edge)
    w.target.inject(({ method }) =>
      method === 'PUT' ? { kind: 'status', status: 403 } : undefined,
    )
    await apply(w, edge, planned)
    expect(await lockText(w)).toContain(`{ put: ${second}, intent: `)
  })

  it('is refused where it would move what is held since', async () => {
    await using w = await having('1.0.0')
    await settled(w, newest(w))
    const { steps } = await plan(w, newest(w))
    expect(steps).toEqual([])
    await push(w, '1.1.0')
    const old = await plan(w, newest(w))
    await using(w, newest(w), project => project.editLock(hold('app', { at: { kind: 'now' } })))
    const before = await lockText(w)
    await expect(apply(w, newest(w), old)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      message: expect.stringMatching(/app is held/),
    })
    expect(await lockText(w)).toBe(before)
  })
})

describe('a run that is stopped', () => {
  it('knows for its own what was being written', async () => {
    await using w = await having('1.0.0')
    const one = entry(w, "tags: ['1.0.0']")
    await using(w, one, project => project.update({ images: [] }))
    const stop = new AbortController()
    const written = await imageOf('1.0.0')
    w.target.inject(({ method, path }) => {
      if (method !== 'PUT' || !path.endsWith('/manifests/1.0.0')) return undefined
      seedFake(w.target, 'app', '1.0.0', written)
      stop.abort()
      return { kind: 'stall' }
    })
    const run = using(w, one, project => project.reconcile(options, { signal: stop.signal }))
    expect((await run).steps).toMatchObject([{ result: 'blocked' }])
    w.target.inject(undefined)
    expect(await reconcile(w, one)).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(await places(w)).toEqual(['1.0.0 put'])
  })
})

describe('a place that is asked for', () => {
  it('is not released where its new source is not there', async () => {
    await using w = await having('1.0.0')
    const from = (tag: string) => entry(w, 'as: stable', { from: `app:${tag}` })
    await settled(w, from('1.0.0'))
    expect(await plan(w, from('2.0.0'))).toMatchObject({ prunable: [], exitCode: 1 })
    await reconcile(w, from('2.0.0'))
    await push(w, '2.0.0')
    await reconcile(w, from('2.0.0'))
    expect(await places(w)).toEqual(['stable put'])
  })

  it('is not released where two ask for it', async () => {
    await using w = await having('1.0.0')
    await settled(w, newest(w))
    seedFake(w.source, 'acme/other', '5.0.0', await imageOf('other'))
    const other = entry(w, "tags: [{ semver: '*', newest: 1, as: stable }]", {
      name: 'other',
      from: 'other',
    })
    const clash = await plan(w, newest(w) + other)
    expect(clash.diagnostics).toMatchObject([{ problem: { code: 'MANIFEST_CONFLICT' } }])
    expect(clash.prunable).toEqual([])
    await reconcile(w, newest(w) + other)
    expect(await places(w)).toEqual(['1.0.0 put', 'stable put'])
  })

  it('is not released while a guard holds back what comes to it', async () => {
    await using w = await having('1.0.0')
    const aged = newest(w, '\n    minAge: 3d')
    await settled(w, aged, at(1))
    await reconcile(w, aged, at(5))
    const renamed = await plan(w, aged.replace('name: app', 'name: web'), at(6))
    expect(renamed).toMatchObject({ held: [{ image: 'web' }], prunable: [] })
    await reconcile(w, aged.replace('name: app', 'name: web'), at(6))
    await reconcile(w, aged.replace('name: app', 'name: web'), at(9))
    expect(await places(w)).toEqual(['1.0.0 put', 'stable put'])
  })

  it('is kept where only its source is gone, and the order is by creation', async () => {
    await using w = await having('x')
    for (const [tag, day] of Object.entries({ z: 1, y: 2, a: 3 })) {
      const created = `2026-01-0${day}T00:00:00Z`
      seedFake(w.source, 'acme/app', tag, await makeImage({ seed: tag, created }))
    }
    w.source.state.repository('acme/app').tags.delete('x')
    const dated = entry(w, "tags: [{ glob: '*', order: [created], newest: 1 }]")
    await settled(w, dated)
    expect(await places(w)).toEqual(['a put'])
    w.source.state.repository('acme/app').tags.delete('a')
    expect(await plan(w, dated)).toMatchObject({
      prunable: [],
      gone: [{ reference: `${w.source.host}/acme/app:a`, places: [`${w.target.host}/app:a`] }],
    })
  })
})

describe('a place that is not', () => {
  it('is not looked for at docker.io where its store left the manifest', async () => {
    await using w = await having('1.0.0')
    const stores = 'stores: { keep: { kind: layout, path: ./keep } }\n'
    const kept = entry(w, "tags: ['1.0.0']").replace(`${w.target.host}/app`, 'keep/app')
    const withStore = `${kept}${stores}`
    await settled(w, withStore)
    const gone = await plan(w, entry(w, "tags: ['1.0.0']"))
    expect(gone).toMatchObject({ unknown: [], prunable: [], exitCode: 0 })
    expect(gone.diagnostics).toMatchObject([{ severity: 'warning', reference: 'keep/app:1.0.0' }])
    await reconcile(w, entry(w, "tags: ['1.0.0']"))
    expect(await lockText(w)).toMatch(/retired:\n {2}keep\/app:1\.0\.0: \{ put:/)
  })

  it('is asked itself before it is forgotten, whatever a listing lacks', async () => {
    await using w = await having('1.0.0 1.1.0 1.2.0 1.3.0 1.4.0')
    const all = entry(w, "tags: ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0']")
    await settled(w, all)
    const less = entry(w, "tags: ['1.0.0', '1.1.0', '1.2.0', '1.3.0']")
    w.target.inject(({ path }) =>
      path.endsWith('/tags/list')
        ? { kind: 'status', status: 200, body: JSON.stringify({ name: 'app', tags: null }) }
        : undefined,
    )
    expect((await plan(w, less)).prunable).toMatchObject([{ at: `${w.target.host}/app:1.4.0` }])
  })
})

describe('what is locked', () => {
  it('brings each rule, and each entry of one name, what is its own', async () => {
    await using w = await having('1.0.0 2.0.0')
    const rules = `tags: [{ semver: '^1', newest: 1, as: v1 }, { semver: '*', newest: 1, as: ['{tag}-x'] }]`
    const unnamed = (to: string, tags: string) =>
      entry(w, tags)
        .replace('    name: app\n', '')
        .replace(`${w.target.host}/app`, `${w.target.host}/${to}`)
    const images =
      unnamed('app', rules) +
      unnamed('b', "tags: [{ semver: '^1', newest: 1 }]") +
      unnamed('c', "tags: [{ semver: '*', newest: 1 }]")
    await using(w, images, project => project.update({ images: [] }))
    await reconcile(w, images, { locked: true })
    expect(w.target.tags('app')).toEqual(['2.0.0-x', 'v1'])
    expect(w.target.tags('b')).toEqual(['1.0.0'])
    expect(w.target.tags('c')).toEqual(['2.0.0'])
    expect((await plan(w, images, { locked: true })).steps).toEqual([])
  })

  it('does not cover what was not looked at yet', async () => {
    await using w = await having('1.0.0')
    seedFake(w.source, 'acme/other', '1.0.0', await imageOf('other'))
    const other = entry(w, "tags: [{ semver: '*' }]", { name: 'other', from: 'other' })
    const images = newest(w) + other.replace('/app\n', '/other\n')
    await using(w, images, project => project.update({ images: ['app'] }))
    await expect(plan(w, images, { locked: true })).rejects.toThrow(/lock does not have other/)
  })

  it('stays as it is under a hold when the manifest names another tag beside it', async () => {
    await using w = await having('1.0 1.1')
    const one = entry(w, "tags: ['1.0']")
    await settled(w, one)
    await using(w, one, project => project.editLock(hold('app', { at: { kind: 'now' } })))
    const more = await plan(w, entry(w, "tags: ['1.0', '1.1']"))
    expect(more).toMatchObject({ steps: [], diagnostics: [], held: [{ image: 'app' }] })
  })

  it('stays where a name does not go backwards, also when its tag is pushed again', async () => {
    await using w = await having('1.0.0 1.1.0')
    const rolling = (more: string) =>
      entry(w, `tags: [{ semver: '*', newest: 1, as: ['{tag}', '{semver.major}'] }]${more}`)
    await settled(w, rolling(''))
    const excluded = rolling("\n    exclude: ['1.1.0']")
    await reconcile(w, excluded)
    const before = w.target.manifest('app', '1')?.digest
    await push(w, '1.1.0', 'again')
    await reconcile(w, excluded)
    expect(w.target.manifest('app', '1')?.digest).toBe(before)
  })
})

describe('what is told of very many', () => {
  it('takes no time that grows with the square of them', () => {
    const count = 30_000
    const tags = Array.from({ length: count }, (_, index) => `1.0.${index}`)
    const images = new Map()
    const retired = new Map(
      tags.map(
        tag =>
          [`t.io/app:${tag}`, { prune: 'off', image: 'app', from: `s.io/app:${tag}` }] as const,
      ),
    )
    const started = performance.now()
    const keepers = keepersIn({ files: [], images, seen: new Map(), retired })
    expect(tags.flatMap(tag => keepers('app', `s.io/app:${tag}`))).toHaveLength(count)
    const error = new StoreError('STORE_UNREACHABLE', 'away', { facts: { host: 's.io' } })
    const location = { file: 'images.yaml', line: 1, column: 1 }
    const all = tags.map(tag => {
      const about = { reference: `s.io/app:${tag}`, side: 'source', repository: 'app' } as const
      return unseen(about, [{ to: { store: 't.io', repository: 'app', tag }, location }], error)
    })
    expect(merged(all)).toMatchObject([{ places: { length: count } }])
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
