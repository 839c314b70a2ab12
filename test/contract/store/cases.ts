/** What the cases of the contract are given, and share. */
import type { Store } from '../../../src/stores/store.ts'
import type { Blob } from '../../stores/content.ts'

export interface Given {
  readonly store: Store
  /** Its own, as is all content with `seed` in it: a store may be shared. */
  readonly repository: string
  readonly seed: string
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
