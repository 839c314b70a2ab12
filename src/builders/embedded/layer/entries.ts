/** What a layer holds, in the order that all layers have: each folder before what is in it. */
import { posix } from 'node:path'
import { BuildError } from '../../../errors.ts'
import type { NewEntry } from '../../../tar/encode.ts'
import { byCodePoint } from '../../../util/code-points.ts'
import type { LayerChanges } from '../copy.ts'
import { OPAQUE, WHITEOUT } from '../tree/apply-layer.ts'
import { PLAIN_FOLDER, type FileNode, type Node } from '../tree/node.ts'

export interface LayerEntry {
  readonly entry: NewEntry
  /** Whose bytes follow it. */
  readonly file?: FileNode
}

/** Time is kept, or changed as told. */
export type Mtime = (own: number) => number

export function layerEntries({ tree, changes }: LayerChanges, mtime: Mtime): readonly LayerEntry[] {
  const names = new Map<FileNode, string>()
  return sorted(withParents(changes.put)).flatMap(path => {
    const node = tree.at(path)
    // what was put may be gone again, with its folder
    if (node === undefined) return []
    requireWritable(path)
    const own = entryOf(path.slice(1), node, { names, mtime })
    const isEmptied = node.kind === 'folder' && changes.emptied.has(path)
    return isEmptied ? [own, opaque(path, mtime)] : [own]
  })
}

/** Folders on the way are in the layer as they are below it, as BuildKit has them. */
function withParents(paths: Iterable<string>): ReadonlySet<string> {
  const all = new Set<string>()
  for (const path of paths) {
    for (let at = path; at !== '/' && !all.has(at); at = posix.dirname(at)) all.add(at)
  }
  return all
}

/** A slash comes before all that a name may hold, so that what is in a folder follows it. */
function sorted(paths: Iterable<string>): readonly string[] {
  const keys = Array.from(paths, path => [path.replaceAll('/', '\0'), path] as const)
  return keys.toSorted(([a], [b]) => byCodePoint(a, b)).map(([, path]) => path)
}

interface Context {
  /** The first name of each file of which there may be more. */
  readonly names: Map<FileNode, string>
  readonly mtime: Mtime
}

function entryOf(name: string, node: Node, { names, mtime }: Context): LayerEntry {
  const { mode, uid, gid, xattrs } = node
  const shared = { mode, uid, gid, mtime: mtime(node.mtime), ...(xattrs && { xattrs }) }
  const plain = { ...shared, name, size: 0, target: '', major: 0, minor: 0 }
  switch (node.kind) {
    case 'folder':
      return { entry: { ...plain, kind: 'folder', name: `${name}/` } }
    case 'symlink':
      return { entry: { ...plain, kind: 'symlink', target: node.target } }
    case 'file': {
      const first = names.get(node)
      if (first !== undefined) return { entry: { ...plain, kind: 'link', target: first } }
      names.set(node, name)
      return { entry: { ...plain, kind: 'file', size: node.size }, file: node }
    }
    case 'fifo':
    case 'char-device':
    case 'block-device': {
      const { kind, major, minor } = node
      return { entry: { ...plain, kind, major, minor } }
    }
  }
}

/** Hides what the layers below have in a folder of that name. */
function opaque(path: string, mtime: Mtime): LayerEntry {
  const name = posix.join(path.slice(1), OPAQUE)
  const attributes = { ...PLAIN_FOLDER, mode: 0o644, mtime: mtime(0) }
  return { entry: { ...attributes, kind: 'file', name, size: 0, target: '', major: 0, minor: 0 } }
}

function requireWritable(path: string): void {
  if (!posix.basename(path).startsWith(WHITEOUT)) return
  throw new BuildError('BUILD_FAILED', `${path} cannot be in an image`, {
    hint: `a name that begins with ${WHITEOUT} means that something is removed; rename it`,
  })
}
