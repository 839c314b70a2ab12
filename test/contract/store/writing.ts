import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts'
import {
  blobOf,
  imageOf,
  indexOf,
  manifestOf,
  putImage,
  streamOf,
  writeImage,
} from '../../stores/content.ts'
import { putBlobs, type Keeps } from './cases.ts'

export function writing(keeps: Keeps): void {
  keeps(
    'names a manifest without any tag by its digest',
    async ({ store, repository, seed, sees }) => {
      const image = imageOf(seed)
      await writeImage(store, repository, image, [])
      expect(await store.resolve(repository, image.content.digest)).toMatchObject(sees.named(image))
      expect((await store.tags(repository)) ?? []).toEqual([])
    },
  )

  keeps('moves a tag', async ({ store, repository, seed, sees }) => {
    const [one, two] = [imageOf(`${seed} 1`), imageOf(`${seed} 2`)]
    await writeImage(store, repository, one, ['latest', '1'])
    await writeImage(store, repository, two, ['latest', '2'])
    expect(await store.resolve(repository, 'latest')).toMatchObject(sees.named(two))
    expect(await store.resolve(repository, '1')).toMatchObject(sees.named(one))
    expect((await store.tags(repository))?.toSorted()).toEqual(['1', '2', 'latest'])
  })

  keeps('names what is there already', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1'])
    const found = await store.manifest(repository, '1')
    await store.write(repository, session => session.putManifest(found!, ['2', '3']))
    for (const tag of ['1', '2', '3']) {
      expect(await store.resolve(repository, tag)).toMatchObject(sees.named(image))
    }
  })

  keeps('keeps an index and its children', async ({ store, repository, seed }) => {
    const images = [imageOf(`${seed} 1`), imageOf(`${seed} 2`)]
    const index = indexOf(images)
    await store.write(repository, async session => {
      for (const image of images) await putImage(session, image, [])
      await session.putManifest(index, ['multi'])
    })
    expect(await store.resolve(repository, 'multi')).toMatchObject(index.content)
    for (const { content, bytes } of images) {
      const found = await store.manifest(repository, content.digest)
      expect(found?.content).toMatchObject(content)
      expect(found?.bytes.equals(bytes)).toBe(true)
    }
    expect(await store.tags(repository)).toEqual(['multi'])
  })

  keeps('keeps the bytes of a manifest as they are', async ({ store, repository, seed }) => {
    const { blobs } = imageOf(seed)
    const [config, layer] = blobs.map(({ content }) => JSON.stringify(content))
    const text = `{\n\t"layers" : [ ${layer}],"x-a":1.0,\r\n "config":${config} ,
      "mediaType":"${OCI_MANIFEST.replace('/', '\\/')}", "schemaVersion": 2, "annotations":{"é":"\\u00e9"}}\n\n`
    const odd = { ...manifestOf(text), blobs }
    await writeImage(store, repository, odd, ['odd'])
    expect((await store.manifest(repository, 'odd'))?.bytes.toString()).toBe(text)
  })

  keeps('knows what it has', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    const absent = blobOf(`${seed} absent`)
    await writeImage(store, repository, image, ['1'])
    await store.write(repository, async session => {
      expect(await session.has(image.content)).toBe(true)
      for (const { content } of image.blobs) expect(await session.has(content)).toBe(true)
      expect(await session.has(absent.content)).toBe(false)
      expect(await session.has(imageOf(`${seed} absent`).content)).toBe(false)
    })
  })

  keeps('takes a stream, and an empty blob', async ({ store, repository, seed }) => {
    const long = blobOf([seed, seed, seed].join(''))
    const empty = blobOf('')
    await store.write(repository, async session => {
      await session.put(long.content, async () => streamOf([seed, seed, seed]))
      await session.put(empty.content, async () => streamOf([]))
    })
    expect(await buffer(await store.fetch(repository, long.content))).toEqual(long.bytes)
    expect(await buffer(await store.fetch(repository, empty.content))).toEqual(empty.bytes)
  })

  keeps('takes more than fits into one chunk', async ({ store, repository, seed }) => {
    const chunk = seed.repeat(30_000)
    const chunks = [chunk, chunk, chunk, chunk]
    const big = blobOf(chunks.join(''))
    await store.write(repository, session => session.put(big.content, async () => streamOf(chunks)))
    expect((await buffer(await store.fetch(repository, big.content))).equals(big.bytes)).toBe(true)
  })

  keeps('keeps sha512 blobs', async ({ store, repository, seed }) => {
    const long = blobOf(seed, { algorithm: 'sha512' })
    await putBlobs(store, repository, [long])
    expect(await buffer(await store.fetch(repository, long.content))).toEqual(long.bytes)
    await store.write(repository, async session => {
      expect(await session.has(long.content)).toBe(true)
    })
  })

  keeps('gives what the session gives', async ({ store, repository }) => {
    expect(await store.write(repository, async () => 42)).toBe(42)
  })
}
