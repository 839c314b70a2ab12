/** Images to and from a real engine: what moves, what stays the same, and what a cut leaves. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { blobs, parseManifest } from '../../src/oci/manifest.ts'
import { openLayout } from '../../src/stores/layout/store.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import { configsOf } from '../../src/stores/identifying.ts'
import type { Store } from '../../src/stores/store.ts'
import { createLedger } from '../../src/transfer/ledger.ts'
import { peakProbe, readPeakMiB } from '../soak/peak.ts'
import { copyTo } from '../support/copying.ts'
import { openEngineClient } from '../support/engine-client.ts'
import { openEngineStore, type OpenedEngine } from '../support/engine-store.ts'
import { makeImage, makeIndex, type TestImage } from '../support/images.ts'
import { OWNER } from '../support/owner.ts'
import { manifestedOf, writeTestImage } from '../support/put-image.ts'
import { startSocketRelay, type SocketRelay } from '../support/socket-relay.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'

const MIB = 1024 * 1024

describeLive('images to and from a live dockerd', ['dockerd', 'docker'], suite, whyNoDockerd)

function suite(): void {
  let dockerd: Dockerd
  let relay: SocketRelay
  let opened: OpenedEngine
  let source: Store
  beforeAll(async () => {
    dockerd = await startDockerd()
  })
  afterAll(() => dockerd?.[Symbol.asyncDispose]())
  beforeEach(async () => {
    relay = await startSocketRelay(dockerd.socket)
    opened = await openEngineStore({ host: relay.host })
    source = await openMemory({ name: 'source' })
  })
  afterEach(async () => {
    await opened[Symbol.asyncDispose]()
    await relay[Symbol.asyncDispose]()
  })

  const docker = (...args: string[]) =>
    execFileSync('docker', args, { env: { ...process.env, DOCKER_HOST: dockerd.host } }).toString()
  const at = (reference: string) => ({ store: source, repository: 'app', reference })
  const into = (repository: string, ...tags: string[]) => [
    { store: opened.store, repository, tags },
  ]
  const configOf = ({ blobs }: TestImage) => [...blobs.keys()][0]!

  async function add(tag: string, image: TestImage): Promise<TestImage> {
    await writeTestImage(source, 'app', image, [tag])
    return image
  }

  /** Bytes sent to the engine while `work` went on. */
  async function sentBy<T>(work: () => Promise<T>): Promise<readonly [T, number]> {
    const before = relay.sent
    const result = await work()
    return [result, relay.sent - before]
  }

  it('move no layer twice that the engine has, be it read or sent', async () => {
    const base = { size: 2 * MIB, seed: 'shared base' }
    const first = await add('1', await makeImage({ seed: 'one', layers: [base, { size: 1000 }] }))
    const second = await add('2', await makeImage({ seed: 'two', layers: [base, { size: 3000 }] }))
    const [whole, sentFirst] = await sentBy(() => copyTo(at('1'), into('acme/shared', '1')))
    expect(whole.results).toEqual([{ sent: expect.any(Number) }])
    expect(sentFirst).toBeGreaterThan(2 * MIB)
    expect(whole.read).toBeGreaterThan(2 * MIB)

    // another run, which knows nothing of the first
    const [rest, sentSecond] = await sentBy(() => copyTo(at('2'), into('acme/other', '2')))
    expect(rest.results).toEqual([{ sent: expect.any(Number) }])
    expect(rest.read).toBeLessThan(10_000)
    expect(sentSecond).toBeLessThan(64_000)

    // a name for what is there costs the configuration alone
    const [named, sentNamed] = await sentBy(() => copyTo(at('2'), into('ghcr.io/acme/x', '3')))
    expect(named.read).toBe(0)
    expect(sentNamed).toBeLessThan(4_000)
    const ids = docker('image', 'inspect', '-f', '{{.Id}}', 'acme/shared:1', 'ghcr.io/acme/x:3')
    expect(ids.trim().split('\n')).toEqual([configOf(first), configOf(second)])
  })

  it('read a source once for an engine and another store', async () => {
    const image = await add('1', await makeImage({ seed: 'both', layers: [{ size: 2 * MIB }] }))
    const other = await openMemory({ name: 'other' })
    const { read, results } = await copyTo(at('1'), [
      ...into('acme/both', '1'),
      { store: other, repository: 'both', tags: ['1'] },
    ])
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined])
    expect(read).toBe([...image.blobs.values()].reduce((sum, { length }) => sum + length, 0))
    expect(await other.resolve('both', '1')).toEqual(manifestedOf(image).content)
    expect(await opened.store.resolve('acme/both', '1')).toMatchObject({ digest: configOf(image) })
  })

  it('are of the engine’s platform alone, and the rest is not even read', async () => {
    const ours = await makeImage({ seed: 'ours', layers: [{ size: 5_000 }] })
    const arm64 = { os: 'linux', architecture: 'arm64' }
    const other = await makeImage({ seed: 's', platform: arm64, layers: [{ size: 3 * MIB }] })
    await add('multi', makeIndex([other, ours], { attestations: true }))
    const { read, results } = await copyTo(at('multi'), into('acme/multi', '1', 'latest'))
    expect(results[0]?.error).toBeUndefined()
    expect(read).toBeLessThan(10_000)
    expect((await opened.store.tags('acme/multi'))?.toSorted()).toEqual(['1', 'latest'])
    const found = await opened.store.resolve('acme/multi', '1')
    expect(found).toMatchObject({ digest: configOf(ours) })

    const { content } = manifestedOf(makeIndex([other, ours], { attestations: true }))
    const configs = await configsOf(source, 'app', content)
    expect(configs.map(({ config }) => config)).toContain(found?.digest)
    expect(await configsOf(opened.store, 'acme/multi', found!)).toEqual([
      { platform: ours.platform, config: configOf(ours) },
    ])
  })

  it('are refused where none is for the engine', async () => {
    const windows = { os: 'windows', architecture: 'amd64' }
    await add('win', makeIndex([await makeImage({ seed: 'w', platform: windows })]))
    const { results, read } = await copyTo(at('win'), into('acme/win', '1'))
    expect(results[0]?.error).toMatchObject({
      code: 'PLATFORM_MISSING',
      hint: 'it is there for windows/amd64',
    })
    expect(read).toBe(0)
  })

  it('are refused before they are read where the engine cannot unpack them', async () => {
    const image = await makeImage({ seed: 'zstd' })
    const text = image.manifest.bytes.toString().replaceAll('+gzip', '+zstd')
    const { content } = manifestedOf(image)
    const session = opened.store.write('acme/zstd', async writing => {
      if (!('expect' in writing) || typeof writing.expect !== 'function') throw new Error('no')
      writing.expect([{ content, bytes: Buffer.from(text) }])
    })
    await expect(session).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      message: expect.stringContaining('reads no zstd'),
      hint: 'Docker 23 and later read it',
    })
  })

  it('come back with the same configuration and the same layers', async () => {
    const image = await add(
      '1',
      await makeImage({ seed: 'back', layers: [{ size: 4_000 }, { size: 0 }, { size: 900 }] }),
    )
    await copyTo(at('1'), into('acme/back', '1'))
    const folder = await mkdtemp(join(tmpdir(), 'waybill-back-'))
    try {
      const layout = await openLayout({ name: 'layout', path: folder, owner: OWNER })
      const from = { store: opened.store, repository: 'acme/back', reference: '1' }
      const { results } = await copyTo(from, [{ store: layout, repository: 'back', tags: ['1'] }])
      expect(results[0]?.error).toBeUndefined()
      const found = await layout.manifest('back', '1')
      const manifest = parseManifest(found!.bytes, found!.content.mediaType)
      const inspected = docker('image', 'inspect', '-f', '{{json .RootFS.Layers}}', 'acme/back:1')
      expect(manifest).toMatchObject({ kind: 'image', config: { digest: configOf(image) } })
      expect(manifest.kind === 'image' && manifest.layers.map(({ digest }) => digest)).toEqual(
        JSON.parse(inspected),
      )
      // and into the engine again, which has it all
      const again = { store: layout, repository: 'back', reference: '1' }
      const { read } = await copyTo(again, into('acme/again', '1'))
      expect(read).toBe(0)
      expect(docker('image', 'inspect', '-f', '{{.Id}}', 'acme/again:1').trim()).toBe(
        configOf(image),
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('are read again where too many others were read meanwhile', async () => {
    const tags = ['1', '2', '3', '4', '5', '6', '7']
    for (const tag of tags) {
      await writeTestImage(opened.store, 'acme/many', await makeImage({ seed: `many ${tag}` }), [
        tag,
      ])
    }
    const first = await opened.store.manifest('acme/many', '1')
    for (const tag of tags.slice(1)) await opened.store.manifest('acme/many', tag)
    // a configuration and a layer of each that is kept
    expect(await opened.scratchFiles()).toHaveLength(8)
    const manifest = parseManifest(first!.bytes, first!.content.mediaType)
    for (const blob of blobs(manifest)) {
      const bytes = await buffer(await opened.store.fetch('acme/many', blob))
      expect(digestOf(bytes)).toBe(blob.digest)
    }
  })

  it('are not there at all when the load is cut, and are not read again for the next', async () => {
    const image = await makeImage({ seed: 'cut', layers: [{ size: 4 * MIB }] })
    await add('1', image)
    const ledger = createLedger()
    await opened.store.repositories()
    relay.cutAfter(2 * MIB)
    const { results, read } = await copyTo(at('1'), into('acme/cut', '1'), ledger)
    expect(results[0]?.error).toMatchObject({ code: 'STORE_UNREACHABLE' })
    expect(read).toBeGreaterThan(4 * MIB)
    using client = openEngineClient(dockerd.socket)
    expect((await client.request('GET', `/images/${configOf(image)}/json`)).status).toBe(404)

    const again = await copyTo(at('1'), into('acme/cut', '1'), ledger)
    expect(again.results[0]?.error).toBeUndefined()
    expect(again.read).toBe(0)
    expect(await opened.store.resolve('acme/cut', '1')).toMatchObject({ digest: configOf(image) })
    expect(await opened.scratchFiles()).toEqual([])
  })

  it('take a layer once more where it lies on other layers', async () => {
    const [a, b] = [
      { size: 9_000, seed: 'a' },
      { size: 9_000, seed: 'b' },
    ]
    await add('1', await makeImage({ seed: '1', layers: [a, b] }))
    const turned = await add('2', await makeImage({ seed: '2', layers: [b, a] }))
    const ledger = createLedger()
    for (const tag of ['1', '2']) {
      const { results } = await copyTo(at(tag), into('acme/turned', tag), ledger)
      expect(results[0]?.error).toBeUndefined()
    }
    const found = await opened.store.resolve('acme/turned', '2')
    expect(found).toMatchObject({ digest: configOf(turned) })
  })

  it('go in side by side, shared layers once', async () => {
    const base = { size: 2 * MIB, seed: 'side by side' }
    const tags = ['1', '2', '3', '4']
    for (const tag of tags) {
      await add(tag, await makeImage({ seed: `side ${tag}`, layers: [base, { size: 500 }] }))
    }
    const ledger = createLedger()
    const [copies, sent] = await sentBy(() =>
      Promise.all(tags.map(tag => copyTo(at(tag), into(`acme/side${tag}`, '1'), ledger))),
    )
    expect(copies.flatMap(({ results }) => results.map(({ error }) => error))).toEqual(
      tags.map(() => undefined),
    )
    expect(copies.reduce((sum, { read }) => sum + read, 0)).toBeLessThan(2.1 * MIB)
    expect(sent).toBeLessThan(2.2 * MIB)
  })

  it('of 1 GiB load in 160 MiB of memory', { timeout: 180_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-peak-'))
    try {
      const peak = join(folder, 'peak')
      const script = join(import.meta.dirname, 'support/load-large.ts')
      const run = join(import.meta.dirname, '../../scripts/run-ts.mjs')
      execFileSync(process.execPath, [run, script, dockerd.host, String(2 ** 30)], {
        env: { ...process.env, ...peakProbe(peak), TMPDIR: folder },
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      expect(existsSync(peak)).toBe(true)
      expect(await readPeakMiB(peak)).toBeLessThan(160)
      expect(Number(docker('image', 'inspect', '-f', '{{.Size}}', 'large/image:1'))).toBe(2 ** 30)
    } finally {
      docker('rmi', '--force', 'large/image:1')
      await rm(folder, { recursive: true, force: true })
    }
  })
}
