import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import { blobOf, imageOf, streamOf, writeImage } from '../../stores/content.ts'
import { has, putBlobs, type Keeps } from './cases.ts'

export function sharing(keeps: Keeps): void {
  keeps('links from another repository', async ({ store, repository, seed }) => {
    const blob = blobOf(seed)
    await putBlobs(store, `${repository}-from`, [blob])
    let asked = 0
    await store.write(repository, session =>
      session.put(
        blob.content,
        async () => {
          asked++
          return blob.bytes
        },
        `${repository}-from`,
      ),
    )
    expect(asked).toBeLessThanOrEqual(1)
    expect(await has(store, repository, blob.content)).toBe(true)
    expect(await buffer(await store.fetch(repository, blob.content))).toEqual(blob.bytes)
  })

  keeps('uploads where there is nothing to link', async ({ store, repository, seed }) => {
    const blob = blobOf(seed)
    await store.write(repository, session =>
      session.put(blob.content, async () => blob.bytes, `${repository}-not-there`),
    )
    expect(await has(store, repository, blob.content)).toBe(true)
  })

  keeps('takes sessions side by side', async ({ store, repository, seed, sees }) => {
    const images = Array.from({ length: 12 }, (_, index) => imageOf(`${seed} ${index}`))
    await Promise.all(
      images.map((image, index) => writeImage(store, repository, image, [`v${index}`])),
    )
    expect(await store.tags(repository)).toHaveLength(images.length)
    for (const [index, image] of images.entries()) {
      expect(await store.resolve(repository, `v${index}`)).toMatchObject(sees.named(image))
    }
  })

  keeps('takes one blob twice at once', async ({ store, repository, seed }) => {
    const blob = blobOf(seed.repeat(10_000))
    const halves = [blob.bytes.toString().slice(0, 7), blob.bytes.toString().slice(7)]
    await store.write(repository, session =>
      Promise.all([
        session.put(blob.content, async () => streamOf(halves)),
        session.put(blob.content, async () => streamOf(halves)),
        session.put(blob.content, async () => blob.bytes),
      ]),
    )
    expect((await buffer(await store.fetch(repository, blob.content))).equals(blob.bytes)).toBe(
      true,
    )
  })
}
