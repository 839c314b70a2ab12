/**
 * Puts one file or folder where COPY and ADD put it: BuildKit's rules, which are those of its
 * `fsutil/copy`, on a tree instead of a disk.
 */
import { posix } from 'node:path'
import { BuildError } from '../../../errors.ts'
import {
  attributesOf,
  fileNode,
  type Attributes,
  type FileNode,
  type FolderNode,
  type Leaf,
} from '../tree/node.ts'
import type { Owner } from '../tree/owner.ts'
import { resolvePath } from '../tree/resolve.ts'
import type { Tree } from '../tree/tree.ts'
import type { Chmod } from './chmod.ts'
import type { PathMatcher } from './pattern.ts'
import { namesIn, type Match } from './sources.ts'

export interface Placing {
  /** Of all that is copied or made; absent: what is copied keeps its own, what is made is root's. */
  readonly owner?: Owner
  readonly chmod?: Chmod
  /** What is left out of folders that are copied, by paths from the folder on. */
  readonly exclude?: PathMatcher
  /** The time, in seconds, of folders that are made on the way. */
  readonly madeAt: number
}

/** `destination`: from the root on; a slash at its end says that it is a folder. */
export function place(tree: Tree, match: Match, destination: string, placing: Placing): void {
  const made = madeFolder(placing)
  makeFolders(tree, isFolderPath(destination) ? destination : posix.dirname(destination), made)
  const found = resolvePath(tree.root, destination)
  const isInside = match.node.kind !== 'folder' && found.node?.kind === 'folder'
  const path = isInside ? posix.join(found.path, match.name) : found.path
  makeFolders(tree, match.node.kind === 'folder' && !found.node ? path : posix.dirname(path), made)
  const copier: Copier = { tree, placing, include: match.include, links: new Map(), parents: [] }
  if (match.node.kind !== 'folder') putLeaf(copier, match.node, path)
  else copyInto(copier, match.node, { at: '', path })
}

function isFolderPath(path: string): boolean {
  return path.endsWith('/')
}

export function madeFolder({ owner, chmod, madeAt }: Placing): Attributes {
  const { uid, gid } = owner ?? { uid: 0, gid: 0 }
  return { mode: chmod?.made ?? 0o755, uid, gid, mtime: madeAt }
}

/** Makes what is missing of a path, links followed, and answers where that is. */
export function makeFolders(tree: Tree, path: string, made: Attributes): string {
  const found = resolvePath(tree.root, path)
  if (found.node?.kind === 'folder') return found.path
  if (found.node) throw new BuildError('BUILD_FAILED', `${path} is there, and is no folder`)
  let at = '/'
  for (const name of found.path.split('/').slice(1)) {
    at = posix.join(at, name)
    if (!tree.at(at)) tree.putFolder(at, made)
  }
  return found.path
}

interface Copier {
  readonly tree: Tree
  readonly placing: Placing
  readonly include: PathMatcher | undefined
  /** What became of each file, so that its other names stay names of one file. */
  readonly links: Map<FileNode, FileNode>
  /** The folders on the way, which are made once something in them is copied. */
  readonly parents: { readonly folder: FolderNode; readonly path: string; isDone: boolean }[]
}

/** Where something is in what is copied, and where it goes. */
interface Step {
  readonly at: string
  readonly path: string
}

/** What is in a folder, into another one. */
function copyInto(copier: Copier, folder: FolderNode, { at, path }: Step): void {
  if (at === '') requireFolder(copier.tree, path)
  copier.parents.push({ folder, path, isDone: at === '' || isIncluded(copier, at) })
  for (const [name, node] of namesIn(folder)) {
    const step = { at: posix.join(at, name), path: posix.join(path, name) }
    if (node.kind === 'folder') copyFolder(copier, node, step)
    else if (isIncluded(copier, step.at)) {
      makeParents(copier)
      putLeaf(copier, node, step.path)
    }
  }
  copier.parents.pop()
}

function copyFolder(copier: Copier, folder: FolderNode, step: Step): void {
  if (isIncluded(copier, step.at)) {
    makeParents(copier)
    putFolder(copier, folder, step.path)
  }
  const { exclude } = copier.placing
  if (exclude?.matches(step.at) && !exclude.hasExceptions) return
  copyInto(copier, folder, step)
}

function isIncluded({ include, placing: { exclude } }: Copier, at: string): boolean {
  return (include?.matches(at) ?? true) && !exclude?.matches(at)
}

function makeParents(copier: Copier): void {
  for (const parent of copier.parents) {
    if (parent.isDone) continue
    const before = copier.tree.at(parent.path)
    if (before?.kind !== 'folder') putFolder(copier, parent.folder, parent.path)
    else {
      // BuildKit gives it the permissions, and nothing else
      const { mode } = parent.folder
      copier.tree.putFolder(parent.path, { ...attributesOf(before), mode })
    }
    parent.isDone = true
  }
}

/** A folder that is there already is given the attributes of the one that is copied onto it. */
function putFolder(copier: Copier, folder: FolderNode, path: string): void {
  requireFolder(copier.tree, path)
  copier.tree.putFolder(path, placed(copier.placing, folder))
}

function requireFolder(tree: Tree, path: string): void {
  const before = tree.at(path)
  if (before === undefined || before.kind === 'folder') return
  throw new BuildError('BUILD_FAILED', `a folder cannot be copied onto ${path}, which is none`)
}

function putLeaf(copier: Copier, leaf: Leaf, path: string): void {
  if (copier.tree.at(path)?.kind === 'folder') {
    throw new BuildError('BUILD_FAILED', `a file cannot be copied onto ${path}, which is a folder`)
  }
  copier.tree.put(path, copied(copier, leaf))
}

function copied({ placing, links }: Copier, leaf: Leaf): Leaf {
  if (leaf.kind === 'symlink') return { ...leaf, ...placed(placing, leaf), mode: leaf.mode }
  if (leaf.kind !== 'file') return { ...leaf, ...placed(placing, leaf) }
  const known = links.get(leaf)
  if (known) return known
  const copy = fileNode(placed(placing, leaf), leaf)
  links.set(leaf, copy)
  return copy
}

function placed({ owner, chmod }: Placing, node: Leaf | FolderNode): Attributes {
  const { uid, gid, mtime, xattrs } = node
  const mode = chmod?.apply(node) ?? node.mode
  const { uid: user, gid: group } = owner ?? { uid, gid }
  return attributesOf({ mode, uid: user, gid: group, mtime, ...(xattrs && { xattrs }) })
}
