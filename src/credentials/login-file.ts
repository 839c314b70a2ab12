/** Writing a file of logins: for its owner alone, and whole or not at all. */
import { mkdir, readlink, realpath, stat, type FileHandle } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Call } from '../util/call.ts'
import { keepOwner, replaceFile, syncFolder } from '../util/atomic-file.ts'
import { unless } from '../util/errno.ts'
import { unusable } from './sources.ts'

const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** `text` in place of the file, or of what it leads to where it is a symbolic link. */
export async function writeLoginFile(path: string, text: string, call: Call = {}): Promise<void> {
  try {
    const target = await targetOf(path)
    const before = await unless('ENOENT', stat(target))
    if (before?.isFile() === false) throw unwritable(path, 'it is no regular file')
    await mkdir(dirname(target), { recursive: true, mode: FOLDER_MODE })
    const fill = async (file: FileHandle) => {
      if (before) await keepOwner(file, before)
      await file.writeFile(text)
    }
    await replaceFile(target, fill, { ...call, mode: FILE_MODE })
    await syncFolder(dirname(target))
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error
    throw unwritable(path, String(error.code))
  }
}

/** Where a link leads in the end, also where nothing is there yet. */
async function targetOf(path: string): Promise<string> {
  const real = await unless('ENOENT', realpath(path))
  if (real !== undefined) return real
  const link = await unless('EINVAL', unless('ENOENT', readlink(path)))
  return link === undefined ? path : targetOf(resolve(await realpath(dirname(path)), link))
}

function unwritable(path: string, why: string) {
  return unusable(
    `${path} cannot be written: ${why}`,
    'logins are kept in a file that this user may write; --authfile FILE names another one',
  )
}
