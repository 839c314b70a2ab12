/** Where what is built goes: to all of its places once, by copies where one has it, and no further. */
import { describe, expect, it } from 'vitest'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { seal } from '../../src/builders/seal.ts'
import { parseDigest } from '../../src/oci/digest.ts'
import { openLayout } from '../../src/stores/layout/store.ts'
import { makeBase, putBase } from '../builders/building.ts'
import { startFakeEngine } from '../fakes/engine.ts'
import { makeFakePrograms } from '../fakes/program.ts'
import { briefly, buildSite, type BuildSite } from '../support/build-site.ts'
import { makeImage } from '../support/images.ts'
import { OWNER } from '../support/owner.ts'
import { isWrite, seedFake } from '../support/project.ts'

const LOCAL = 'local/acme/worker:1'
const remote = ({ target }: BuildSite) => `${target.host}/acme/worker:1`
const both = (s: BuildSite) => ({ to: `${LOCAL}, '${remote(s)}'` })

describe('a build of several places', () => {
  it('is built once and brought to all of them, and the second run writes nothing', async () => {
    await using s = await buildSite()
    const { steps, exitCode } = await s.reconcile(both(s))
    expect(exitCode).toBe(0)
    expect(steps).toMatchObject([{ kind: 'build', made: { digest: expect.any(String) } }])
    const [first, second] = steps[0]?.to ?? []
    expect(first?.names).toBe(second?.names)
    expect(s.target.manifest('acme/worker', '1')?.digest).toBe(second?.names)
    s.target.clearLog()
    expect(await s.reconcile(both(s))).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(s.target.log.filter(isWrite)).toEqual([])
    // the tag, what it names, and its configuration
    expect(s.target.log.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'GET'])
  })

  it('costs one look at each with a lock', async () => {
    await using s = await buildSite()
    await s.beginLock()
    await s.reconcile(both(s))
    const before = await s.lock()
    s.target.clearLog()
    expect(await s.reconcile(both(s))).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(s.target.log.map(({ method }) => method)).toEqual(['HEAD'])
    expect(await s.lock()).toBe(before)
  })

  it('is at those that work, and is copied to the others later', async () => {
    await using s = await buildSite()
    await s.beginLock()
    s.target.inject(asked => (isWrite(asked) ? { kind: 'status', status: 403 } : undefined))
    const report = await s.reconcile(both(s))
    expect(report).toMatchObject({ exitCode: 3, steps: [{ result: 'failed' }] })
    const places = [
      { at: remote(s), result: 'failed', error: { code: 'STORE_DENIED' } },
      { at: LOCAL, result: 'done' },
    ]
    expect(report.steps[0]?.to).toMatchObject(places)
    s.target.inject(undefined)
    const next = await s.reconcile(both(s))
    expect(briefly(next)).toEqual([`copy ${remote(s)}`])
    expect(next.steps).toMatchObject([{ from: LOCAL, result: 'done' }])
    expect(await s.plan(both(s))).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect(await s.lock()).not.toContain('intent')
  })

  it('is told of where one cannot be looked at, whose part of the lock stays', async () => {
    await using s = await buildSite()
    await s.beginLock()
    await s.reconcile(both(s))
    const line = (text: string) => text.split('\n').find(one => one.includes(remote(s)))
    const before = line(await s.lock())
    await s.write('context/file', 'other')
    s.target.inject(() => ({ kind: 'status', status: 403 }))
    const report = await s.reconcile(both(s))
    expect(briefly(report)).toEqual([`build ${LOCAL}`])
    expect(report).toMatchObject({
      exitCode: 3,
      unknown: [{ side: 'destination', places: [remote(s)] }],
    })
    expect(line(await s.lock())).toBe(before)
    s.target.inject(undefined)
    expect(briefly(await s.reconcile(both(s)))).toEqual([`copy ${remote(s)}`])
    expect(await s.lock()).toContain(`${remote(s)}: { put: `)
  })

  it('replaces what is ours with overwrite: owned, and what others put nowhere', async () => {
    await using s = await buildSite()
    await s.beginLock()
    const asked = { ...both(s), build: 'overwrite: owned' }
    await s.reconcile(asked)
    seedFake(s.target, 'acme/worker', '1', await makeImage({ seed: 'theirs' }))
    await s.write('context/file', 'other')
    const plan = await s.plan(asked)
    expect(briefly(plan)).toEqual([`build ${LOCAL}`])
    expect(plan).toMatchObject({
      steps: [{ to: [{ ours: true }] }],
      drift: [{ at: remote(s), why: 'moved outside waybill, left as it is (overwrite: owned)' }],
    })
  })

  it('is copied over what others put, where nothing else changed', async () => {
    await using s = await buildSite()
    await s.reconcile(both(s))
    seedFake(s.target, 'acme/worker', '1', await makeImage({ seed: 'theirs' }))
    const { steps } = await s.plan(both(s))
    expect(steps).toMatchObject([{ kind: 'copy', from: LOCAL, why: 'moved', destructive: true }])
  })
})

