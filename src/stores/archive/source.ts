/** The bytes of an archive: its own file, or one made of it that can be read from anywhere in it. */
import { randomBytes } from 'node:crypto'
import { constants, type BigIntStats } from 'node:fs'
import { open, stat, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { toError, StoreError } from '../../errors.ts'
import { compressionOf, decompressed, MAGIC_BYTES } from '../../tar/compression.ts'
import { readAt, type Region } from '../../tar/members.ts'
import { sinkOf } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'

export interface OpenSource {
  readonly file: FileHandle
  close(): Promise<void>
}

export interface Source {
  readonly size: number
  /** Why nothing can be written into it; `undefined`: it can. */
  readonly fixed?: string
  /** The file as it was first seen; `undefined` where there is another by now. */
  open(): Promise<OpenSource | undefined>
  close(): Promise<void>
}

const { O_RDONLY, O_NONBLOCK } = constants
const CHUNK_BYTES = 128 * 1024

/** What tells the file at a path from whatever else has been, or will be, there. */
export async function identityOf(path: string): Promise<string | undefined> {
  const found = await unless('ENOENT', stat(path, { bigint: true }))
  return found && identityIn(found)
}

function identityIn({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs}`
}

/** A file that is there. One that is compressed is unpacked into `temporary`, at once. */
export async function openSource(
  {
    path,
    name,
    temporary,
  }: { readonly path: string; readonly name: string; readonly temporary: string },
  call: Call,
): Promise<Source> {
  // without O_NONBLOCK a named pipe would hold the caller until somebody writes to it
  const file = await open(path, O_RDONLY | O_NONBLOCK)
  try {
    const found = await file.stat({ bigint: true })
    if (!found.isFile()) throw irregular(name)
    const size = Number(found.size)
    const head = await readAt({ file, size }, 0, MAGIC_BYTES)
    const compression = compressionOf(head)
    if (compression === undefined) return plainSource(path, size, identityIn(found))
    const packed = regionStream(file, { offset: 0, size })
    return await spool(decompressed(packed, compression, name), { temporary, call }, 'compressed')
  } finally {
    await file.close()
  }
}

function plainSource(path: string, size: number, identity: string): Source {
  return {
    size,
    async open() {
      const file = await open(path, O_RDONLY | O_NONBLOCK)
      const close = () => file.close()
      try {
        if (identityIn(await file.stat({ bigint: true })) === identity) return { file, close }
      } catch (error) {
        await close()
        throw error
      }
      await close()
      return undefined
    },
    close: async () => {},
  }
}

/** What comes once, as on stdin, kept in `temporary` without its compression. */
export async function spoolStream(
  input: Readable,
  { name, temporary }: { readonly name: string; readonly temporary: string },
  call: Call,
): Promise<Source> {
  const chunks: AsyncIterator<Buffer> = input[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < MAGIC_BYTES) {
    const { value, done } = await chunks.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  const whole = Readable.from(joined(head, { [Symbol.asyncIterator]: () => chunks }), {
    objectMode: false,
  })
  const compression = compressionOf(head)
  const plain = compression === undefined ? whole : decompressed(whole, compression, name)
  return spool(plain, { temporary, call }, 'read from a stream')
}

async function* joined(head: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield head
  yield* rest
}

/**
 * Keeps `bytes` in a file that has no name by the time they come: whatever ends this process, the
 * system takes it back.
 */
async function spool(
  bytes: Readable,
  { temporary, call: { signal } }: { readonly temporary: string; readonly call: Call },
  fixed: string,
): Promise<Source> {
  const path = join(temporary, `waybill-${randomBytes(8).toString('hex')}.tar`)
  const file = await open(path, 'wx+', 0o600)
  try {
    await unlink(path)
    await pipeline(bytes, sinkOf(file), { ...(signal && { signal }) })
    const { size } = await file.stat()
    return {
      size,
      fixed,
      open: async () => ({ file, close: async () => {} }),
      close: () => file.close(),
    }
  } catch (error) {
    bytes.destroy()
    await file.close()
    throw error
  }
}

/** The bytes of a region; `done` runs when nobody reads them any more. */
export function regionStream(
  file: Pick<FileHandle, 'read'>,
  { offset, size }: Region,
  done: () => Promise<void> = async () => {},
): Readable {
  let at = 0
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      const length = Math.min(CHUNK_BYTES, size - at)
      if (length === 0) return void this.push(null)
      file.read(Buffer.allocUnsafe(length), 0, length, offset + at).then(
        ({ bytesRead, buffer }) => {
          at += bytesRead
          this.push(bytesRead > 0 ? buffer.subarray(0, bytesRead) : null)
        },
        (error: unknown) => this.destroy(toError(error)),
      )
    },
    destroy(error, settle) {
      done().then(
        () => settle(error),
        (failure: unknown) => settle(error ?? toError(failure)),
      )
    },
  })
}

function irregular(name: string): StoreError {
  return new StoreError('STORE_UNSUPPORTED', `${name}: the archive is not a regular file`, {
    hint: 'what comes through a pipe can be given on stdin',
  })
}
