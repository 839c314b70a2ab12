import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import type { Store, WriteSession } from '../../src/stores/store.ts'
import { copyImage, type CopyRequest, type Target } from '../../src/transfer/copy.ts'
import { loadImage, readRoot } from '../../src/transfer/image.ts'
import { createLedger } from '../../src/transfer/ledger.ts'
import { createManifests } from '../../src/transfer/manifests.ts'
import {
  descriptorOf,
  makeImage,
  makeIndex,
  makeReferrer,
  type TestImage,
} from '../support/images.ts'

/** A store that notes what is asked of it. */
function watched(store: Store, spoil: Partial<WriteSession> = {}): Store & { log: string[] } {
  const log: string[] = []
  return {
    ...store,
    log,
    fetch(repository, content, call) {
      log.push(`fetch ${content.digest}`)
      return store.fetch(repository, content, call)
    },
    write: (repository, body, call) =>
      store.write(
        repository,
        session =>
          body({
            has(content) {
              log.push(`has ${content.digest}`)
              return session.has(content)
            },
            async put(content, bytes, mountFrom) {
              const how = await session.put(content, bytes, mountFrom)
              log.push(`${how} ${content.digest}`)
              return how
            },
            async putManifest(manifest, tags) {
              await session.putManifest(manifest, tags)
              log.push(`manifest ${manifest.content.digest} ${tags.join()}`)
            },
            ...spoil,
          }),
        call,
      ),
  }
}

async function seed(store: Store, repository: string, tag: string | undefined, image: TestImage) {
  for (const child of image.children) await seed(store, repository, undefined, child)
  await store.write(repository, async session => {
    for (const [digest, bytes] of image.blobs) {
      const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
      await session.put(content, () => Promise.resolve(bytes))
    }
    const { bytes } = image.manifest
    await session.putManifest({ content: descriptorOf(image), bytes }, tag ? [tag] : [])
  })
}

async function request(
  source: Store,
  image: TestImage,
  targets: readonly Target[],
  init: Partial<CopyRequest> & { referring?: readonly TestImage[] } = {},
): Promise<CopyRequest> {
  const { referring = [], ...rest } = init
  const origin = { store: source, repository: 'acme/app', manifests: createManifests(), call: {} }
  const load = async ({ manifest }: TestImage) =>
    loadImage(origin, await readRoot(origin, manifest.digest, []))
  return {
    source: { store: source, repository: 'acme/app' },
    root: await load(image),
    referrers: await Promise.all(referring.map(load)),
    targets,
    ledger: createLedger(),
    streams: () => undefined,
    onBytes: () => undefined,
    call: {},
    ...rest,
  }
}

const counted = (log: readonly string[], verb: string) =>
  log.filter(line => line.startsWith(`${verb} `)).length

const big = { size: 300 * 1024 }

