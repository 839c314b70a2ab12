/**
 * How writing and sweeping keep out of each other's way.
 *
 * A session relies on blobs that nothing may name any more, so it shows a file of its own, and a
 * sweep that sees one removes nothing. A sweep shows a file as well. Both show theirs first and then
 * look for the other's, so at least one of them sees the other; a session that does waits for the
 * lock, which the sweep holds.
 */
import { open, readdir, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseLeftOver, temporaryFor } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { unlessAbsent, type Folder } from './folder.ts'
import { acquireLock, type LockInit } from '../lock.ts'

type Kind = 'session' | 'sweep'

/** A file that says who is here; it goes when its holder is done. */
export interface Presence extends AsyncDisposable {
  readonly path: string
}

/** `undefined` where there is no folder, and so nothing to rely on. */
export async function show(folder: Folder, kind: Kind): Promise<Presence | undefined> {
  const path = temporaryFor(join(folder.path, `index.json.${kind}`), folder.mark)
  const file = await unlessAbsent(open(path, 'wx'))
  if (file === undefined) return undefined
  await file.close()
  return {
    path,
    async [Symbol.asyncDispose]() {
      await unlessAbsent(unlink(path))
    },
  }
}

export interface Shown {
  readonly path: string
  readonly mark: string
}

/** The files of this kind that are shown, those of processes that were killed too. */
export async function shown(folder: Folder, kind: Kind): Promise<readonly Shown[]> {
  const names = (await unlessAbsent(readdir(folder.path))) ?? []
  return names.flatMap(name => {
    const left = parseLeftOver(basename(name))
    if (left?.file !== `index.json.${kind}`) return []
    return [{ path: join(folder.path, name), mark: left.mark }]
  })
}

export interface Sitting extends AsyncDisposable {
  /** Nothing that is there from now on is swept until the session is over. */
  begin(call: Call): Promise<void>
}

export function createSitting(folder: Folder, lock: LockInit): Sitting {
  let beginning: Promise<Presence | undefined> | undefined

  async function sitDown(call: Call): Promise<Presence | undefined> {
    const presence = await show(folder, 'session')
    if (presence === undefined) return undefined
    try {
      if ((await shown(folder, 'sweep')).length === 0) return presence
      await using _turn = await acquireLock(lock, call)
      return presence
    } catch (error) {
      await presence[Symbol.asyncDispose]()
      throw error
    }
  }

  return {
    async begin(call) {
      const begun = beginning ?? sitDown(call)
      beginning = begun
      try {
        if ((await begun) !== undefined) return
      } catch (error) {
        if (beginning === begun) beginning = undefined
        throw error
      }
      // the folder may be made later
      if (beginning === begun) beginning = undefined
    },
    async [Symbol.asyncDispose]() {
      await (await beginning)?.[Symbol.asyncDispose]()
    },
  }
}
