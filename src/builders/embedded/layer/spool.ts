/** Bytes that are written once and read often: in memory while they are few, else in a file. */
import { createReadStream } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { temporaryFor } from '../../../util/atomic-file.ts'

export interface Spool extends AsyncDisposable {
  readonly size: number
  /** Keeps the bytes, which the caller must not change any more. */
  write(bytes: Buffer): Promise<void>
  /** Everything is written: nothing is held open any more. */
  finish(): Promise<void>
  /** Of what was written, once it is finished: as often as wanted. */
  read(from: number, size: number): Readable | Buffer
}

/** The folder in which the file goes, and the mark of whoever writes it (see `atomic-file.ts`). */
export interface Scratch {
  readonly folder: string
  readonly mark?: string
  /** More than this goes into a file. */
  readonly mostInMemory?: number
}

const MOST_IN_MEMORY = 8 * 1024 * 1024

export function createSpool({ folder, mark, mostInMemory = MOST_IN_MEMORY }: Scratch): Spool {
  let held: Buffer[] = []
  let whole: Buffer | undefined
  let file: FileHandle | undefined
  let path: string | undefined
  let size = 0

  async function spill(): Promise<FileHandle> {
    const made = temporaryFor(join(folder, 'layer'), mark ?? '')
    // what is in a layer may be nobody else's business
    file = await open(made, 'wx', 0o600)
    path = made
    for (const bytes of held) await file.appendFile(bytes)
    held = []
    return file
  }

  return {
    get size() {
      return size
    },
    async write(bytes) {
      size += bytes.length
      if (file === undefined && size <= mostInMemory) held.push(bytes)
      else await (file ?? (await spill())).appendFile(bytes)
    },
    async finish() {
      if (path === undefined) whole = Buffer.concat(held)
      held = []
      await file?.close()
      file = undefined
    },
    read(from, length) {
      if (length === 0) return Buffer.alloc(0)
      if (path !== undefined) return createReadStream(path, { start: from, end: from + length - 1 })
      if (whole === undefined) throw new Error('read before all of it was written')
      return whole.subarray(from, from + length)
    },
    async [Symbol.asyncDispose]() {
      held = []
      whole = undefined
      await file?.close()
      file = undefined
      if (path !== undefined) await rm(path, { force: true })
    },
  }
}
