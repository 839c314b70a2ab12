/** Where links in an untrusted folder lead. */

import { lstat, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { InputError } from '../errors.ts'

/**
 * Refuses a file or folder that was named, or that is in one that was, where a link on the way to
 * it leads out of the folder that the link is in. The way begins at `cwd`; what is elsewhere was
 * named by whoever runs this, up to its last part.
 */
export async function refuseLinkedFile(given: string, named: string, cwd: string): Promise<void> {
  const argument = resolve(cwd, named)
  const from = isInside(cwd, argument) ? cwd : dirname(argument)
  if (await isConfined(from, resolve(cwd, given))) return
  throw new InputError('MANIFEST_UNTRUSTED', `a link takes ${given} out of its folder`, {
    hint: 'links in an untrusted folder may only lead further into it',
  })
}

/** Whether every part of the way from a folder leads into the one before it. */
export async function isConfined(from: string, path: string): Promise<boolean> {
  let at = from
  let real = await unlessMissing(realpath(from))
  for (const part of relative(from, path).split(sep)) {
    if (real === undefined) return true
    at = join(at, part)
    const next = await unlessMissing(realpath(at))
    // a link to nothing may lead anywhere once there is something
    if (next === undefined) return (await unlessMissing(lstat(at))) === undefined
    if (!isInside(real, next)) return false
    real = next
  }
  return true
}

/** What cannot be looked at is not missing. */
async function unlessMissing<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw new InputError('MANIFEST_UNTRUSTED', 'where links lead cannot be seen', { cause })
  }
}

/** Whether `path` is `folder` or below it; both absolute. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return !isAbsolute(way) && !/^\.\.(?:[\\/]|$)/.test(way)
}
