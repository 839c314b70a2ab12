/**
 * A build context as a folder, for programs that take nothing else: the folder itself where all of
 * it is wanted, else a copy of what is.
 */
import { chmod, constants, copyFile, lutimes, mkdir, symlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { BuildError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import type { BuildContext } from '../builder.ts'
import { requireSame } from './disk-file.ts'
import { contextEntries, type Entry } from './entries.ts'

export interface FolderOptions {
  /** Where a copy is made, if one is needed; not there yet. */
  readonly copy: string
  /** A copy even where nothing is left out: the build may write into it. */
  readonly always?: boolean
}

export async function contextFolder(
  context: BuildContext,
  { copy, always = false }: FolderOptions,
  call: Call,
): Promise<string> {
  if (!always && (await isWhole(context, call))) return context.folder
  await mkdir(copy)
  const folders: Entry[] = []
  for await (const entry of contextEntries(context, call)) {
    await copyEntry(entry, copy)
    if (entry.kind === 'folder') folders.push(entry)
  }
  // putting files into a folder changes its time, and may not be allowed in the end
  for (const { path, mode, mtime } of folders.toReversed()) {
    await utimes(join(copy, path), mtime, mtime)
    await chmod(join(copy, path), mode)
  }
  return copy
}

async function isWhole(context: BuildContext, call: Call): Promise<boolean> {
  let isWhole = true
  const onLeftOut = () => {
    isWhole = false
  }
  for await (const _ of contextEntries(context, { ...call, onLeftOut })) if (!isWhole) break
  return isWhole
}

async function copyEntry(entry: Entry, copy: string): Promise<void> {
  const { path, mode, mtime } = entry
  const to = join(copy, path)
  switch (entry.kind) {
    case 'folder':
      return mkdir(to, { mode: 0o700 })
    case 'symlink':
      await symlink(entry.target, to)
      return lutimes(to, mtime, mtime)
    case 'file':
      // shares the bytes where the filesystem can
      await copied(entry.file.path, to, entry.file.shown)
      await requireSame(entry.file)
      await utimes(to, mtime, mtime)
      return chmod(to, mode)
  }
}

async function copied(from: string, to: string, shown: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  } catch (cause) {
    throw new BuildError('BUILD_FAILED', `${shown} cannot be copied for the build`, { cause })
  }
}
