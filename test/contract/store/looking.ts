import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import { blobOf, imageOf, writeImage } from '../../stores/content.ts'
import { putBlobs, type Keeps } from './cases.ts'

export function looking(keeps: Keeps, breaksOnBlobs: boolean): void {
  keeps('gives back what was put', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1.0'])
    for (const reference of ['1.0', image.content.digest]) {
      expect(await store.resolve(repository, reference)).toMatchObject(sees.named(image))
    }
    const named = await store.manifest(repository, '1.0')
    const found = await store.manifest(repository, image.content.digest)
    expect(named?.content).toMatchObject(found!.content)
    expect(named?.bytes.equals(found!.bytes)).toBe(true)
    await sees.whole(store, repository, image)
  })

  keeps('says nothing of what is not there', async ({ store, repository, seed }) => {
    const absent = imageOf(`${seed} absent`).content
    expect(await store.tags(repository)).toBeUndefined()
    expect(await store.resolve(repository, '1.0')).toBeUndefined()
    expect(await store.manifest(repository, '1.0')).toBeUndefined()

    await writeImage(store, repository, imageOf(seed), ['1.0'])
    expect(await store.tags(`${repository}-other`)).toBeUndefined()
    for (const reference of ['1.1', absent.digest]) {
      expect(await store.resolve(repository, reference)).toBeUndefined()
      expect(await store.manifest(repository, reference)).toBeUndefined()
    }
  })

  keeps('does not take a blob for a manifest', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1.0'])
    for (const { content } of image.blobs) {
      const found = store.resolve(repository, content.digest)
      if (breaksOnBlobs) await expect(found).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
      else expect(await found).toBeUndefined()
    }
  })

  keeps('refuses to give a blob that it lacks', async ({ store, repository, seed }) => {
    await writeImage(store, repository, imageOf(seed), ['1.0'])
    const { content } = blobOf(`${seed} absent`)
    const fetched = store.fetch(repository, content)
    await expect(fetched).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
  })

  keeps('stops giving a blob when told to', async ({ store, repository, seed }) => {
    const big = blobOf(seed.repeat(100_000))
    await putBlobs(store, repository, [big])
    const stop = new AbortController()
    const stream = await store.fetch(repository, big.content, { signal: stop.signal })
    const ended = buffer(stream)
    stop.abort()
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
  })

  keeps('lists every tag', async ({ store, repository, seed }) => {
    const tags = Array.from({ length: 40 }, (_, index) => `v${(index * 7) % 40}`)
    await writeImage(store, repository, imageOf(seed), tags)
    expect(new Set(await store.tags(repository))).toEqual(new Set(tags))
    expect(await store.tags(repository)).toHaveLength(tags.length)
  })
}
