import type { Readable } from 'node:stream'
import { StoreError } from '../errors.ts'

/** All bytes of `stream`, which may not be more than `limit`; `what` names them in the error. */
export async function readAll(stream: Readable, limit: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  // leaving the loop, however, destroys the stream
  for await (const chunk of stream) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk)
    size += bytes.length
    if (size > limit) {
      throw new StoreError('CONTENT_UNSUPPORTED', `${what} has more than ${limit} bytes`)
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks, size)
}
