/** How images name archives: `./vendor/mysql.tar`, or one image of several: `./all.tar#mysql:5.7`. */

import { relative, resolve, sep } from 'node:path'
import { InputError } from '../errors.ts'
import { isDigest } from '../oci/digest.ts'
import { isPath, parseReference, type Reference } from '../oci/reference.ts'
import { quote } from '../yaml/words.ts'
import { nameInStore } from './places.ts'

export interface InArchive extends Omit<Reference, 'store'> {
  readonly path: string
}

const NO_STORES: ReadonlySet<string> = new Set()

/** After `#` is a name as docker has it; without one, the archive's only image is meant. */
export function parseInArchive(text: string): InArchive {
  const hash = text.lastIndexOf('#')
  if (hash < 0) return wholeArchive(text)
  const path = text.slice(0, hash)
  requireFile(path)
  const { store, repository, ...what } = parseReference(text.slice(hash + 1), NO_STORES)
  return { path, repository: nameInStore({ store, repository }, NO_STORES), ...what }
}

/** Perhaps with the digest that its image has to have. */
function wholeArchive(text: string): InArchive {
  const at = text.lastIndexOf('@')
  const digest = text.slice(at + 1)
  const path = isDigest(digest) ? text.slice(0, at) : text
  requireFile(path)
  return { path, repository: '', ...(isDigest(digest) && { digest }) }
}

/** With a repository and a tag it is a name that a lock can hold. */
const MAX_PATH = 240
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\u00a0\ufffc\ufffd]/u

/** The path is the archive's name in plans and locks, where everybody has to see what it is. */
export function requireFile(path: string): void {
  const hint = 'declare the archive under "stores", and use its name'
  if (UNSEEN.test(path)) {
    throw new InputError('BAD_REFERENCE', 'something in the path cannot be seen', { hint })
  }
  if (path.length > MAX_PATH) {
    const message = `a path of more than ${MAX_PATH} characters: ${quote(path)}`
    throw new InputError('BAD_REFERENCE', message, { hint })
  }
  if (/(?:^|\/)\.{0,2}$/.test(path)) {
    throw new InputError('BAD_REFERENCE', `${quote(path)} is a folder, and an archive is a file`, {
      hint: 'declare a layout under "stores", and use its name',
    })
  }
}

/** Whether a `from` names one image that never moves: by its digest, or as what an archive holds. */
export function isFixed(from: string): boolean {
  return isPath(from) ? !from.includes('#') || /@[^/#]*$/.test(from) : from.includes('@')
}

/**
 * What the archive is called as a store: its path, relative to the folder that the manifest is in.
 * The paths of several files are brought to the folder of the first. An absolute one stays so.
 */
export function archiveName(
  path: string,
  { folder, base }: { readonly folder: string; readonly base: string },
): string {
  if (path.startsWith('~/')) return path
  if (path.startsWith('/')) return resolve(path)
  const way = relative(base, resolve(folder, path)).split(sep).join('/')
  return way.startsWith('../') ? way : `./${way}`
}
