/** The lock file on disk: the only I/O of this room. */

import { createReadStream, type Stats } from 'node:fs'
import { lstat, readdir, realpath, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InputError, RunError, StoreError, toError } from '../errors.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { keepOwner, replaceFile, syncFolder } from '../util/atomic-file.ts'
import type { Call } from '../util/call.ts'
import { unless } from '../util/errno.ts'
import { identify, markOf, type Owner } from '../util/holder.ts'
import { removeLeftOvers } from '../util/left-overs.ts'
import { refuseLinkedFile } from '../util/links.ts'
import { encodeLock } from './encode.ts'
import { MAX_LOCK_BYTES, parseLock } from './parse.ts'
import { lockPathFor } from './path.ts'
import type { Lock } from './types.ts'

export interface LockRequest {
  /** As given with `--lock`. */
  readonly path?: string | undefined
  /** As given with `-f`; the first one names the lock where `path` does not. */
  readonly files: readonly string[]
  /** What relative paths are relative to. */
  readonly cwd: string
  /** Nobody has looked at the folder, as in a stranger's pull request: no link may lead out of it. */
  readonly untrusted?: boolean | undefined
  /** Whose left-overs can be told: what a killed process began to write is removed by the next one. */
  readonly owner?: Owner | undefined
}

export interface OpenLock {
  /** As people know it. */
  readonly path: string
  /** Whether there was a file when it was opened. */
  readonly exists: boolean
  /** What was in it. */
  readonly lock: Lock | undefined
  /**
   * Puts `lock` in place of what is there, whole or not at all, and says whether that changed the
   * file. Refuses where somebody else changed it. Not stopped by what stops the run: what was done
   * has to be kept.
   */
  save(lock: Lock, call?: Call): Promise<boolean>
}

export async function openLockFile(request: LockRequest, call: Call = {}): Promise<OpenLock> {
  const spot = spotOf(request)
  const found = await look(spot, call)
  let known = found && digestOf(found.bytes)
  let last: Promise<unknown> = Promise.resolve()

  async function write(lock: Lock, call: Call): Promise<boolean> {
    const bytes = Buffer.from(encodeLock(lock))
    if (bytes.length > MAX_LOCK_BYTES) throw tooLarge(spot.shown)
    const digest = digestOf(bytes)
    const current = await look(spot, call)
    const isNew = digest !== (current && digestOf(current.bytes))
    if (isNew) {
      refuseChanged(spot.shown, known, current)
      await put(spot, bytes, { current, ...call })
    }
    known = digest
    return isNew
  }

  return {
    path: spot.shown,
    exists: found !== undefined,
    lock: found && parseLock({ file: spot.shown, bytes: found.bytes }),
    // one after the other: each is compared with what the one before it wrote
    save(lock, call = {}) {
      const saved = last.then(() => write(lock, call))
      last = saved.catch(() => undefined)
      return saved
    },
  }
}

interface Spot {
  readonly shown: string
  /** Absolute. */
  readonly path: string
  readonly cwd: string
  readonly untrusted: boolean
  readonly owner: Owner | undefined
}

function spotOf({ path, files, cwd, untrusted = false, owner }: LockRequest): Spot {
  const [first] = files
  const shown = path ?? (first === undefined ? undefined : lockPathFor(first, cwd))
  if (shown === undefined) throw new InputError('BAD_ARGUMENT', 'no manifest file is named')
  return { shown, path: resolve(cwd, shown), cwd, untrusted, owner }
}

interface Found {
  readonly bytes: Buffer
  readonly stats: Stats
}

/** What is there now. Only what is surely not there is `undefined`. */
async function look({ shown, path, cwd, untrusted }: Spot, call: Call): Promise<Found | undefined> {
  if (untrusted) await refuseLinkedFile(shown, shown, cwd)
  try {
    const stats = await unless('ENOENT', stat(path))
    if (stats === undefined) {
      if ((await unless('ENOENT', lstat(path))) === undefined) return undefined
      throw unusable(shown, 'is a link to nothing', 'remove it, or bring back what it leads to')
    }
    if (!stats.isFile()) throw unusable(shown, 'is no regular file', 'a lock is a file')
    return { bytes: await read(path, call), stats }
  } catch (cause) {
    // a limit on the run's time has a reason of its own
    call.signal?.throwIfAborted()
    if (cause instanceof InputError) throw cause
    throw new InputError('LOCK_INVALID', `${shown} cannot be read`, { cause })
  }
}

/** Of what is too large, only enough to know. */
async function read(path: string, { signal }: Call): Promise<Buffer> {
  const chunks: Buffer[] = []
  const reading = { signal, highWaterMark: 1024 * 1024, end: MAX_LOCK_BYTES }
  for await (const chunk of createReadStream(path, reading)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** `known`: what was there when this run read it, or wrote it. */
function refuseChanged(shown: string, known: Digest | undefined, current: Found | undefined): void {
  if (known === (current && digestOf(current.bytes))) return
  const what = current === undefined ? 'was removed' : 'was changed by somebody else'
  throw new RunError('LOCK_CHANGED', `${shown} ${what} while it was in use`, {
    hint: 'it is left as it is now; run again, which begins with that',
  })
}

/** In place of the file, or of what it leads to where it is a link. */
async function put(
  { shown, path, owner }: Spot,
  bytes: Buffer,
  { current, signal }: Call & { readonly current: Found | undefined },
): Promise<void> {
  const mode = current && current.stats.mode & 0o777
  try {
    const target = current ? await realpath(path) : path
    const fill = async (file: FileHandle): Promise<void> => {
      if (current) await keepOwner(file, current.stats)
      // the process's mask narrowed it
      if (mode !== undefined) await file.chmod(mode)
      await file.writeFile(bytes)
    }
    const mark = owner && (await tidied(target, owner))
    await replaceFile(target, fill, { signal, mark, ...(mode !== undefined && { mode }) })
    await syncFolder(dirname(target))
  } catch (cause) {
    signal?.throwIfAborted()
    throw new StoreError('STORE_DENIED', `${shown} cannot be written: ${toError(cause).message}`, {
      hint: 'a lock needs a folder that this user may write to',
      cause,
    })
  }
}

/** Removes what killed processes began to write of `path`, and gives the mark of this one. */
async function tidied(path: string, owner: Owner): Promise<string> {
  const folder = dirname(path)
  const self = await identify(owner)
  const files = (await readdir(folder)).map(name => join(folder, name))
  await removeLeftOvers(files, file => file === basename(path), { self, now: owner.now })
  return markOf(self)
}

function unusable(shown: string, what: string, hint: string): InputError {
  return new InputError('LOCK_INVALID', `${shown} ${what}`, { hint })
}

function tooLarge(shown: string): InputError {
  const limit = MAX_LOCK_BYTES / 1024 / 1024
  return unusable(shown, `would have more than ${limit} MiB`, 'split the manifest')
}
