/** What was built becomes the one image that goes to its places. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble, type Part } from '../../src/builders/assemble.ts'
import { keyIn, seal } from '../../src/builders/seal.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { children, parseManifest } from '../../src/oci/manifest.ts'
import { formatPlatform, type Platform } from '../../src/oci/platform.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import type { Store } from '../../src/stores/store.ts'
import { readVerified } from '../../src/util/verified.ts'
import { AMD64, ARM64, makeBase, putBase, type MadeBase } from './building.ts'

const KEY = digestOf(Buffer.from('key'))
const NAMED = { name: 'worker', key: KEY }

async function partOf(made: MadeBase): Promise<Part> {
  const store = await openMemory({ name: 'built' })
  const { digest } = await putBase(store, 'image', makeBase(made))
  const image = { store, repository: 'image', digest, [Symbol.asyncDispose]: async () => {} }
  return { image, platform: made.platform ?? AMD64 }
}

/** The configuration and the layers of an image, read whole. */
async function contentOf(store: Store, repository: string, digest: string) {
  const found = await store.manifest(repository, digest)
  const document = found && parseManifest(found.bytes, found.content.mediaType)
  if (document?.kind !== 'image') throw new Error(`${digest} is no image`)
  const read = async (content: (typeof document)['config']) =>
    readVerified(await store.fetch(repository, content), content, 1024 * 1024)
  return {
    config: await read(document.config),
    layers: await Promise.all(document.layers.map(read)),
  }
}

describe('an image that was built', () => {
  it('has its layers and its configuration, sealed, under a digest of its own', async () => {
    const part = await partOf({ layers: [['a'], ['b']], config: { Cmd: ['/a'] } })
    const { store, repository, root } = await assemble([part], NAMED, {})
    const { image } = part
    const before = await contentOf(image.store, image.repository, image.digest)
    const after = await contentOf(store, repository, root.content.digest)
    expect(after.layers).toEqual(before.layers)
    expect(after.config).toEqual(seal(before.config, KEY))
    expect(keyIn(after.config)).toBe(KEY)
    expect(root.content.digest).not.toBe(image.digest)
  })

  it('is the same each time, and another one for another key', async () => {
    const roots = [KEY, KEY, digestOf(Buffer.from('other'))].map(async key => {
      const part = await partOf({ layers: [['a']] })
      return (await assemble([part], { name: 'worker', key }, {})).root.content.digest
    })
    const [first, second, other] = await Promise.all(roots)
    expect(second).toBe(first)
    expect(other).not.toBe(first)
  })

  it('tells nothing more of the build of its base', async () => {
    const base = await partOf({ layers: [['a']] })
    const { image } = base
    const { config } = await contentOf(image.store, image.repository, image.digest)
    const { config: runtime } = JSON.parse(seal(config, KEY).toString()) as {
      config: Record<string, unknown>
    }
    const child = await partOf({ layers: [['a'], ['b']], config: runtime })
    const inherited = await contentOf(child.image.store, 'image', child.image.digest)
    expect(inherited.config.toString()).toContain(KEY)
    expect(keyIn(inherited.config), 'a child is not its parent').toBeUndefined()
    const own = digestOf(Buffer.from('child'))
    const { store, root } = await assemble([child], { name: 'child', key: own }, {})
    expect(keyIn((await contentOf(store, 'child', root.content.digest)).config)).toBe(own)
  })
})

describe('what was built for several platforms', () => {
  it('is an index in the order that was asked for, each of its images sealed', async () => {
    const platforms = [ARM64, AMD64]
    const parts = await Promise.all(
      platforms.map(platform => partOf({ platform, layers: [[formatPlatform(platform)]] })),
    )
    const { store, repository, root } = await assemble(parts, NAMED, {})
    const index = parseManifest(root.bytes, root.content.mediaType)
    expect(index.kind).toBe('index')
    const entries = children(index)
    expect(entries.map(({ platform }) => platform)).toEqual(platforms)
    for (const [at, { digest }] of entries.entries()) {
      const { config } = await contentOf(store, repository, digest)
      expect(keyIn(config)).toBe(KEY)
      expect(JSON.parse(config.toString())).toMatchObject(platforms[at] ?? {})
    }
  })

  it('has every blob of every image, shared ones too', async () => {
    const platform = fc.constantFrom<Platform>(AMD64, ARM64, { os: 'linux', architecture: 's390x' })
    const layers = fc.array(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 1 }), {
      maxLength: 3,
    })
    const any = fc.uniqueArray(fc.record({ platform, layers }), {
      selector: made => formatPlatform(made.platform),
      minLength: 2,
    })
    await fc.assert(
      fc.asyncProperty(any, async all => {
        const parts = await Promise.all(all.map(partOf))
        const { store, repository, root } = await assemble(parts, NAMED, {})
        const entries = children(parseManifest(root.bytes, root.content.mediaType))
        const found = await Promise.all(
          entries.map(({ digest }) => contentOf(store, repository, digest)),
        )
        expect(found.map(one => one.layers.length)).toEqual(all.map(one => one.layers.length))
      }),
      { numRuns: 25 },
    )
  })
})

describe('the store of what was built', () => {
  it('is only read, and has nothing else', async () => {
    const { store, repository, root } = await assemble([await partOf({ layers: [] })], NAMED, {})
    const stranger = digestOf(Buffer.from('stranger'))
    expect(await store.resolve(repository, stranger)).toBeUndefined()
    expect(await store.resolve(repository, root.content.digest)).toEqual(root.content)
    await expect(store.fetch(repository, { ...root.content, digest: stranger })).rejects.toThrow(
      `what was built has no ${stranger}`,
    )
    const refused = 'what was built of worker is only read'
    await expect(store.write(repository, async () => {})).rejects.toThrow(refused)
    await expect(store.remove(repository, '1')).rejects.toThrow(refused)
  })

  it('needs an image of what the builder says that it built', async () => {
    const { image, platform } = await partOf({ layers: [] })
    const missing = { ...image, digest: digestOf(Buffer.from('elsewhere')) }
    await expect(assemble([{ image: missing, platform }], NAMED, {})).rejects.toMatchObject({
      code: 'BUILD_FAILED',
    })
  })
})
