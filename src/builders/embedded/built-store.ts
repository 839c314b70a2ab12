import { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Manifested, Store } from '../../stores/store.ts'
import type { Call } from '../../util/call.ts'

export type ReadBlob = (call: Call) => Promise<Readable | Buffer>

/** Of one image, for as long as what it is made of is there; it is only read. */
export function builtStore(
  name: string,
  manifest: Manifested,
  blobs: ReadonlyMap<Digest, ReadBlob>,
): Store {
  const { digest } = manifest.content
  const refuse = () =>
    Promise.reject(new StoreError('STORE_UNSUPPORTED', `${name} is only read from`))
  const find = (reference: string) => (reference === digest ? manifest : undefined)
  return {
    name,
    tags: () => Promise.resolve([]),
    resolve: (_, reference) => Promise.resolve(find(reference)?.content),
    manifest: (_, reference) => Promise.resolve(find(reference)),
    async fetch(repository, content, call = {}) {
      call.signal?.throwIfAborted()
      const bytes = await blobs.get(content.digest)?.(call)
      if (bytes === undefined) {
        throw new StoreError('CONTENT_MISSING', `${name}/${repository} has no ${content.digest}`)
      }
      return Buffer.isBuffer(bytes) ? Readable.from([bytes], { objectMode: false }) : bytes
    },
    write: refuse,
    remove: refuse,
    close: () => Promise.resolve(),
  }
}
