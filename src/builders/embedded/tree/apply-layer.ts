/**
 * Puts one layer onto a tree, as container engines do: links on the way to a name are followed,
 * folders that nobody mentioned are made, whiteouts take away what is below.
 *
 * A whiteout is about the layers below its own, wherever in its layer it stands (OCI image-spec,
 * layer.md).
 */
import { posix } from 'node:path'
import { BuildError, StoreError } from '../../../errors.ts'
import type { TarEntry } from '../../../tar/entry.ts'
import { leafOf } from './entry-node.ts'
import { attributesOf, PLAIN_FOLDER, type FolderNode, type Leaf, type Node } from './node.ts'
import type { TarSource } from './node.ts'
import { resolvePath } from './resolve.ts'
import type { Tree } from './tree.ts'

export const WHITEOUT = '.wh.'
export const OPAQUE = '.wh..wh..opq'
/** What aufs kept beside its whiteouts, in the root, and no engine reads any more. */
const META = '.wh..wh.'

interface Layer {
  readonly tree: Tree
  readonly source: TarSource
  /** What came with this layer, which its whiteouts are not about. */
  readonly own: Set<Node>
}

export async function applyLayer(
  tree: Tree,
  entries: AsyncIterable<TarEntry>,
  source: TarSource,
): Promise<void> {
  const layer: Layer = { tree, source, own: new Set() }
  for await (const entry of entries) {
    try {
      applyEntry(layer, entry)
    } catch (error) {
      if (!(error instanceof BuildError)) throw error
      const message = `${source.where}: ${JSON.stringify(entry.name)} ${error.message}`
      throw new StoreError('CONTENT_CORRUPT', message)
    }
  }
}

function applyEntry(layer: Layer, entry: TarEntry): void {
  if (entry.name.split('/').includes('..')) throw refused('leads out of the image')
  const name = posix.join('/', entry.name).replace(/(?<=.)\/$/, '')
  if (name === '/') return
  const base = posix.basename(name)
  if (name.startsWith(`/${META}`) && base !== OPAQUE) return
  const folder = folderFor(layer, posix.dirname(name))
  if (base === OPAQUE) removeBelow(layer, folder)
  else if (base.startsWith(WHITEOUT)) whiteOut(layer, folder, base.slice(WHITEOUT.length))
  else add(layer, posix.join(folder, base), entry)
}

/** The folder, links to it followed; made where it is missing. */
function folderFor({ tree, own }: Layer, path: string): string {
  const found = resolvePath(tree.root, path)
  if (found.node?.kind === 'folder') return found.path
  if (found.node) throw refused('is in what is no folder')
  let at = '/'
  for (const name of found.path.split('/').slice(1)) {
    at = posix.join(at, name)
    if (!tree.at(at)) own.add(tree.putFolder(at, PLAIN_FOLDER))
  }
  return found.path
}

function add(layer: Layer, path: string, entry: TarEntry): void {
  const { tree, own, source } = layer
  const { kind } = entry
  if (kind === 'folder') {
    own.add(tree.putFolder(path, attributesOf(entry)))
    return
  }
  const leaf = kind === 'link' ? linkedTo(layer, entry) : leafOf({ ...entry, kind }, source)
  tree.put(path, leaf)
  own.add(leaf)
}

/** The file that a hard link is another name of. */
function linkedTo({ tree }: Layer, { target }: TarEntry): Leaf {
  const found = resolvePath(tree.root, target, { last: false }).node
  if (found && found.kind !== 'folder') return found
  throw refused(`is a link to ${JSON.stringify(target)}, which is no file of the image`)
}

function whiteOut(layer: Layer, folder: string, name: string): void {
  if (name === '' || name === '.' || name === '..') throw refused('takes away nothing')
  const path = posix.join(folder, name)
  const node = layer.tree.at(path)
  if (node && !staysIn(layer, path, node)) layer.tree.remove(path)
}

/** Takes everything out of a folder that is not of this layer; whether anything is left. */
function removeBelow(layer: Layer, path: string): boolean {
  const folder = layer.tree.at(path)
  if (folder?.kind !== 'folder') return false
  let isLeft = false
  for (const [name, node] of childrenOf(folder)) {
    const child = posix.join(path, name)
    if (staysIn(layer, child, node)) isLeft = true
    else layer.tree.remove(child)
  }
  return isLeft
}

function staysIn(layer: Layer, path: string, node: Node): boolean {
  const isOwn = layer.own.has(node)
  if (node.kind !== 'folder') return isOwn
  return removeBelow(layer, path) || isOwn
}

/** As they are now, whatever becomes of them meanwhile. */
function childrenOf({ children }: FolderNode): readonly (readonly [string, Node])[] {
  return [...children]
}

function refused(message: string): BuildError {
  return new BuildError('BUILD_FAILED', message)
}
