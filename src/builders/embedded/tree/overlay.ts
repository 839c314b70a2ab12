import type { FolderNode } from './node.ts'
import type { Tree } from './tree.ts'

/** `lower` with the layer that holds all of `upper` on it. */
export function overlay(lower: Tree, upper: FolderNode): Tree {
  const tree = lower.fork()
  putAll(tree, upper, '')
  return tree
}

function putAll(tree: Tree, folder: FolderNode, at: string): void {
  for (const [name, node] of folder.children) {
    const path = `${at}/${name}`
    if (node.kind === 'folder') {
      tree.putFolder(path, node)
      putAll(tree, node, path)
    } else tree.put(path, node)
  }
}
