/** What follows from what: all that something needs or is referred to by, and what would go with it. */

import type { Node, TagNode } from './graph.ts'

/** What keeps a manifest, nearest first. */
export type Holder =
  | { readonly kind: 'tag'; readonly tag: TagNode }
  /** Itself: nothing lets it go. */
  | { readonly kind: 'itself' }
  /** It is part of that one. */
  | { readonly kind: 'needed'; readonly by: Node }
  /** It refers to that one. */
  | { readonly kind: 'subject'; readonly by: Node }

export type Reach = ReadonlyMap<Node, Holder>

export interface Start {
  readonly node: Node
  readonly holder: Holder
}

/** Adds to `reach` the starts, and all that follows from them. Of several holders the first stands. */
export function extendReach(reach: Map<Node, Holder>, starts: readonly Start[]): void {
  const open: Node[] = []
  const hold = (node: Node, holder: Holder) => {
    if (reach.has(node)) return
    reach.set(node, holder)
    open.push(node)
  }
  for (const { node, holder } of starts) hold(node, holder)
  for (const by of open) {
    for (const part of by.needs) hold(part, { kind: 'needed', by })
    for (const other of by.referrers) hold(other, { kind: 'subject', by })
    for (const tag of by.referrerTags) hold(tag.node, { kind: 'subject', by })
  }
}

/**
 * What could go with the `roots`. Where not all manifests are listed, something that is not seen may
 * need what they need, so that stays.
 */
export function fallWith(roots: Iterable<Node>, isWhole: boolean): ReadonlySet<Node> {
  const falling = new Set(roots)
  for (const node of falling) {
    if (isWhole) for (const next of node.needs) falling.add(next)
    for (const next of node.referrers) falling.add(next)
    for (const { node: next } of node.referrerTags) falling.add(next)
  }
  return falling
}

/** Everything that `node` could be kept for, itself included. */
export function holdersOf(nodes: Iterable<Node>): ReadonlySet<Node> {
  const holders = new Set(nodes)
  for (const node of holders) for (const by of node.neededBy) holders.add(by)
  return holders
}
