/** The folder of one build, which goes with all that is in it. */
import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasCode } from '../util/errno.ts'
import { makeScratchFolder, type ScratchInit } from '../util/scratch-folder.ts'

export interface Workspace extends AsyncDisposable {
  readonly folder: string
  file(name: string): string
}

export async function openWorkspace(init: ScratchInit): Promise<Workspace> {
  const folder = await makeScratchFolder(init, 'waybill-build-')
  return {
    folder,
    file: name => join(folder, name),
    [Symbol.asyncDispose]: () => removeTree(folder),
  }
}

const FORBIDDEN = new Set(['EACCES', 'EPERM'])

/** Folders that nobody may write in, as a copy of a context may have some, are no obstacle. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (error) {
    if (!hasCode(error, FORBIDDEN)) throw error
    await openUp(path)
    await rm(path, { recursive: true, force: true })
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700)
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name))
  }
}
