/**
 * Puts what is in an archive into a folder, as `tar -x` would that could see nothing but that
 * folder. `--chmod` and `--exclude` say nothing of it.
 */
import { posix } from 'node:path'
import { BuildError } from '../../../errors.ts'
import type { TarEntry } from '../../../tar/entry.ts'
import { leafOf } from '../tree/entry-node.ts'
import { attributesOf, PLAIN_FOLDER, type FolderNode, type Leaf } from '../tree/node.ts'
import { resolvePath } from '../tree/resolve.ts'
import type { Tree } from '../tree/tree.ts'
import type { Archive } from './archive.ts'
import { madeFolder, makeFolders, type Placing } from './place.ts'

interface Unpacking {
  readonly tree: Tree
  /** The folder that everything goes into. */
  readonly into: string
  readonly archive: Archive
  readonly placing: Placing
}

export function unpack(tree: Tree, archive: Archive, destination: string, placing: Placing): void {
  const { owner, madeAt } = placing
  const made = madeFolder({ madeAt, ...(owner && { owner }) })
  const into = makeFolders(tree, destination, made)
  for (const entry of archive.entries) putEntry({ tree, into, archive, placing }, entry)
}

function putEntry(unpacking: Unpacking, entry: TarEntry): void {
  const { tree, into, archive, placing } = unpacking
  const name = posix.normalize(entry.name.replace(/^\/+/, '')).replace(/\/$/, '')
  if (name === '.') return
  if (name === '..' || name.startsWith('../')) throw refused(archive, entry, 'leads out of it')
  const path = posix.join(
    into,
    folderFor(unpacking, posix.dirname(name), entry),
    posix.basename(name),
  )
  const { kind } = entry
  if (kind === 'folder') {
    tree.putFolder(path, { ...attributesOf(entry), ...placing.owner })
    return
  }
  const leaf =
    kind === 'link' ? linkedTo(unpacking, entry) : leafOf({ ...entry, kind }, archive.tar)
  // a hard link is the file itself, and stays so
  tree.put(path, kind === 'link' ? leaf : { ...leaf, ...placing.owner })
}

/** Where a folder of the archive is, its links followed; made if it is missing. */
function folderFor(unpacking: Unpacking, path: string, entry: TarEntry): string {
  const { tree, into, archive } = unpacking
  const found = resolved(unpacking, path, entry)
  if (found.node?.kind === 'folder') return found.path
  const isLink = posix.join('/', path) !== found.path
  if (found.node || isLink) throw refused(archive, entry, 'is in what is no folder')
  let at = into
  for (const name of found.path.split('/').slice(1)) {
    at = posix.join(at, name)
    if (!tree.at(at)) tree.putFolder(at, { ...PLAIN_FOLDER, mtime: unpacking.placing.madeAt })
  }
  return found.path
}

function linkedTo(unpacking: Unpacking, entry: TarEntry): Leaf {
  const { node } = resolved(unpacking, entry.target, entry, false)
  if (node && node.kind !== 'folder') return node
  throw refused(
    unpacking.archive,
    entry,
    `is a link to ${JSON.stringify(entry.target)}, which is no file there`,
  )
}

function resolved(
  { tree, into, archive }: Unpacking,
  path: string,
  entry: TarEntry,
  last = true,
): ReturnType<typeof resolvePath> {
  const folder: FolderNode | undefined = folderAt(tree, into)
  if (folder === undefined) throw refused(archive, entry, 'has no folder to go to')
  try {
    return resolvePath(folder, path, { last })
  } catch (error) {
    throw error instanceof BuildError ? refused(archive, entry, error.message) : error
  }
}

function folderAt(tree: Tree, path: string): FolderNode | undefined {
  const node = tree.at(path)
  return node?.kind === 'folder' ? node : undefined
}

function refused({ tar }: Archive, { name }: TarEntry, why: string): BuildError {
  return new BuildError('BUILD_FAILED', `${tar.where}: ${JSON.stringify(name)} ${why}`)
}
