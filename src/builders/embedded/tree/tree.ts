/**
 * A tree of files that changes cheaply and is forked for nothing: what two trees have in common is
 * shared until one of them changes it, folder by folder.
 */
import {
  attributesOf,
  PLAIN_FOLDER,
  type Attributes,
  type FolderNode,
  type Leaf,
  type Node,
} from './node.ts'

export interface Tree {
  readonly root: FolderNode
  /** A tree that begins as this one is; what changes in one does not in the other. */
  fork(): Tree
  /** What is at a path from the root on, following no link. */
  at(path: string): Node | undefined
  /** In place of whatever was there. The folder that it goes into must be there. */
  put(path: string, leaf: Leaf): void
  /** A folder with these attributes, in place of what is no folder; what is in a folder stays. */
  putFolder(path: string, attributes: Attributes): FolderNode
  /** The absent is no failure. */
  remove(path: string): void
  /** Notes what is put from here on, and no longer for whoever called it before. */
  watch(): Changes
}

/** What one step did, for its layer. */
export interface Changes {
  /** Every path that something was put at. */
  readonly put: ReadonlySet<string>
  /** Paths where a folder was, with all that was in it, and then something else. */
  readonly emptied: ReadonlySet<string>
}

type Children = Map<string, Node>

export function createTree(from: FolderNode = emptyFolder()): Tree {
  let root = from
  // the folders that no other tree has, with what is in them
  let own = new WeakMap<FolderNode, Children>()
  let put = new Set<string>()
  let emptied = new Set<string>()

  function owned(folder: FolderNode): readonly [FolderNode, Children] {
    const children = own.get(folder)
    return children ? [folder, children] : adopt(attributesOf(folder), new Map(folder.children))
  }

  function adopt(attributes: Attributes, children: Children): readonly [FolderNode, Children] {
    const folder: FolderNode = { ...attributes, kind: 'folder', children }
    own.set(folder, children)
    return [folder, children]
  }

  /** What is in the folder of `path`, to be changed. */
  function siblings(names: readonly string[]): Children {
    let children: Children
    ;[root, children] = owned(root)
    for (const name of names.slice(0, -1)) {
      const next = children.get(name)
      if (next?.kind !== 'folder') throw new Error(`${name} is no folder of the tree`)
      const [folder, inner] = owned(next)
      if (folder !== next) children.set(name, folder)
      children = inner
    }
    return children
  }

  function note(path: string, before: Node | undefined, isFolder: boolean): void {
    put.add(path)
    if (before?.kind === 'folder' && !isFolder) emptied.add(path)
  }

  return {
    get root() {
      return root
    },
    fork() {
      own = new WeakMap()
      return createTree(root)
    },
    at(path) {
      return nodeAt(root, namesOf(path))
    },
    put(path, leaf) {
      const names = namesOf(path)
      const name = names.at(-1)
      if (name === undefined) throw new Error('the root of a tree is a folder')
      const children = siblings(names)
      note(path, children.get(name), false)
      children.set(name, leaf)
    },
    putFolder(path, attributes) {
      const names = namesOf(path)
      const name = names.at(-1)
      const children = name === undefined ? undefined : siblings(names)
      const before = name === undefined ? root : children?.get(name)
      note(path, before, true)
      const kept = before?.kind === 'folder' ? owned(before)[1] : new Map<string, Node>()
      const [folder] = adopt(attributesOf(attributes), kept)
      if (name === undefined) root = folder
      else children?.set(name, folder)
      return folder
    },
    remove(path) {
      const names = namesOf(path)
      const name = names.at(-1)
      if (name !== undefined && nodeAt(root, names)) siblings(names).delete(name)
    },
    watch() {
      put = new Set()
      emptied = new Set()
      return { put, emptied }
    },
  }
}

export function emptyFolder(): FolderNode {
  return { ...PLAIN_FOLDER, kind: 'folder', children: new Map() }
}

export function namesOf(path: string): readonly string[] {
  return path.split('/').filter(name => name !== '')
}

function nodeAt(root: FolderNode, names: readonly string[]): Node | undefined {
  let node: Node | undefined = root
  for (const name of names) node = node?.kind === 'folder' ? node.children.get(name) : undefined
  return node
}
