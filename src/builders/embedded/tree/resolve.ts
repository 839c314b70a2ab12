/**
 * Where a path leads in a tree, its links followed as if the tree were all there is: `/..` is `/`,
 * and no link leads out.
 */
import { BuildError } from '../../../errors.ts'
import type { FolderNode, Node } from './node.ts'

export interface Resolved {
  /** Without links and `..`; what is not there is where it would be. */
  readonly path: string
  readonly node: Node | undefined
}

const MOST_LINKS = 255
/** No system opens what is deeper; links that lead to ever deeper places end here. */
const MOST_DEPTH = 2048

interface Way {
  readonly nodes: (Node | undefined)[]
  readonly names: string[]
  readonly ahead: string[]
}

/** `last`: whether a link at the very end is followed as well. */
export function resolvePath(
  root: FolderNode,
  path: string,
  { last = true }: { readonly last?: boolean } = {},
): Resolved {
  const way: Way = { nodes: [root], names: [], ahead: path.split('/').toReversed() }
  let links = 0
  for (let name = way.ahead.pop(); name !== undefined; name = way.ahead.pop()) {
    if (name === '' || name === '.') continue
    if (name === '..') {
      back(way)
      continue
    }
    const node = childOf(way, name)
    if (node?.kind !== 'symlink' || (!last && isLast(way))) {
      way.nodes.push(node)
      way.names.push(name)
      if (way.names.length > MOST_DEPTH) throw new BuildError('BUILD_FAILED', `${path}: too deep`)
      continue
    }
    if (++links > MOST_LINKS) throw new BuildError('BUILD_FAILED', `${path}: too many links`)
    way.ahead.push(...node.target.split('/').toReversed())
    if (node.target.startsWith('/')) while (way.names.length > 0) back(way)
  }
  return { path: `/${way.names.join('/')}`, node: way.nodes.at(-1) }
}

function isLast({ ahead }: Way): boolean {
  return ahead.every(part => part === '' || part === '.')
}

function back({ nodes, names }: Way): void {
  if (names.pop() !== undefined) nodes.pop()
}

function childOf({ nodes, names }: Way, name: string): Node | undefined {
  const parent = nodes.at(-1)
  if (parent === undefined || parent.kind === 'folder') return parent?.children.get(name)
  throw new BuildError('BUILD_FAILED', `/${names.join('/')} is no folder, so ${name} is not in it`)
}