describe('a builder', () => {
  const fakes = () =>
    makeFakePrograms({
      buildah: `if (argv[0] === '--version') console.log('buildah version 1.28.2 (x)')
if (argv.includes('info')) console.log('{"host":{"os":"linux","arch":"amd64"}}')`,
    })
  const RUNS = 'FROM scratch\nCOPY file /\nRUN true\n'

  it('is asked only where something is to be built', async () => {
    await using s = await buildSite()
    await using programs = await fakes()
    await s.write('context/Dockerfile', RUNS)
    const asked = { env: { HOME: s.folder, ...programs.env }, build: 'builder: buildah' }
    const { steps } = await s.plan(asked)
    expect(steps).toMatchObject([{ kind: 'build', builder: { kind: 'buildah', why: 'asked for' } }])
    const before = await programs.runs()
    expect(before.length).toBeGreaterThan(0)
    await putMade(s, steps[0]?.source ?? '')
    expect(await s.plan(asked)).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(await programs.runs()).toEqual(before)
    await s.write('context/file', 'changed')
    expect(briefly(await s.plan(asked))).toEqual([`build ${LOCAL}`])
    expect((await programs.runs()).length).toBe(2 * before.length)
  })

  it('is asked nothing where what is there may not be replaced', async () => {
    await using s = await buildSite()
    await s.write('context/Dockerfile', RUNS)
    await putMade(s, `sha256:${'0'.repeat(64)}`)
    const env = { HOME: s.folder, PATH: '/nowhere' }
    const plan = await s.plan({ env, build: 'builder: buildah, overwrite: never' })
    expect(plan).toMatchObject({ exitCode: 0, steps: [], drift: [{ at: LOCAL }], diagnostics: [] })
    const { diagnostics } = await s.plan({ env, build: 'builder: buildah' })
    expect(diagnostics).toMatchObject([{ problem: { code: 'BUILDER_MISSING' } }])
  })

  /** An image at the place, as if the build of that key had made it. */
  async function putMade({ folder }: BuildSite, key: string): Promise<void> {
    const { config, ...made } = { config: {}, layers: [['a']] }
    const bare = makeBase({ ...made, config }).blobs[0]?.bytes ?? Buffer.from('{}')
    const sealed = JSON.parse(seal(bare, parseDigest(key)).toString()) as {
      readonly config: Record<string, unknown>
    }
    const path = join(folder, '.waybill/store')
    const store = await openLayout({ name: 'local', path, owner: OWNER })
    await putBase(store, 'acme/worker', makeBase({ ...made, config: sealed.config }), ['1'])
    await store.close()
  }
})

describe('an engine as a place of a build', () => {
  it('has it by its configuration, and is asked for no image again', async () => {
    await using s = await buildSite()
    await using engine = await startFakeEngine({ keeps: 'classic' })
    await s.beginLock()
    const asked = {
      stores: `  engine: { kind: docker, host: '${engine.host}' }`,
      to: 'engine/acme/worker:1',
      build: 'platforms: [linux/amd64]',
    }
    expect(await s.reconcile(asked)).toMatchObject({ exitCode: 0, steps: [{ result: 'done' }] })
    const lock = await s.lock()
    expect(lock).toMatch(/engine\/acme\/worker:1: \{ put: \S+, of: \S+, platform: linux\/amd64, /)
    for (const _ of ['the second run', 'the third']) {
      const asks = engine.requests.length
      expect(await s.reconcile(asked)).toMatchObject({ steps: [], summary: { unchanged: 1 } })
      expect(engine.requests.slice(asks).filter(one => /\/get\b|load/.test(one))).toEqual([])
      expect(await s.lock()).toBe(lock)
    }
  })

  it('whose platform it is not built for fails alone', async () => {
    await using s = await buildSite()
    await using engine = await startFakeEngine({ keeps: 'classic' })
    const asked = {
      stores: `  engine: { kind: docker, host: '${engine.host}' }`,
      to: `engine/acme/worker:1, ${LOCAL}`,
      build: 'platforms: [linux/arm64, linux/s390x]',
    }
    const { steps } = await s.reconcile(asked)
    expect(steps[0]?.to).toMatchObject([
      { at: 'engine/acme/worker:1', result: 'failed', error: { code: 'PLATFORM_MISSING' } },
      { at: LOCAL, result: 'done' },
    ])
  })
})

describe('a place that is gone', () => {
  it('is built for where no other has it, and copied to where one has', async () => {
    await using s = await buildSite()
    await s.reconcile(both(s))
    await rm(join(s.folder, '.waybill'), { recursive: true })
    const copied = await s.reconcile(both(s))
    expect(copied.steps).toMatchObject([{ kind: 'copy', verb: 'pull', from: remote(s) }])
    await rm(join(s.folder, '.waybill'), { recursive: true })
    expect(briefly(await s.plan())).toEqual([`build ${LOCAL}`])
  })
})
