/** Bytes that do not compress and are the same for the same seed, made as they are read. */
import { createCipheriv, createHash } from 'node:crypto'
import { Readable } from 'node:stream'

const CHUNK = 64 * 1024

export function noiseStream(seed: string, size: number): Readable {
  return Readable.from(chunks(seed, size), { objectMode: false, highWaterMark: CHUNK })
}

function* chunks(seed: string, size: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16)
  const cipher = createCipheriv('aes-128-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(CHUNK)
  for (let left = size; left > 0; left -= CHUNK) {
    yield cipher.update(left < CHUNK ? zeros.subarray(0, left) : zeros)
  }
}
