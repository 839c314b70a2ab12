/** The lock of a run: whether one is kept, that it is this manifest's, and how it is saved. */
import { InputError, WaybillError } from '../errors.ts'
import { problemOf } from '../execute/problem.ts'
import { checkLockBelongs, filesFor } from '../lock/belongs.ts'
import { openLockFile } from '../lock/file.ts'
import { emptyLock } from '../lock/ownership.ts'
import type { Lock } from '../lock/types.ts'
import type { Manifest } from '../manifest/types.ts'
import type { Diagnostic } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import type { Owner } from '../util/holder.ts'
import { checkCovers } from './frozen.ts'
import { remember, type Memory } from './memory.ts'

export interface Keep {
  /** As it is shown to people. */
  readonly path: string
  /** Absent where no lock is kept. */
  readonly memory: Memory | undefined
  /** Writes it where it differs, and says whether it did. */
  save(lock: Lock): Promise<boolean>
  /** The same where work is done already that has to be told of: why it could not be written. */
  trySave(lock: Lock, manifest: Pick<Manifest, 'files'>): Promise<Diagnostic | undefined>
}

export interface KeepInit extends Owner {
  readonly files: readonly string[]
  readonly cwd: string
  readonly lock?: string
  readonly locked?: boolean
  readonly untrusted?: boolean
}

export interface KeepOptions {
  /** Makes a lock where there is none. */
  readonly creates?: boolean
  /** Refuses to go on without one. */
  readonly needs?: boolean
  /** The images that are to follow their sources; all, where none is named. */
  readonly images?: readonly string[]
}

export async function openKeep(
  manifest: Manifest,
  { files, cwd, lock: given, locked = false, untrusted = false, pid, host, now }: KeepInit,
  { creates = false, needs = false, images = [] }: KeepOptions,
  call: Call,
): Promise<Keep> {
  const file = await openLockFile(
    { path: given, files, cwd, untrusted, owner: { pid, host, now } },
    call,
  )
  if (file.lock === undefined && (locked || needs)) {
    throw new InputError('LOCK_MISSING', `there is no ${file.path}`, {
      hint: 'make one with "waybill update", and commit it with the manifest',
    })
  }
  const identity = { name: manifest.name, files, lockPath: file.path, cwd }
  if (file.lock) checkLockBelongs(file.lock, identity)
  const named = manifest.name === undefined ? {} : { name: manifest.name }
  const isKept = creates || given !== undefined
  const lock =
    file.lock ?? (isKept ? emptyLock({ ...named, files: filesFor(identity) }) : undefined)
  const follows = (image: string) => !locked && (images.length === 0 || images.includes(image))
  const memory = lock && remember(lock, { follows, nowMs: now().getTime() })
  if (memory && locked) checkCovers(memory, manifest)
  const save = (next: Lock) => file.save(next)
  return {
    path: file.path,
    memory,
    save,
    async trySave(next, { files: [first = ''] }) {
      try {
        await save(next)
        return undefined
      } catch (error) {
        if (!(error instanceof WaybillError)) throw error
        const location = { file: first, line: 1, column: 1 }
        return { severity: 'error', reference: file.path, problem: problemOf(error), location }
      }
    },
  }
}
