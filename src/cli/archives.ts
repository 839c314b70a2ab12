import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Store } from '../stores/store.ts'
import type { Shell } from './command.ts'
import { temporaryOf } from './temporary.ts'

interface Wanted {
  readonly format: 'docker' | 'oci'
  /** What is there is replaced, and not read. */
  readonly fresh: boolean
  /** What it is called in messages, where that is not its path. */
  readonly name?: string
}

/** An archive on disk. */
export async function openArchiveAt(
  path: string,
  { name = path, ...wanted }: Wanted,
  { cwd, env, pid, host, now }: Shell,
): Promise<Store> {
  const { openStore } = await import('../stores/open.ts')
  return openStore({
    kind: 'archive',
    name,
    path: resolve(cwd, path),
    ...wanted,
    temporary: temporaryOf(env),
    owner: { pid, host, now },
  })
}

/** An archive that comes on stdin. */
export async function openArchiveInput({ stdin, env }: Shell): Promise<Store> {
  const { openStore } = await import('../stores/open.ts')
  return openStore({
    kind: 'archive-stream',
    name: 'stdin',
    input: stdin,
    temporary: temporaryOf(env),
  })
}

export interface ArchiveOutput extends AsyncDisposable {
  readonly archive: Store
  /** Sends what was written, whole, to stdout. Gives whether whoever reads took all of it. */
  send(): Promise<boolean>
}

/** An archive for stdout. It is on disk until it is whole, so that nobody gets a part of one. */
export async function openArchiveOutput(
  format: Wanted['format'],
  shell: Shell,
): Promise<ArchiveOutput> {
  const { makeScratchFolder } = await import('../util/scratch-folder.ts')
  const { env, stdout, signal, pid, host, now } = shell
  const scratch = { scratch: temporaryOf(env), owner: { pid, host, now } }
  const folder = await makeScratchFolder(scratch, 'waybill-save-')
  const path = join(folder, 'images.tar')
  const archive = await openArchiveAt(path, { name: 'stdout', format, fresh: true }, shell)
  return {
    archive,
    send: () => stdout.send(createReadStream(path, { highWaterMark: CHUNK_BYTES }), { signal }),
    async [Symbol.asyncDispose]() {
      await archive.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const CHUNK_BYTES = 256 * 1024
