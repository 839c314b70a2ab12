/**
 * Files that are there whole or not at all, also after a crash.
 *
 * What a killed process leaves behind is named `.<file>.<mark>.<hex>.tmp`, in the file's folder.
 */
import { randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import type { Call } from './call.ts'
import { hasCode, unless } from './errno.ts'

export interface Writing extends Call {
  /** Who may read and write the file, from its first byte on; the process's mask narrows it. */
  readonly mode?: number
  /** Of the process that writes, as `markOf` gives it. Without one its left-overs are nobody's. */
  readonly mark?: string | undefined
}

/** `bytes` in place of whatever `path` was; on disk once this resolves. */
export async function writeAtomic(
  path: string,
  bytes: Uint8Array | string,
  writing?: Writing,
): Promise<void> {
  await replaceFile(path, file => file.writeFile(bytes), writing)
  await syncFolder(dirname(path))
}

/**
 * Runs `fill` on a new file, which then takes the place of `path`. Its bytes are on disk by then,
 * its name only after `syncFolder`. If anything fails, or the caller stops, nothing is left.
 */
export async function replaceFile(
  path: string,
  fill: (file: FileHandle) => Promise<void>,
  { signal, mode = 0o666, mark = '' }: Writing = {},
): Promise<void> {
  signal?.throwIfAborted()
  const temporary = temporaryFor(path, mark)
  const file = await open(temporary, 'wx', mode)
  try {
    try {
      await fill(file)
      await file.sync()
    } finally {
      await file.close()
    }
    signal?.throwIfAborted()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Under sudo, somebody's file stays theirs. */
export async function keepOwner(
  file: FileHandle,
  { uid, gid }: { readonly uid: number; readonly gid: number },
): Promise<void> {
  if ((await file.stat()).uid !== uid) await unless('EPERM', file.chown(uid, gid))
}

const BUFFER_BYTES = 512 * 1024

/** Writes on to an open file, which stays open. What has gathered meanwhile goes in one call. */
export function sinkOf(file: Pick<FileHandle, 'writev' | 'writeFile'>): Writable {
  async function writeAll(chunks: readonly Buffer[]): Promise<void> {
    const { bytesWritten } = await file.writev(chunks)
    const size = chunks.reduce((sum, { length }) => sum + length, 0)
    if (bytesWritten < size) await file.writeFile(Buffer.concat(chunks).subarray(bytesWritten))
  }
  return new Writable({
    highWaterMark: BUFFER_BYTES,
    write: (chunk: Buffer, _, done) => void writeAll([chunk]).then(() => done(), done),
    writev: (waiting, done) =>
      void writeAll(waiting.map(({ chunk }) => chunk)).then(() => done(), done),
  })
}

/** A name beside `path` that nobody else has. */
export function temporaryFor(path: string, mark: string): string {
  const parts = [basename(path), ...(mark === '' ? [] : [mark]), randomBytes(8).toString('hex')]
  return join(dirname(path), `.${parts.join('.')}.tmp`)
}

const LEFT_OVER = /^\.(?<file>.+?)\.(?:(?<mark>\d+-\d+-[0-9a-f]{12})\.)?[0-9a-f]{16}\.tmp$/s

/** The file that somebody began to write under this name, and whose mark it has. */
export function parseLeftOver(
  name: string,
): { readonly file: string; readonly mark: string } | undefined {
  const { file, mark = '' } = LEFT_OVER.exec(name)?.groups ?? {}
  return file === undefined ? undefined : { file, mark }
}

/** File systems that cannot sync a folder say so in one of these ways. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'EISDIR', 'EPERM', 'ENOTSUP'])

/** Makes the names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (error) {
    if (!hasCode(error, NO_FOLDER_SYNC)) throw error
  }
}
