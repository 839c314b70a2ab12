/** Runs that keep a lock: what is chosen is written down, what is ours is known. */
import { writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLock } from '../../src/lock/parse.ts'
import type { Lock } from '../../src/lock/types.ts'
import { adopt, hold, release } from '../../src/reconcile/holds.ts'
import type { Project, ProjectInit } from '../../src/reconcile/project.ts'
import { arrived, having, imageOf, manifest } from '../support/choosing.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { options, type World } from '../support/world.ts'

const NEWEST = "    name: app\n    tags: [{ semver: '*', newest: 1, as: ['{tag}', stable] }]\n"

async function using<T>(
  w: World,
  image: string,
  work: (project: Project) => Promise<T>,
  init: Partial<ProjectInit> = {},
): Promise<T> {
  await using project = await openTestProject(w.folder, manifest(w, image), init)
  return work(project)
}

const update = (w: World, image: string, init?: Partial<ProjectInit>) =>
  using(w, image, project => project.update({ images: [] }), init)
const reconcile = (w: World, image: string, init?: Partial<ProjectInit>) =>
  using(w, image, project => project.reconcile(options), init)
const plan = (w: World, image: string, init?: Partial<ProjectInit>) =>
  using(w, image, project => project.plan(), init)

const lockText = (w: World) => readFile(join(w.folder, 'images.lock.yaml'), 'utf8')
async function lockOf(w: World): Promise<Lock> {
  const bytes = await readFile(join(w.folder, 'images.lock.yaml'))
  return parseLock({ file: 'images.lock.yaml', bytes })
}
const push = async (w: World, tag: string, seed = tag) =>
  seedFake(w.source, 'acme/app', tag, await imageOf(seed))
const pull = async (w: World, repository: string, tag: string, seed: string) =>
  seedFake(w.target, repository, tag, await imageOf(seed))
const digestAt = (w: World, tag: string) => w.target.manifest('app', tag)?.digest

/** Which tags the lock has, and where each was put. */
async function locked(w: World): Promise<readonly string[]> {
  const { images } = await lockOf(w)
  return [...images.values()].flatMap(({ references }) =>
    Array.from(references, ([name, { places }]) => {
      const at = Array.from(places, ([place, { put, intent, found }]) => {
        const state = put ? 'put' : intent ? 'intent' : found ? 'found' : '?'
        return `${place.slice(place.lastIndexOf(':') + 1)} ${state}`
      })
      return `${name.slice(name.lastIndexOf(':') + 1)}: ${at.join(', ')}`
    }),
  )
}

