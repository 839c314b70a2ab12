import { stat, unlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseLeftOver } from '../../util/atomic-file.ts'
import { unless } from '../../util/errno.ts'
import { hasEndedMarked, type Identity } from '../../util/holder.ts'
import { filesIn, unlessAbsent, type Folder } from './folder.ts'

/** What a layout's files are called while they are not yet whole. */
const FILES = /^(?:index\.json(?:\.lock.*)?|oci-layout|[0-9a-f]{64}|[0-9a-f]{128})$/

/** Where nothing tells of a writer: a file that grows this rarely has none any more. */
const SILENT_MS = 24 * 60 * 60_000

/**
 * Removes the files that killed processes had begun to write. Those of processes that may still
 * be at it stay, and so does what another user has left and only that user may remove.
 */
export async function tidy(
  folder: Folder,
  { self, now }: { readonly self: Identity; readonly now: () => Date },
): Promise<void> {
  for (const path of await filesIn(folder)) {
    const left = parseLeftOver(basename(path))
    if (left === undefined || !FILES.test(left.file)) continue
    const ended = await hasEndedMarked(left.mark, self)
    if (ended ?? (await isSilent(path, now()))) await unlessForbidden(unlink(path))
  }
}

async function isSilent(path: string, now: Date): Promise<boolean> {
  const found = await unlessAbsent(stat(path))
  return found !== undefined && now.getTime() - found.mtimeMs > SILENT_MS
}

async function unlessForbidden(removing: Promise<void>): Promise<void> {
  await unless('ENOENT', unless('EACCES', unless('EPERM', removing)))
}
