/** The lock over weeks of somebody else's pushes, between real registries and by the program itself. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseLock } from '../../src/lock/parse.ts'
import type { LockReport, Plan, Report } from '../../src/plan/types.ts'
import { commitByHand, createWork, type World } from '../sources/repositories.ts'
import { waybill } from '../support/cli.ts'
import { makeImage, pushImage, type TestImage } from '../support/images.ts'
import { isWrite } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const NEWEST = `
    name: app
    tags: [{ semver: '*', newest: 1, per: minor, as: ['{tag}', '{semver.major}.{semver.minor}'] }]`

interface Stage {
  readonly source: LiveRegistry
  readonly target: LiveRegistry
  /** Writes the manifest: one image, and more of what it says. */
  asks(image: string): Promise<void>
  /** Pushes an image that is another one for each seed; by skopeo, as others do. */
  push(registry: LiveRegistry, name: string, seed: string): Promise<void>
  /** The image of a seed is what the place names, as skopeo reads it. */
  expectAt(place: string, seed: string): Promise<void>
  /** What a command prints as JSON; it has to go well. */
  run<T>(line: string): Promise<T>
  /** `repository:tag digest` of all that the target has. */
  there(): Promise<readonly string[]>
  lockText(): Promise<string>
  commit(): Promise<string>
  /** Each place in the lock, as far as it is not retired, with what is known of it. */
  places(): Promise<Readonly<Record<string, string>>>
}

async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  await using source = await startDockerRegistry()
  await using target = await startDockerRegistry({ accessLog: true })
  await play(stageOf(source, target, await createWork()))
}

function stageOf(source: LiveRegistry, target: LiveRegistry, git: World): Stage {
  const path = git.path('work')
  const images = new Map<string, TestImage>()
  const imageOf = async (seed: string): Promise<TestImage> => {
    const image = images.get(seed) ?? (await makeImage({ seed }))
    images.set(seed, image)
    return image
  }
  const lockText = () => readFile(join(path, 'images.lock.yaml'), 'utf8')
  return {
    source,
    target,
    lockText,
    commit: () => commitByHand(git, 'work', {}),
    asks: image =>
      writeFile(
        join(path, 'images.yaml'),
        `version: 1\nimages:\n  - from: ${source.host}/acme/app\n    to: ${target.host}/mirror/app${image}\n`,
      ),
    async push({ host }, name, seed) {
      await pushImage(source.host, 'others/made', seed, await imageOf(seed))
      await skopeoCopy(`docker://${source.host}/others/made:${seed}`, `docker://${host}/${name}`)
    },
    async expectAt(place, seed) {
      expect(await skopeoRaw(`docker://${target.host}/${place}`), place).toEqual(
        (await imageOf(seed)).manifest.bytes,
      )
    },
    async run(line) {
      const args = [...line.split(' '), '--output', 'json']
      const { code, stdout, stderr } = await waybill(args, { cwd: path, env: git.env })
      expect({ line, code, stderr }).toMatchObject({ line, code: 0 })
      return JSON.parse(stdout)
    },
    async there() {
      await using ours = await openRegistryStore(target.host)
      const tags = ((await ours.store.tags('mirror/app')) ?? []).toSorted()
      return Promise.all(
        tags.map(async tag => `${tag} ${(await ours.store.resolve('mirror/app', tag))?.digest}`),
      )
    },
    async places() {
      const { images } = parseLock({ file: 'lock', bytes: Buffer.from(await lockText()) })
      const all = [...images.values()].flatMap(({ references }) => [...references.values()])
      const states = all.flatMap(({ places }) =>
        Array.from(places, ([at, { put, intent, found }]) => [
          at.slice(at.lastIndexOf('/') + 1),
          put ? 'put' : intent ? 'intent' : found ? 'found' : '',
        ]),
      )
      return Object.fromEntries(states)
    },
  }
}

const writesIn = async (registry: LiveRegistry) => (await registry.requests()).filter(isWrite)