describe('a lock', () => {
  it('is begun by update, filled by reconcile, and stays byte for byte when nothing moves', async () => {
    await using w = await having('1.0.0 1.1.0')
    expect(await update(w, NEWEST)).toMatchObject({
      isChanged: true,
      changes: [{ image: 'app', to: '1.1.0' }],
      exitCode: 0,
    })
    expect(await locked(w)).toEqual(['1.1.0: '])
    expect(w.target.tags('app')).toEqual([])
    expect((await update(w, NEWEST)).isChanged).toBe(false)

    await reconcile(w, NEWEST)
    expect(await locked(w)).toEqual(['1.1.0: 1.1.0 put, stable put'])
    const before = await lockText(w)
    expect(await reconcile(w, NEWEST)).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect((await update(w, NEWEST)).isChanged).toBe(false)
    expect(await lockText(w)).toBe(before)
  })

  it('keeps none where there is none', async () => {
    await using w = await having('1.0.0')
    await reconcile(w, NEWEST)
    await expect(lockText(w)).rejects.toThrow('ENOENT')
  })

  it('is moved by update alone, and --locked follows the lock', async () => {
    await using w = await having('1.0.0')
    await update(w, NEWEST)
    await push(w, '1.1.0')
    await reconcile(w, NEWEST, { locked: true })
    expect(await arrived(w)).toBe('1.0.0=1.0.0 stable=1.0.0')
    expect((await update(w, NEWEST)).changes).toEqual([
      { image: 'app', from: '1.0.0', to: '1.1.0' },
    ])
    await reconcile(w, NEWEST, { locked: true })
    expect(await arrived(w)).toBe('1.0.0=1.0.0 1.1.0=1.1.0 stable=1.1.0')
  })

  it('has with --locked what a tag was, whatever it is now', async () => {
    await using w = await having('1.0.0')
    await update(w, NEWEST)
    // as in a registry, what the tag was stays there under its digest
    await push(w, '1.0.0', 'moved')
    await reconcile(w, NEWEST, { locked: true })
    expect(digestAt(w, 'stable')).toBe((await imageOf('1.0.0')).manifest.digest)
    await reconcile(w, NEWEST)
    expect(digestAt(w, 'stable')).toBe((await imageOf('moved')).manifest.digest)
  })

  it('says of places that are ours and no longer chosen what may become of them', async () => {
    await using w = await having('1.0.0')
    await update(w, NEWEST)
    await reconcile(w, NEWEST)
    await push(w, '1.1.0')
    await reconcile(w, NEWEST)
    const off = await plan(w, NEWEST)
    expect(off.unmanaged).toMatchObject([{ at: `${w.target.host}/app:1.0.0` }])
    expect(off.prunable).toEqual([])
    const owned = `${NEWEST}    prune: owned\n`
    await reconcile(w, owned)
    await push(w, '1.2.0')
    await reconcile(w, owned)
    const after = await plan(w, owned)
    expect(after.prunable).toMatchObject([{ at: `${w.target.host}/app:1.1.0` }])
    expect(after.unmanaged).toMatchObject([{ at: `${w.target.host}/app:1.0.0` }])
    expect(after).toMatchObject({ exitCode: 0, summary: { prunable: 1, unmanaged: 1 } })
    expect(await arrived(w)).toContain('1.0.0=1.0.0 1.1.0=1.1.0 1.2.0=1.2.0')
  })

  it('finds what was right before it, and does not take it for ours', async () => {
    await using w = await having('1.0.0')
    await pull(w, 'app', '1.0.0', '1.0.0')
    await update(w, NEWEST)
    await reconcile(w, NEWEST)
    expect(await locked(w)).toEqual(['1.0.0: 1.0.0 found, stable put'])
  })

  it('tells whether what is replaced was ours, and owns nothing that others moved', async () => {
    await using w = await having('1.0.0')
    const owned = `${NEWEST}    overwrite: owned\n`
    await update(w, owned)
    await reconcile(w, owned)
    await push(w, '1.1.0')
    const ours = await plan(w, owned)
    expect(ours.steps.flatMap(({ to }) => to)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ at: `${w.target.host}/app:stable`, ours: true }),
      ]),
    )
    await pull(w, 'app', 'stable', 'strange')
    const theirs = await plan(w, owned)
    expect(theirs.drift).toMatchObject([
      { at: `${w.target.host}/app:stable`, why: expect.stringContaining('moved outside waybill') },
    ])
    expect(theirs.steps.flatMap(({ to }) => to.map(({ at }) => at))).toEqual([
      `${w.target.host}/app:1.1.0`,
    ])
    const always = await plan(w, NEWEST)
    expect(always.steps.flatMap(({ to }) => to)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ at: `${w.target.host}/app:stable`, ours: false }),
      ]),
    )
    await reconcile(w, owned)
    await adoptStable(w, owned)
    expect((await plan(w, owned)).steps).toHaveLength(1)
  })

  it('keeps what is gone upstream, and says so', async () => {
    await using w = await having('1.0.0 2.0.0')
    const two = "    name: app\n    tags: ['2.0.0', { semver: '^1', newest: 1 }]\n"
    await update(w, two)
    await reconcile(w, two)
    w.source.state.repository('acme/app').tags.delete('1.0.0')
    w.source.state.repository('acme/app').tags.delete('2.0.0')
    const before = await lockText(w)
    const gone = await plan(w, two)
    expect(gone.gone.map(({ reference }) => reference)).toEqual([
      `${w.source.host}/acme/app:1.0.0`,
      `${w.source.host}/acme/app:2.0.0`,
    ])
    expect(gone).toMatchObject({ steps: [], exitCode: 0, diagnostics: [] })
    await reconcile(w, two)
    expect(await lockText(w)).toBe(before)
    expect(await arrived(w)).toMatch(/1\.0\.0=.* 2\.0\.0=/)
  })

  it('misses what never arrived, instead of calling it gone', async () => {
    await using w = await having('2.0.0')
    const named = "    name: app\n    tags: ['2.0.0']\n"
    await update(w, named)
    w.source.state.repository('acme/app').tags.delete('2.0.0')
    const missing = await plan(w, named)
    expect(missing).toMatchObject({ gone: [], exitCode: 1 })
    expect(missing.diagnostics).toMatchObject([{ problem: { code: 'CONTENT_MISSING' } }])
    expect(await locked(w)).toEqual(['2.0.0: '])
  })

  it('that others changed meanwhile is left to them, and what was done is told all the same', async () => {
    await using w = await having('1.0.0')
    await update(w, NEWEST)
    const file = join(w.folder, 'images.lock.yaml')
    const theirs = `# theirs\n${await lockText(w)}`
    const report = await reconcile(w, NEWEST, {
      onEvent: event => {
        if (event.kind === 'step-start') writeFileSync(file, theirs)
      },
    })
    expect(report.steps.map(({ result }) => result)).toEqual(['done'])
    expect(report).toMatchObject({ complete: false, exitCode: 3 })
    expect(report.diagnostics).toMatchObject([
      { reference: 'images.lock.yaml', problem: { code: 'LOCK_CHANGED' } },
    ])
    expect(await lockText(w)).toBe(theirs)
  })

  it('is refused for other manifests, and where it does not cover this one', async () => {
    await using w = await having('1.0.0')
    await update(w, NEWEST)
    const more = `${NEWEST}  - from: ${w.source.host}/acme/other:1\n    to: ${w.target.host}/other\n`
    await expect(plan(w, more, { locked: true })).rejects.toThrow(
      /lock does not have .*acme\/other:1/,
    )
    await writeFile(join(w.folder, 'b.yaml'), 'version: 1\n')
    await expect(plan(w, NEWEST, { files: ['images.yaml', 'b.yaml'] })).rejects.toThrow(/b\.yaml/)
  })
})

