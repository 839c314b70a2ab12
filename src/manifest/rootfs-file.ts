/** What an entry says of the file that its root file system is in. */
import { InputError } from '../errors.ts'
import { parsePlatform, type Platform } from '../oci/platform.ts'
import { quote } from '../yaml/words.ts'
import { requireFile } from './archive-path.ts'

/** Not the machine's own, or the same manifest would not ask for the same everywhere. */
const PLATFORM = 'linux/amd64'

export function rootfsPlatform([platform = PLATFORM]: readonly string[] = []): Platform {
  return parsePlatform(platform)
}

/** A file as images name archives; only their folder is another thing than a layout. */
export function requireTar(path: string): void {
  try {
    requireFile(path)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    if (!/(?:^|\/)\.{0,2}$/.test(path)) {
      throw new InputError(error.code, error.message, { hint: 'give the file another name' })
    }
    throw new InputError('BAD_REFERENCE', `${quote(path)} is a folder, and this takes a tar`, {
      hint: 'pack it: tar -C FOLDER -czf rootfs.tar.gz .',
    })
  }
}