describeLive('a lock between docker-registries', ['docker-registry', 'skopeo', 'git'], () => {
  it('is moved by update and by nothing else, and a second run leaves its bytes alone', () =>
    onStage(async s => {
      await s.asks(NEWEST)
      await s.push(s.source, 'acme/app:1.0.0', 'a')
      await s.push(s.source, 'acme/app:1.1.0', 'b')
      await s.run('update')
      await s.run('reconcile')
      expect(await s.places()).toEqual({
        'app:1.0.0': 'put',
        'app:1.0': 'put',
        'app:1.1.0': 'put',
        'app:1.1': 'put',
      })
      const locked = await s.lockText()
      const there = await s.there()

      await s.push(s.source, 'acme/app:1.1.1', 'c')
      await s.target.clearLog()
      expect(await s.run<Report>('reconcile --locked')).toMatchObject({ steps: [] })
      expect(await s.lockText()).toBe(locked)
      expect(await s.run<LockReport>('update')).toMatchObject({
        isChanged: true,
        changes: [{ image: 'app', from: '1.1.0', to: '1.1.1' }],
      })
      expect(await writesIn(s.target)).toEqual([])
      expect(await s.there()).toEqual(there)

      const moved = await s.lockText()
      expect(await s.run<LockReport>('update')).toMatchObject({ isChanged: false, changes: [] })
      expect(await s.lockText()).toBe(moved)
      await s.run('reconcile')
      await s.expectAt('mirror/app:1.1', 'c')
      await s.expectAt('mirror/app:1.1.1', 'c')
      await s.expectAt('mirror/app:1.1.0', 'b')
      const settled = await s.lockText()
      await s.target.clearLog()
      expect(await s.run<Report>('reconcile')).toMatchObject({
        steps: [],
        summary: { unmanaged: 1 },
      })
      await s.run('update')
      expect(await s.lockText()).toBe(settled)
      expect(await writesIn(s.target)).toEqual([])
    }))

  it('holds an image through updates, and goes back when told to', () =>
    onStage(async s => {
      await s.asks(NEWEST)
      await s.push(s.source, 'acme/app:1.1.0', 'a')
      await s.run('update')
      await s.run('reconcile')
      await s.run('hold app --why incident-7')
      await s.push(s.source, 'acme/app:1.1.1', 'b')
      const held = await s.lockText()
      const there = await s.there()
      const update = await s.run<LockReport>('update')
      expect(update).toMatchObject({ isChanged: false, changes: [], held: [{ image: 'app' }] })
      expect(await s.run<Report>('reconcile')).toMatchObject({ steps: [], summary: { held: 1 } })
      expect(await s.lockText()).toBe(held)
      expect(await s.there()).toEqual(there)

      await s.run('release app')
      await s.run('reconcile')
      await s.expectAt('mirror/app:1.1', 'b')
      await s.run('hold app --at 1.1.0')
      await s.push(s.source, 'acme/app:1.1.2', 'c')
      await s.run('update')
      await s.run('reconcile')
      await s.expectAt('mirror/app:1.1', 'a')
      expect(await s.run<Report>('reconcile')).toMatchObject({ steps: [], unmanaged: [] })
    }))

  it('rolls back to what the last other commit had, and stays there', () =>
    onStage(async s => {
      await s.asks(NEWEST)
      await s.push(s.source, 'acme/app:1.1.0', 'a')
      await s.run('update')
      await s.run('reconcile')
      await s.commit()
      await s.push(s.source, 'acme/app:1.1.1', 'b')
      await s.run('update')
      await s.run('reconcile')
      await s.expectAt('mirror/app:1.1', 'b')
      await s.commit()

      await s.run('hold app --previous --why rollback')
      await s.run('reconcile')
      await s.expectAt('mirror/app:1.1', 'a')
      await s.push(s.source, 'acme/app:1.1.2', 'c')
      expect(await s.run<LockReport>('update')).toMatchObject({ isChanged: false })
      expect(await s.run<Report>('reconcile')).toMatchObject({ steps: [], summary: { held: 1 } })
      await s.expectAt('mirror/app:1.1', 'a')
    }))

  it('keeps what all vanished upstream, and says that it is gone', () =>
    onStage(async s => {
      await s.asks(`${NEWEST}\n    prune: owned`)
      await s.push(s.source, 'acme/app:1.0.0', 'a')
      await s.push(s.source, 'acme/app:1.1.0', 'b')
      await s.run('update')
      await s.run('reconcile')
      const locked = await s.lockText()
      const there = await s.there()
      await using upstream = await openRegistryStore(s.source.host)
      for (const tag of ['1.0.0', '1.1.0']) await upstream.store.remove('acme/app', tag)

      await s.target.clearLog()
      const plan = await s.run<Plan>('plan')
      expect(plan).toMatchObject({ steps: [], prunable: [], unmanaged: [], diagnostics: [] })
      const at = (tag: string) => `${s.target.host}/mirror/app:${tag}`
      expect(plan.gone.map(({ reference, places }) => [reference, places])).toEqual([
        [`${s.source.host}/acme/app:1.0.0`, [at('1.0'), at('1.0.0')]],
        [`${s.source.host}/acme/app:1.1.0`, [at('1.1'), at('1.1.0')]],
      ])
      expect((await s.run<LockReport>('update')).gone).toHaveLength(2)
      expect((await s.run<Report>('reconcile')).summary.gone).toBe(2)
      expect(await s.lockText()).toBe(locked)
      expect(await s.there()).toEqual(there)
      expect(await writesIn(s.target)).toEqual([])
    }))

  it('does not own what others push over it, be it wanted or not', () =>
    onStage(async s => {
      const owned = `${NEWEST}\n    prune: owned\n    overwrite: owned`
      await s.asks(owned)
      await s.push(s.source, 'acme/app:1.0.0', 'a')
      await s.run('update')
      await s.run('reconcile')
      await s.push(s.target, 'mirror/app:1.0', 'theirs')
      await s.push(s.target, 'mirror/app:1.0.0', 'theirs')
      const drifted = await s.run<Report>('reconcile')
      expect(drifted.drift.map(({ at, why }) => [at, why])).toEqual(
        ['1.0', '1.0.0'].map(tag => [
          `${s.target.host}/mirror/app:${tag}`,
          'moved outside waybill, left as it is (overwrite: owned)',
        ]),
      )
      expect(drifted.steps).toEqual([])
      await s.expectAt('mirror/app:1.0', 'theirs')

      await s.push(s.source, 'acme/app:1.0.1', 'b')
      const released = await s.run<Report>('reconcile')
      expect(released).toMatchObject({ prunable: [], unmanaged: [] })
      expect(released.diagnostics).toMatchObject([{ problem: { code: 'PLACE_LOST' } }])
      expect(released.drift.map(({ at }) => at)).toEqual([`${s.target.host}/mirror/app:1.0`])
      expect(await s.lockText()).not.toContain('mirror/app:1.0.0')
      await s.expectAt('mirror/app:1.0.0', 'theirs')

      await s.asks(`${NEWEST}\n    prune: owned`)
      const { steps } = await s.run<Plan>('plan')
      expect(steps.map(({ to, why }) => [to[0]?.ours, why])).toEqual([
        [false, 'moved outside waybill'],
      ])
      await s.run('reconcile')
      await s.expectAt('mirror/app:1.0', 'b')
      expect(await s.places()).toMatchObject({ 'app:1.0': 'put', 'app:1.0.1': 'put' })
    }))
})
