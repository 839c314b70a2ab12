/** A size is a claim: nothing is made as large as it says, and nothing read beyond it (GHSA-f36w-mj3v-6jqv). */
import { buffer } from 'node:stream/consumers'
import { beforeEach, describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { parsePlatform } from '../../src/oci/platform.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import { readRoot } from '../../src/transfer/image.ts'
import { createManifests } from '../../src/transfer/manifests.ts'
import type { Store } from '../../src/stores/store.ts'
import { verified } from '../../src/util/verified.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { makeImage, type TestImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { blobOf, large, put, putStream, small } from './blobs.ts'
import { openHostile } from './hostile-registry.ts'
import { copyAsRun } from './matrix/copying.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** The image with another size for its config or its layer. */
async function claiming(which: 'config' | 'layer', size: number): Promise<TestImage> {
  const image = await makeImage({ seed: 'a', layers: [{ size: 300 * KIB }] })
  const document = JSON.parse(image.manifest.bytes.toString()) as {
    config: { size: number }
    layers: [{ size: number }]
  }
  const claim = which === 'config' ? document.config : document.layers[0]
  claim.size = size
  const bytes = Buffer.from(JSON.stringify(document))
  return { ...image, manifest: { ...image.manifest, digest: digestOf(bytes), bytes } }
}

let most = 0
const sample = () => {
  const { arrayBuffers, external } = process.memoryUsage()
  most = Math.max(most, arrayBuffers, external)
  return undefined
}
beforeEach(() => {
  most = 0
})

async function copyOf(image: TestImage, registry: FakeRegistry, target: Store) {
  seedFake(registry, 'acme/app', '1', image)
  await using opened = await openRegistryStore(registry.host)
  const { digest } = image.manifest
  const request = { from: opened.store, to: target, repository: 'acme/app', tag: '1', digest }
  const outcome = await copyAsRun(request)
  return { ...outcome, tag: await target.resolve('acme/app', '1') }
}

describe('sizes beyond all memory', () => {
  const sizes = [2 ** 31, 2 ** 33, 2 ** 50, Number.MAX_SAFE_INTEGER]
  const failed = { result: 'failed', error: { code: 'STORE_UNREACHABLE' }, tag: undefined }

  it.each(['config', 'layer'] as const)('of a %s that is small cost none', async which => {
    sample()
    const before = most
    const copies = sizes.map(async size => {
      await using registry = await startFakeRegistry({ fault: sample })
      const target = await openMemory({ name: 'other' })
      return copyOf(await claiming(which, size), registry, target)
    })
    expect(await Promise.all(copies)).toMatchObject(sizes.map(() => failed))
    sample()
    expect(most - before).toBeLessThan(256 * MIB)
  })

  it('leave no blob and no tag in a registry that is copied to', async () => {
    sample()
    const before = most
    const copies = sizes.map(async size => {
      await using registry = await startFakeRegistry()
      await using target = await openHostile({ fault: sample })
      const copied = await copyOf(await claiming('layer', size), registry, target.store)
      // the configuration is what it says it is
      return { ...copied, blobs: target.registry.state.blobs.size }
    })
    const lost = { result: 'failed', tag: undefined, blobs: 1 }
    expect(await Promise.all(copies)).toMatchObject(sizes.map(() => lost))
    expect(most - before).toBeLessThan(256 * MIB)
  })
})

it('a configuration that never ends is read no further than any could be', async () => {
  const image = await claiming('config', 2 ** 40)
  await using w = await openHostile({
    fault: ({ route }) => (route.kind === 'blob' ? { kind: 'endless' } : undefined),
  })
  seedFake(w.registry, 'acme/app', '1', image)
  const { store } = w
  const origin = { store, repository: 'acme/app', manifests: createManifests(), call: {} }
  const root = readRoot(origin, image.manifest.digest, [parsePlatform('linux/amd64')])
  await expect(root).rejects.toMatchObject({ code: 'CONTENT_UNSUPPORTED' })
  expect(w.registry.log.at(-1)?.sent).toBeLessThan(32 * MIB)
})

it.each([
  ['a small blob', small],
  ['a large blob', large],
])('%s is read to its size and not a byte further', async (_, { content, bytes }) => {
  await using w = await openHostile({
    fault: ({ nth }) =>
      nth === 1
        ? { kind: 'endless' }
        : { kind: 'status', status: 200, body: Buffer.concat([bytes, Buffer.from('!')]) },
  })
  w.registry.putBlob('acme/app', bytes)
  for (let turn = 0; turn < 2; turn++) {
    const read = async () => buffer(verified(await w.store.fetch('acme/app', content), content))
    await expect(read()).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringMatching(/got more$/),
    })
  }
  expect(w.registry.log[0]?.sent).toBeLessThan(content.size + 16 * MIB)
})

describe('a registry that wants large pieces', () => {
  const pieces = (text: string): FakeRegistryOptions => ({
    singlePost: false,
    fault: ({ method }) => {
      sample()
      return method === 'POST'
        ? { kind: 'headers', set: { 'oci-chunk-min-length': text } }
        : undefined
    },
  })
  const chunking = { aboveBytes: 0, chunkBytes: 256 * KIB }

  it.each(['9007199254740991', '4294967296', `${64 * MIB + 1}`])(
    'of %s bytes gets the blob whole, and costs no memory',
    async text => {
      await using w = await openHostile(pieces(text), { chunking })
      sample()
      const before = most
      await expect(putStream(w.store, large)).rejects.toMatchObject({
        code: 'STORE_UNREACHABLE',
        message: expect.stringContaining('has to be sent whole'),
      })
      await putStream(w.store, large)
      expect(w.registry.blobs('acme/app').has(large.content.digest)).toBe(true)
      expect(most - before).toBeLessThan(256 * MIB)
    },
  )

  it.each([`${512 * KIB}`, '-1', 'many', '1e300', '0x10'])(
    'of %s bytes gets pieces',
    async text => {
      await using w = await openHostile(pieces(text), { chunking })
      await putStream(w.store, large)
      expect(w.registry.blobs('acme/app').has(large.content.digest)).toBe(true)
      const count = w.registry.count(({ method }) => method === 'PATCH')
      expect(count).toBe(text === `${512 * KIB}` ? 2 : 3)
    },
  )
})

it('bytes beyond what an upload promises are not sent', async () => {
  await using w = await openHostile()
  const { content } = blobOf(Buffer.from('short'))
  const longer = { content, bytes: Buffer.from('shorter') }
  for (const send of [put, putStream]) {
    await expect(send(w.store, longer)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  }
  expect(w.registry.state.blobs.size).toBe(0)
})