async function adoptStable(w: World, image: string): Promise<void> {
  await using(w, image, project => project.editLock(adopt([`${w.target.host}/app:stable`])))
}

describe('a hold', () => {
  it('stays through updates, and is released', async () => {
    await using w = await having('1.0.0')
    await update(w, NEWEST)
    await reconcile(w, NEWEST)
    await using(w, NEWEST, project =>
      project.editLock(hold('app', { at: { kind: 'now' }, why: 'an incident' })),
    )
    await push(w, '1.1.0')
    const held = await update(w, NEWEST)
    expect(held).toMatchObject({ isChanged: false, changes: [], held: [{ image: 'app' }] })
    expect(held.held[0]?.why).toMatch(/an incident/)
    expect(await reconcile(w, NEWEST)).toMatchObject({ steps: [], summary: { held: 1 } })
    await using(w, NEWEST, project => project.editLock(release('app')))
    await reconcile(w, NEWEST)
    expect(await arrived(w)).toContain('stable=1.1.0')
  })

  it('at an earlier tag goes back to it, and stays there', async () => {
    await using w = await having('1.0.0 1.1.0')
    await update(w, NEWEST)
    await reconcile(w, NEWEST)
    await using(w, NEWEST, project =>
      project.editLock(hold('app', { at: { kind: 'reference', reference: '1.0.0' } })),
    )
    await push(w, '1.2.0')
    const report = await reconcile(w, NEWEST)
    expect(report.unmanaged).toEqual([])
    expect(await arrived(w)).toBe('1.0.0=1.0.0 1.1.0=1.1.0 stable=1.0.0')
    expect(await reconcile(w, NEWEST)).toMatchObject({ steps: [] })
    expect(digestAt(w, 'stable')).toBe((await imageOf('1.0.0')).manifest.digest)
  })
})

describe('minAge', () => {
  const AGED = `${NEWEST}    minAge: 3d\n`
  const at = (day: number) => ({ now: () => new Date(Date.UTC(2026, 0, day)) })

  it('holds what was first seen too late, until it is old enough', async () => {
    await using w = await having('1.0.0')
    expect((await update(w, AGED, at(1))).held).toMatchObject([
      { why: 'minAge 3d', until: '2026-01-04T00:00:00Z' },
    ])
    await update(w, AGED, at(3))
    expect((await lockOf(w)).seen.size).toBe(1)
    await reconcile(w, AGED, at(4))
    expect(await arrived(w)).toBe('1.0.0=1.0.0 stable=1.0.0')
    expect((await lockOf(w)).seen.size).toBe(0)
    await push(w, '1.1.0')
    await update(w, AGED, at(5))
    await push(w, '1.2.0')
    await update(w, AGED, at(6))
    expect((await update(w, AGED, at(8))).changes).toEqual([
      { image: 'app', from: '1.0.0', to: '1.1.0' },
    ])
  })

  it('counts for a tag that moves from when its new image was seen', async () => {
    await using w = await having('edge')
    const edge = '    name: app\n    tags: [edge]\n    minAge: 1d\n'
    await update(w, edge, at(1))
    await reconcile(w, edge, at(2))
    await push(w, 'edge', 'newer')
    expect((await reconcile(w, edge, at(3))).held).toHaveLength(1)
    await reconcile(w, edge, at(3))
    expect(digestAt(w, 'edge')).toBe((await imageOf('edge')).manifest.digest)
    await reconcile(w, edge, at(4))
    expect(digestAt(w, 'edge')).toBe((await imageOf('newer')).manifest.digest)
  })

  it('holds everything where no lock remembers', async () => {
    await using w = await having('1.0.0')
    expect(await reconcile(w, AGED)).toMatchObject({ steps: [], summary: { held: 1 } })
  })
})
