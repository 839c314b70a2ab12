/** What is ours stays ours, and nothing else becomes it, whatever runs come to. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLock } from '../../src/lock/parse.ts'
import type { Project } from '../../src/reconcile/project.ts'
import type { FaultRequest } from '../fakes/registry/faults.ts'
import { having, imageOf, manifest } from '../support/choosing.ts'
import { until } from '../support/http.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { options, type World } from '../support/world.ts'

const NEWEST = "    name: app\n    tags: [{ semver: '*', newest: 1, as: ['{tag}', stable] }]\n"

async function using<T>(w: World, work: (project: Project) => Promise<T>, image = NEWEST) {
  await using project = await openTestProject(w.folder, manifest(w, image))
  return work(project)
}
const update = (w: World) => using(w, project => project.update({ images: [] }))
const reconcile = (w: World, image?: string) =>
  using(w, project => project.reconcile(options), image)
const plan = (w: World, image?: string) => using(w, project => project.plan(), image)
const push = async (w: World, tag: string) =>
  seedFake(w.source, 'acme/app', tag, await imageOf(tag))

/** `tag state`, of each place in the lock, and those that are retired. */
async function states(w: World): Promise<readonly string[]> {
  const bytes = await readFile(join(w.folder, 'images.lock.yaml'))
  const { images, retired } = parseLock({ file: 'images.lock.yaml', bytes })
  const references = [...images.values()].flatMap(({ references }) => [...references.values()])
  const named = references.flatMap(({ places }) =>
    Array.from(places, ([at, state]) => `${tagOf(at)} ${Object.keys(state)[0]}`),
  )
  return [...named, ...Array.from(retired.keys(), at => `${tagOf(at)} retired`)].toSorted()
}
const tagOf = (at: string) => at.slice(at.lastIndexOf(':') + 1)

const isPut =
  (tag: string) =>
  ({ method, path }: FaultRequest) =>
    method === 'PUT' && path.endsWith(`/manifests/${tag}`)

describe('ownership', () => {
  it.each(['reconcile', 'apply'] as const)('outlives a stop in the middle of %s', async how => {
    await using w = await having('1.0.0')
    await update(w)
    const planned = await plan(w)
    const run = (project: Project, call = {}) =>
      how === 'apply' ? project.apply(planned, options, call) : project.reconcile(options, call)
    const stop = new AbortController()
    w.target.inject(request => (isPut('stable')(request) ? { kind: 'stall' } : undefined))
    const stopped = using(w, project => run(project, { signal: stop.signal }))
    await until(() => w.target.manifest('app', '1.0.0') !== undefined)
    stop.abort()
    expect((await stopped).steps.map(({ result }) => result)).toEqual(['blocked'])

    w.target.inject(undefined)
    expect((await using(w, run)).exitCode).toBe(0)
    expect(await states(w)).toEqual(['1.0.0 put', 'stable put'])
  })

  it('goes with a name that a plan moves from one tag to another', async () => {
    await using w = await having('9.0.0')
    await update(w)
    await reconcile(w)
    await push(w, '10.0.0')
    const planned = await plan(w)
    await using(w, project => project.apply(planned, options))
    expect(await states(w)).toEqual(['10.0.0 put', '9.0.0 put', 'stable put'])
    const after = await plan(w)
    expect(after).toMatchObject({ steps: [], drift: [] })
    expect(after.unmanaged.map(({ at }) => tagOf(at))).toEqual(['9.0.0'])
  })

  it('is not given up where what should be there cannot be told', async () => {
    await using w = await having('1.0.0')
    const owned = `${NEWEST}    prune: owned\n`
    await update(w)
    await reconcile(w, owned)
    await push(w, '1.1.0')
    w.source.inject(({ path }) =>
      path.endsWith('/manifests/1.1.0')
        ? { kind: 'status', status: 503, headers: { 'retry-after': '600' } }
        : undefined,
    )
    const blind = await reconcile(w, owned)
    expect(blind.unknown).toHaveLength(1)
    expect(blind.prunable.map(({ at }) => tagOf(at))).toEqual(['1.0.0'])
    w.source.inject(undefined)
    const { steps } = await plan(w, `${owned}    overwrite: owned\n`)
    expect(steps.flatMap(({ to }) => to).filter(({ replaces }) => replaces)).toMatchObject([
      { at: `${w.target.host}/app:stable`, ours: true },
    ])
  })

  it("is not had of what could not be written over somebody else's", async () => {
    await using w = await having('1.0.0')
    seedFake(w.target, 'app', 'stable', await imageOf('strange'))
    await update(w)
    w.target.inject(request =>
      isPut('stable')(request) ? { kind: 'status', status: 403 } : undefined,
    )
    expect((await reconcile(w)).exitCode).toBe(3)
    expect(await states(w)).toEqual(['1.0.0 intent', 'stable intent'])
    const { diagnostics, steps } = await plan(w)
    expect(diagnostics).toEqual([])
    expect(steps.flatMap(({ to }) => to)).toMatchObject([
      { at: `${w.target.host}/app:stable`, ours: false },
    ])
    const { drift } = await plan(w, `${NEWEST}    overwrite: owned\n`)
    expect(drift.map(({ at }) => tagOf(at))).toEqual(['stable'])
  })

  it('ends where a place was removed, and begins again when it is brought back', async () => {
    await using w = await having('1.0.0')
    await update(w)
    await reconcile(w)
    w.target.state.repository('app').tags.delete('stable')
    const removed = await plan(w)
    expect(removed).toMatchObject({ unmanaged: [], diagnostics: [] })
    await reconcile(w)
    expect(await states(w)).toEqual(['1.0.0 put', 'stable put'])
  })
})