describe('copyImage', () => {
  it('brings everything, each blob read once for all its targets', async () => {
    const source = watched(await openMemory({ name: 'src' }))
    const image = makeIndex(
      [await makeImage({ seed: 'a', layers: [big] }), await makeImage({ seed: 'b' })],
      { attestations: true },
    )
    await seed(source, 'acme/app', '1', image)
    source.log.length = 0
    const stores = await Promise.all(['one', 'two', 'three'].map(name => openMemory({ name })))
    const targets = stores.map(store => ({
      store,
      repository: 'mirror/app',
      tags: ['1', 'latest'],
    }))
    const results = await copyImage(await request(source, image, targets))
    expect(results.every(({ error }) => error === undefined)).toBe(true)
    const blobs = image.children.flatMap(child => [...child.blobs.keys()])
    expect(counted(source.log, 'fetch')).toBe(new Set(blobs).size)
    for (const store of stores) {
      for (const tag of ['1', 'latest']) {
        const found = await store.manifest('mirror/app', tag)
        expect(found?.bytes.equals(image.manifest.bytes)).toBe(true)
      }
      for (const child of image.children) {
        expect(await store.resolve('mirror/app', child.manifest.digest)).toBeDefined()
      }
    }
  })

  it('writes children before parents, referrers after the image, and its name last', async () => {
    const source = await openMemory({ name: 'src' })
    const child = await makeImage({ seed: 'a' })
    const image = makeIndex([child])
    const sbom = makeReferrer(image, { artifactType: 'application/spdx+json', payload: '{}' })
    await seed(source, 'acme/app', '1', image)
    await seed(source, 'acme/app', undefined, sbom)
    const target = watched(await openMemory({ name: 'dst' }))
    await copyImage(
      await request(source, image, [{ store: target, repository: 'r', tags: ['1'] }], {
        referring: [sbom],
      }),
    )
    expect(target.log.filter(line => line.startsWith('manifest '))).toEqual([
      `manifest ${child.manifest.digest} `,
      `manifest ${image.manifest.digest} `,
      `manifest ${sbom.manifest.digest} `,
      `manifest ${image.manifest.digest} 1`,
    ])
  })

  it('uploads a shared blob once to a store, and mounts it everywhere else', async () => {
    const source = watched(await openMemory({ name: 'src' }))
    const layers = [{ ...big, seed: 'base' }]
    const images = await Promise.all(['a', 'b', 'c'].map(seed => makeImage({ seed, layers })))
    for (const [index, image] of images.entries()) await seed(source, 'acme/app', `${index}`, image)
    source.log.length = 0
    const target = watched(await openMemory({ name: 'dst' }))
    const ledger = createLedger()
    await Promise.all(
      images.map(async (image, index) => {
        const to = { store: target, repository: `r${index}`, tags: ['1'] }
        return copyImage(await request(source, image, [to], { ledger }))
      }),
    )
    const [base] = [...images[0]!.blobs.keys()].filter(digest => images[1]!.blobs.has(digest))
    expect(source.log.filter(line => line === `fetch ${base}`).length).toBe(1)
    expect(target.log.filter(line => line === `put ${base}`).length).toBe(1)
    expect(target.log.filter(line => line === `mounted ${base}`).length).toBe(2)
  })

  it('does not wait in a circle for what two images share in two stores', async () => {
    const source = await openMemory({ name: 'src' })
    const layers = Array.from({ length: 6 }, (_, index) => ({ ...big, seed: `base ${index}` }))
    const images = await Promise.all(['a', 'b'].map(seed => makeImage({ seed, layers })))
    for (const image of images) await seed(source, 'acme/app', undefined, image)
    const stores = await Promise.all(['one', 'two', 'three'].map(name => openMemory({ name })))
    const ledger = createLedger()
    const at = (index: number) => ({ store: stores[index]!, repository: 'r', tags: ['1'] })
    const all = await Promise.all([
      copyImage(await request(source, images[0]!, [at(0), at(1)], { ledger })),
      copyImage(await request(source, images[1]!, [at(2), at(1), at(0)], { ledger })),
    ])
    expect(all.flat().every(({ error }) => error === undefined)).toBe(true)
  })

  it('moves nothing where the image is, but the name', async () => {
    const source = watched(await openMemory({ name: 'src' }))
    const image = await makeImage({ seed: 'a' })
    const target = await openMemory({ name: 'dst' })
    await seed(source, 'acme/app', '1', image)
    await seed(target, 'r', '1', image)
    source.log.length = 0
    await copyImage(await request(source, image, [{ store: target, repository: 'r', tags: ['2'] }]))
    expect(source.log).toEqual([])
    expect((await target.resolve('r', '2'))?.digest).toBe(image.manifest.digest)
  })

  it('brings all of an image that gets no name', async () => {
    const source = await openMemory({ name: 'src' })
    const image = makeIndex([await makeImage({ seed: 'a' }), await makeImage({ seed: 'b' })])
    const target = await openMemory({ name: 'dst' })
    await seed(source, 'acme/app', '1', image)
    await copyImage(await request(source, image, [{ store: target, repository: 'r', tags: [] }]))
    const { digest } = image.manifest
    expect((await target.manifest('r', digest))?.content.digest).toBe(digest)
    expect((await target.tags('r')) ?? []).toEqual([])
  })

  it('lets one target fail alone, and says which side it was', async () => {
    const source = await openMemory({ name: 'src' })
    const image = await makeImage({ seed: 'a', layers: [big] })
    await seed(source, 'acme/app', '1', image)
    const refuse = () => Promise.reject(new StoreError('STORE_DENIED', 'no'))
    const good = await openMemory({ name: 'good' })
    const bad = watched(await openMemory({ name: 'bad' }), { put: refuse })
    const results = await copyImage(
      await request(
        source,
        image,
        [bad, good].map(store => ({ store, repository: 'r', tags: ['1'] })),
      ),
    )
    expect(results).toMatchObject([
      { error: { code: 'STORE_DENIED', message: 'destination: no' } },
      { sent: expect.any(Number) },
    ])
    expect(results[1]?.error).toBeUndefined()
    expect(await bad.resolve('r', '1')).toBeUndefined()
    expect(await good.resolve('r', '1')).toBeDefined()
  })

  it('lets a target that cannot be begun with fail alone', async () => {
    const source = await openMemory({ name: 'src' })
    const image = await makeImage({ seed: 'a' })
    await seed(source, 'acme/app', '1', image)
    const good = await openMemory({ name: 'good' })
    const bad: Store = {
      ...(await openMemory({ name: 'bad' })),
      write: () => Promise.reject(new StoreError('STORE_CONFLICT', 'not a layout')),
    }
    const targets = [bad, good].map(store => ({ store, repository: 'r', tags: ['1'] }))
    const results = await copyImage(await request(source, image, targets))
    expect(results[0]?.error).toMatchObject({ message: 'destination: not a layout' })
    expect(results[1]?.error).toBeUndefined()
    expect(await good.resolve('r', '1')).toBeDefined()
  })

  it.each([
    ['few bytes', 1024],
    ['many bytes', 300 * 1024],
  ])('puts no tag on %s that are wrong', async (_, size) => {
    const memory = await openMemory({ name: 'src' })
    const image = await makeImage({ seed: 'a', layers: [{ size }] })
    await seed(memory, 'acme/app', '1', image)
    const source: Store = {
      ...memory,
      fetch: (_repository, content) => Promise.resolve(Readable.from([Buffer.alloc(content.size)])),
    }
    const stores = await Promise.all(['one', 'two'].map(name => openMemory({ name })))
    const targets = stores.map(store => ({ store, repository: 'r', tags: ['1'] }))
    const results = await copyImage(await request(source, image, targets))
    for (const { error } of results) {
      expect(error).toMatchObject({ code: 'CONTENT_CORRUPT', message: /^source: / })
    }
    for (const { store } of targets) expect(await store.resolve('r', '1')).toBeUndefined()
  })

  it('takes over what another image was bringing when that one fails', async () => {
    const source = await openMemory({ name: 'src' })
    const layers = [{ ...big, seed: 'base' }]
    const images = await Promise.all(['a', 'b'].map(seed => makeImage({ seed, layers })))
    for (const image of images) await seed(source, 'acme/app', undefined, image)
    const target = await openMemory({ name: 'dst' })
    const broken: Store = {
      ...source,
      fetch: () => Promise.reject(new StoreError('STORE_DENIED', 'not for you')),
    }
    const ledger = createLedger()
    const to = (repository: string) => ({ store: target, repository, tags: ['1'] })
    const first = await request(source, images[0]!, [to('r1')], { ledger })
    const results = await Promise.all([
      copyImage({ ...first, source: { store: broken, repository: 'acme/app' } }),
      copyImage(await request(source, images[1]!, [to('r2')], { ledger })),
    ])
    expect(results[0]?.[0]?.error).toMatchObject({ code: 'STORE_DENIED' })
    expect(results[1]?.[0]?.error).toBeUndefined()
  })

  it('stops when told to, and leaves no name', async () => {
    const source = await openMemory({ name: 'src' })
    const image = await makeImage({ seed: 'a' })
    await seed(source, 'acme/app', '1', image)
    const target = await openMemory({ name: 'dst' })
    const controller = new AbortController()
    const stopped = Object.assign(new Error('stopped'), { name: 'AbortError' })
    const stopping: Store = {
      ...source,
      fetch(repository, content, call) {
        controller.abort(stopped)
        return source.fetch(repository, content, call)
      },
    }
    const ready = await request(source, image, [{ store: target, repository: 'r', tags: ['1'] }], {
      call: { signal: controller.signal },
    })
    const [result] = await copyImage({
      ...ready,
      source: { store: stopping, repository: 'acme/app' },
    })
    expect(result?.error).toMatchObject({ name: 'AbortError' })
    expect(await target.resolve('r', '1')).toBeUndefined()
  })

  it('does not send layers that may only be linked to', async () => {
    const source = await openMemory({ name: 'src' })
    const config = Buffer.from('{"architecture":"amd64","os":"windows"}')
    const foreign = Buffer.from('not ours to give')
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
        config: {
          mediaType: 'application/vnd.docker.container.image.v1+json',
          digest: digestOf(config),
          size: config.length,
        },
        layers: [
          {
            mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
            digest: digestOf(foreign),
            size: foreign.length,
            urls: ['https://mcr.microsoft.com/x'],
          },
        ],
      }),
    )
    const mediaType = 'application/vnd.docker.distribution.manifest.v2+json'
    const image: TestImage = {
      manifest: { mediaType, digest: digestOf(bytes), bytes },
      blobs: new Map([[digestOf(config), config]]),
      large: new Map(),
      children: [],
    }
    await seed(source, 'acme/app', '1', image)
    const target = watched(await openMemory({ name: 'dst' }))
    const [result] = await copyImage(
      await request(source, image, [{ store: target, repository: 'r', tags: ['1'] }]),
    )
    expect(result?.error).toBeUndefined()
    expect(target.log.some(line => line.includes(digestOf(foreign)))).toBe(false)
  })
})
