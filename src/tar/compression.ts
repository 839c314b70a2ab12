/** What is around a tar, told by its first bytes, and taken off as the bytes pass. */
import { pipeline, Readable, Transform, type Duplex } from 'node:stream'
import * as zlib from 'node:zlib'
import { StoreError } from '../errors.ts'
import { UnpackingError, unxz, unzstd } from './unpackers.ts'

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2'

/** As many bytes as tell one compression from another. */
export const MAGIC_BYTES = 6

const MAGIC: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
]

/** `undefined`: it is not compressed in a way that is known here. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  return MAGIC.find(([, magic]) => magic.every((byte, at) => head[at] === byte))?.[0]
}

/** Whether it can be taken off here. */
export function isUnpackable(compression: Compression): boolean {
  return compression !== 'bzip2'
}

/** Beyond this, nothing may become more than so many times as large (a decompression bomb). */
const FREE_BYTES = 256 * 1024 * 1024
const MOST_RATIO = 250

export interface Limits {
  readonly freeBytes: number
  readonly mostRatio: number
  /** Nothing may follow the compressed bytes: some programs pass over zeros, others do not. */
  readonly exact?: boolean
}

const LIMITS: Limits = { freeBytes: FREE_BYTES, mostRatio: MOST_RATIO }

/** `bytes` without their compression, or an error at once. `where` names them in errors. */
export function decompressed(
  bytes: Readable,
  compression: Compression,
  where: string,
  limits: Partial<Limits> = {},
): Readable {
  try {
    const unpacking = unpacker(compression, where)
    const plain = Readable.from(
      unpacked(bytes, unpacking, { where, limits: { ...LIMITS, ...limits } }),
      {
        objectMode: false,
      },
    )
    // a generator that nobody began to read does not clean up
    return plain.once('close', () => bytes.destroy())
  } catch (error) {
    bytes.destroy()
    throw error
  }
}

async function* unpacked(
  bytes: Readable,
  unpacking: Duplex,
  { where, limits }: { readonly where: string; readonly limits: Limits },
): AsyncGenerator<Buffer> {
  let packedSize = 0
  let size = 0
  const counting = new Transform({
    transform(chunk: Buffer, _, done) {
      packedSize += chunk.length
      done(null, chunk)
    },
  })
  try {
    // leaving the loop, however, destroys all of it
    for await (const chunk of pipeline(bytes, counting, unpacking, () => {})) {
      size += chunk.length
      if (size > Math.max(limits.freeBytes, packedSize * limits.mostRatio))
        throw bomb(where, limits)
      yield chunk
    }
    if (limits.exact === true && consumedBy(unpacking) < packedSize) throw followed(where)
  } catch (error) {
    throw isUnpacking(error) ? damaged(where, error) : error
  }
}

function unpacker(compression: Compression, where: string): Duplex {
  switch (compression) {
    case 'gzip':
      return zlib.createGunzip()
    case 'zstd':
      return unzstd()
    case 'xz':
      return unxz()
    case 'bzip2':
      throw new StoreError('CONTENT_UNSUPPORTED', `${where} is compressed with bzip2`, {
        hint: 'unpack it first: bzip2 -d',
      })
  }
}

/** How many of the bytes that were written to it were of use to it, where it says so. */
function consumedBy(unpacking: Duplex): number {
  const size: unknown = Reflect.get(unpacking, 'bytesWritten')
  return typeof size === 'number' ? size : Infinity
}

/** zlib's own failures have these codes; others come from where the bytes do. */
function isUnpacking(error: unknown): boolean {
  if (error instanceof UnpackingError) return true
  return error instanceof Error && 'code' in error && /^Z(?:STD)?_|_ZSTD/.test(String(error.code))
}

function damaged(where: string, cause: unknown): StoreError {
  const isShort = cause instanceof Error && /unexpected end/.test(cause.message)
  const message = `${where}: its compressed bytes are ${isShort ? 'cut short' : 'damaged'}`
  return new StoreError('CONTENT_CORRUPT', message, { cause, hint: 'copy or make it anew' })
}

function followed(where: string): StoreError {
  const message = `${where}: something follows its compressed bytes`
  return new StoreError('CONTENT_CORRUPT', message, { hint: 'copy or make it anew' })
}

function bomb(where: string, { mostRatio }: Limits): StoreError {
  return new StoreError(
    'CONTENT_UNSUPPORTED',
    `${where}: it unpacks to more than ${mostRatio} times its size`,
    { hint: 'if that is right, unpack it first and give it unpacked' },
  )
}
