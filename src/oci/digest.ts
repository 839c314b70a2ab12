import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'

/** `sha256:` and 64, or `sha512:` and 128, lower-case hex digits (OCI image-spec, descriptor). */
export type Digest = string & { readonly digest: unique symbol }

const SHAPE = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/

export function isDigest(text: string): text is Digest {
  return SHAPE.test(text)
}

/** The only way from text to a digest; what passed is safe in a path or URL. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  throw new InputError('BAD_REFERENCE', `"${text.slice(0, 140)}" is not a sha256 or sha512 digest`)
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`)
}

export type DigestAlgorithm = 'sha256' | 'sha512'

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

/** How a digest is shown to people: the algorithm and the first 12 digits. */
export function shortDigest(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':')
  return `${algorithm}:${hex.slice(0, 12)}`
}
