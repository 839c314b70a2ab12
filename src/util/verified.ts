import { createHash } from 'node:crypto'
import { pipeline, Transform, type Readable } from 'node:stream'
import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { algorithmOf, digestOf, hexOf } from '../oci/digest.ts'
import { readAll } from './read-all.ts'

/**
 * Passes bytes on, and fails unless they are exactly what `content` promises. The bytes that
 * complete it are held until the digest is known to be right, so nothing wrong ever arrives
 * whole. Destroying one side destroys the other; an error of the source arrives as it is.
 */
export function verified(bytes: Readable, content: Descriptor): Readable {
  const algorithm = algorithmOf(content.digest)
  const hash = createHash(algorithm)
  let size = 0
  const problem = (): StoreError | null => {
    if (size < content.size) return corrupt(content, `${size} bytes`)
    const actual = hash.digest('hex')
    return actual === hexOf(content.digest) ? null : corrupt(content, `${algorithm}:${actual}`)
  }
  const check = new Transform({
    transform(chunk: Buffer, _, done) {
      if (chunk.length === 0) return done()
      size += chunk.length
      if (size > content.size) return done(corrupt(content, 'more'))
      hash.update(chunk)
      const wrong = size === content.size ? problem() : null
      return wrong ? done(wrong) : done(null, chunk)
    },
    flush(done) {
      done(size === content.size && size > 0 ? null : problem())
    },
  })
  return pipeline(bytes, check, () => {})
}

/** The bytes of `content`, checked; more than `limit` are refused whatever it claims. */
export async function readVerified(
  bytes: Readable,
  content: Descriptor,
  limit: number,
): Promise<Buffer> {
  return readAll(verified(bytes, content), limit, content.digest)
}

/** The same bytes, or an error if they are not what `content` promises. */
export function verifiedBytes(bytes: Buffer, content: Descriptor): Buffer {
  if (bytes.length !== content.size) throw corrupt(content, `${bytes.length} bytes`)
  const actual = digestOf(bytes, algorithmOf(content.digest))
  if (actual !== content.digest) throw corrupt(content, actual)
  return bytes
}

function corrupt({ digest, size }: Descriptor, got: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', `expected ${size} bytes of ${digest}, got ${got}`)
}
