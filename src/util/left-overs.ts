import { rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseLeftOver } from './atomic-file.ts'
import { unless } from './errno.ts'
import { hasEndedMarked, type Identity } from './holder.ts'

/** Where nothing tells of a writer: a file that grows this rarely has none any more. */
const SILENT_MS = 24 * 60 * 60_000

/**
 * Removes, of `paths`, what killed processes had begun to write of files that are `meant`: files, or
 * folders with all that is in them. What is
 * of processes that may still be at it stays, and so does what another user has left and only that
 * user may remove.
 */
export async function removeLeftOvers(
  paths: Iterable<string>,
  meant: (file: string) => boolean,
  { self, now }: { readonly self: Identity; readonly now: () => Date },
): Promise<void> {
  for (const path of paths) {
    const left = parseLeftOver(basename(path))
    if (left === undefined || !meant(left.file)) continue
    if (await isLeft({ path, mark: left.mark }, { self, now })) {
      await unlessForbidden(rm(path, { recursive: true, force: true }))
    }
  }
}

/** Whether a file is of a process that has ended, or, where nothing tells, was silent for long. */
export async function isLeft(
  { path, mark }: { readonly path: string; readonly mark: string },
  { self, now }: { readonly self: Identity; readonly now: () => Date },
): Promise<boolean> {
  return (await hasEndedMarked(mark, self)) ?? isSilent(path, now())
}

async function isSilent(path: string, now: Date): Promise<boolean> {
  const found = await unless('ENOENT', stat(path))
  return found !== undefined && now.getTime() - found.mtimeMs > SILENT_MS
}

async function unlessForbidden(removing: Promise<void>): Promise<void> {
  await unless('EACCES', unless('EPERM', removing))
}
