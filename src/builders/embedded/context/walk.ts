/**
 * A build context: a folder of this machine as a tree, owned by root, without what is ignored.
 *
 * Links are kept as links and never followed, so nothing from outside gets in. As with BuildKit a
 * socket is an empty file, and named pipes and devices are what they are. Extended attributes, which
 * Node cannot read, are left behind.
 */
import type { Call } from '../../../util/call.ts'
import { walkFound } from '../../context/walk.ts'
import type { FileNode } from '../tree/node.ts'
import { createTree, type Tree } from '../tree/tree.ts'
import { attributesIn, leafIn } from './stat-node.ts'

export interface WalkOptions extends Call {
  /** Whether a path, from the folder on, is left out. */
  readonly isIgnored?: (path: string) => boolean
  /** Whether nothing in a folder that is left out can be an exception. */
  readonly isSkipped?: (path: string) => boolean
  readonly mostEntries?: number
  /** What the folder is called in errors, and what may help there; absent: it is a build context. */
  readonly named?: { readonly name: string; readonly hint: string }
  /** Of all that is found, in seconds; absent: each has its own. */
  readonly mtime?: number
}

export interface Context {
  readonly tree: Tree
  readonly files: number
  readonly bytes: number
}

export async function walkContext(folder: string, options: WalkOptions = {}): Promise<Context> {
  const { isIgnored = () => false, isSkipped = () => true, mtime, named, ...call } = options
  const ignore = { isIgnored, isIgnoredWhole: isSkipped }
  const tree = createTree()
  // files that have several names, by what they are on the disk
  const links = new Map<string, FileNode>()
  let files = 0
  let bytes = 0
  const { name, ...helping } = named ?? { name: 'the build context' }
  for await (const found of walkFound({ name, folder, ignore }, { ...call, ...helping })) {
    const { path, whole, stats, target } = found
    if (stats.isDirectory()) {
      tree.putFolder(path, attributesIn({ stats, mtime }))
      continue
    }
    const leaf = leafIn({ path: whole, shown: path, stats, target, mtime }, links)
    tree.put(path, leaf)
    if (leaf.kind !== 'file') continue
    files += 1
    bytes += leaf.size
  }
  return { tree, files, bytes }
}
