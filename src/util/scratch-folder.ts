/** Folders of one process, for what only passes through this machine. */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from './errno.ts'
import { hasEndedMarked, identify, markOf, type Owner } from './holder.ts'

export interface ScratchInit {
  /** Where folders are made; it is made itself where it is not there. */
  readonly scratch: string
  readonly owner: Owner
}

/** Another user's, or with something of a killed process still mounted in it. */
const NOT_OURS = new Set(['EACCES', 'EPERM', 'EBUSY', 'ENOTEMPTY'])

/**
 * A new folder that only this user may look into, for the caller to remove. Those of the same
 * `prefix` that processes which have ended left behind are removed first.
 */
export async function makeScratchFolder(
  { scratch, owner }: ScratchInit,
  prefix: string,
): Promise<string> {
  const self = await identify(owner)
  await mkdir(scratch, { recursive: true })
  for (const name of await readdir(scratch)) {
    const mark = name.startsWith(prefix) ? name.slice(prefix.length, name.lastIndexOf('.')) : ''
    if (mark === '' || !(await hasEndedMarked(mark, self))) continue
    await removeIfOurs(join(scratch, name))
  }
  const path = join(scratch, `${prefix}${markOf(self)}.${randomBytes(6).toString('hex')}`)
  await mkdir(path, { mode: 0o700 })
  return path
}

async function removeIfOurs(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!hasCode(error, NOT_OURS)) throw error
  }
}
