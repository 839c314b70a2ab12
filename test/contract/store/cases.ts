/** What the cases of the contract are given, and share. */
import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { Store } from '../../../src/stores/store.ts'
import type { Blob, Image } from '../../stores/content.ts'

export interface Given {
  readonly store: Store
  /** Its own, as is all content with `seed` in it: a store may be shared. */
  readonly repository: string
  readonly seed: string
  readonly sees: Sees
}

/** How a store shows an image that was put into it. */
export interface Sees {
  /** What `resolve` gives, as far as it is certain. */
  named(image: Image): object
  /** Expects that all of it can be read. */
  whole(store: Store, repository: string, image: Image): Promise<void>
}

/** As it was put, byte for byte. */
export const SEES_AS_PUT: Sees = {
  named: ({ content }) => content,
  async whole(store, repository, image) {
    const found = await store.manifest(repository, image.content.digest)
    expect(found?.content).toMatchObject(image.content)
    expect(found?.bytes.equals(image.bytes)).toBe(true)
    for (const { content, bytes } of image.blobs) {
      expect(await buffer(await store.fetch(repository, content))).toEqual(bytes)
    }
  },
}

export type Body = (given: Given) => Promise<void>

export type Keeps = (title: string, body: Body) => unknown

export function putBlobs(store: Store, repository: string, blobs: readonly Blob[]): Promise<void> {
  return store.write(repository, async session => {
    for (const { content, bytes } of blobs) await session.put(content, async () => bytes)
  })
}

export function has(store: Store, repository: string, content: Blob['content']): Promise<boolean> {
  return store.write(repository, session => session.has(content))
}
