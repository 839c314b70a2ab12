import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import type { Store } from '../../src/stores/store.ts'

export interface Blob {
  readonly content: Descriptor
  readonly bytes: Buffer
}

export const small: Blob = blobOf(Buffer.from('some bytes'))
/** Fits no buffer on its way. */
export const large: Blob = blobOf(randomBytes(600 * 1024))

export function blobOf(bytes: Buffer): Blob {
  const mediaType = 'application/octet-stream'
  return { content: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}

export async function put(store: Store, { content, bytes }: Blob): Promise<void> {
  await store.write('acme/app', session => session.put(content, () => Promise.resolve(bytes)))
}

export async function putStream(store: Store, { content, bytes }: Blob): Promise<void> {
  const stream = () => Promise.resolve(Readable.from([bytes], { objectMode: false }))
  await store.write('acme/app', session => session.put(content, stream))
}
