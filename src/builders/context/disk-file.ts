/** A file on this machine as it was when it was looked at; what is read of it later is no other. */
import { createHash } from 'node:crypto'
import { constants, type BigIntStats } from 'node:fs'
import { lstat, open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { BuildError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'

export interface DiskFile {
  readonly path: string
  /** As people know it, for errors. */
  readonly shown: string
  readonly size: number
  /** Of its bytes and attributes, the later one. */
  readonly changedMs: number
  readonly identity: string
}

export function diskFileOf(path: string, shown: string, stats: BigIntStats): DiskFile {
  const { mtimeMs, ctimeMs } = stats
  const changedMs = Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs)
  return { path, shown, size: Number(stats.size), changedMs, identity: identityOf(stats) }
}

/** Files up to here are read at once. */
const SMALL = 512 * 1024
const CHUNK_BYTES = 512 * 1024
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/** What changes whenever the bytes of a file may have. */
function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

/** All bytes of a file: at once where they are few. They fail if the file is not what it was. */
export async function readDiskFile(file: DiskFile, call: Call = {}): Promise<Readable | Buffer> {
  call.signal?.throwIfAborted()
  if (file.size > SMALL) return Readable.from(chunksOf(file, call), { objectMode: false })
  const handle = await openUnchanged(file)
  try {
    const bytes = Buffer.allocUnsafe(file.size)
    const read = await readFully(handle, bytes, 0)
    await requireUnchanged(handle, file)
    if (read < file.size) throw changed(file)
    return bytes
  } finally {
    await handle.close()
  }
}

async function* chunksOf(file: DiskFile, { signal }: Call): AsyncGenerator<Buffer> {
  const handle = await openUnchanged(file)
  try {
    for (let at = 0; at < file.size;) {
      signal?.throwIfAborted()
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.size - at))
      if ((await readFully(handle, chunk, at)) < chunk.length) throw changed(file)
      at += chunk.length
      if (at === file.size) await requireUnchanged(handle, file)
      yield chunk
    }
  } finally {
    await handle.close()
  }
}

export async function sha256Of(file: DiskFile, call: Call = {}): Promise<string> {
  const hash = createHash('sha256')
  const bytes = await readDiskFile(file, call)
  for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) hash.update(chunk)
  return hash.digest('hex')
}

async function openUnchanged(file: DiskFile): Promise<FileHandle> {
  // without O_NONBLOCK a named pipe would hold the caller until somebody writes to it
  const handle = await opened(file)
  try {
    await requireUnchanged(handle, file)
  } catch (error) {
    await handle.close()
    throw error
  }
  return handle
}

async function opened(file: DiskFile): Promise<FileHandle> {
  try {
    return await open(file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (cause) {
    throw new BuildError('BUILD_FAILED', `${file.shown} cannot be read`, { cause })
  }
}

async function requireUnchanged(handle: FileHandle, file: DiskFile): Promise<void> {
  const found = await handle.stat({ bigint: true })
  if (identityOf(found) !== file.identity) throw changed(file)
}

async function readFully(handle: FileHandle, into: Buffer, from: number): Promise<number> {
  let read = 0
  while (read < into.length) {
    const { bytesRead } = await handle.read(into, read, into.length - read, from + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return read
}

function changed(file: DiskFile): BuildError {
  return new BuildError('BUILD_FAILED', `${file.shown} changed while it was being read`, {
    hint: 'build again when nothing writes to the context',
  })
}

/** For who has read it by its path. */
export async function requireSame(file: DiskFile): Promise<void> {
  const found = await unless('ENOENT', lstat(file.path, { bigint: true }))
  if (found === undefined || identityOf(found) !== file.identity) throw changed(file)
}
