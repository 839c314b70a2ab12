/** From stances to what goes: nothing that anything kept names, needs or is referred to by. */

import type { Graph, Node, TagNode } from './graph.ts'
import { extendReach, fallWith, type Holder, type Reach, type Start } from './reach.ts'
import type { Ground, Stance } from './stances.ts'

export interface Case {
  readonly graph: Graph
  readonly tags: ReadonlyMap<TagNode, Stance>
  readonly manifests: ReadonlyMap<Node, Stance>
  /** Whether some of it could not be seen, so that no manifest is known to be needed by nothing. */
  readonly isBlind: boolean
}

/** Repositories of which nothing goes, and why; without a name, what a store's repositories share. */
export type Frozen = ReadonlyMap<string | undefined, Ground>

export interface Decision {
  readonly case: Case
  readonly frozen: Frozen
  /** Whatever stays, and what for. */
  readonly reach: Reach
  readonly goes: (node: Node) => boolean
  /** What becomes of a tag. */
  readonly fate: (tag: TagNode) => Fate
}

export type Fate =
  | { readonly kind: 'kept'; readonly for: 'stance' | 'frozen' | 'shared' }
  /** What it belongs to stays. */
  | { readonly kind: 'kept'; readonly for: 'subject'; readonly subject: Node }
  | { readonly kind: 'untagged' | 'deleted' }

const KEPT: Fate = { kind: 'kept', for: 'stance' }
const FROZEN: Fate = { kind: 'kept', for: 'frozen' }
const SHARED: Fate = { kind: 'kept', for: 'shared' }
const UNTAGGED: Fate = { kind: 'untagged' }
const DELETED: Fate = { kind: 'deleted' }

export function decide(open: Case, frozen: Frozen): Decision {
  const { graph, isBlind } = open
  const reach = new Map<Node, Holder>()
  extendReach(reach, keptStarts(open, frozen))
  const roots = isBlind ? [] : releasedNodes(open, frozen)
  const falling = fallWith(roots, graph.observed.isWhole)
  const staying = graph.nodes.filter(node => !falling.has(node))
  const isOnTop = ({ neededBy, manifest }: Node) =>
    neededBy.length === 0 && manifest?.subject === undefined
  // of what keeps itself, that comes first which others are needed by
  extendReach(reach, staying.filter(isOnTop).map(byItself))
  extendReach(reach, staying.map(byItself))
  // what is only mentioned is not there
  const isThere = ({ manifest, tags }: Node) => manifest !== undefined || tags.length > 0
  const goes = (node: Node) => falling.has(node) && !reach.has(node) && isThere(node)
  const fate = (tag: TagNode): Fate => {
    if (open.tags.get(tag)?.kind === 'kept') return KEPT
    if (frozen.has(tag.repository.repository)) return FROZEN
    const subject = tag.subjects.find(subject => reach.has(subject))
    if (subject) return { kind: 'kept', for: 'subject', subject }
    if (goes(tag.node)) return DELETED
    return graph.observed.removesTags ? UNTAGGED : SHARED
  }
  return { case: open, frozen, reach, goes, fate }
}

function keptStarts({ tags, manifests }: Case, frozen: Frozen): readonly Start[] {
  const starts: Start[] = []
  for (const [tag, { kind }] of tags) {
    if (kind === 'kept' || frozen.has(tag.repository.repository)) {
      starts.push({ node: tag.node, holder: { kind: 'tag', tag } })
    }
  }
  for (const [node, { because }] of manifests) {
    if (because === 'protected') starts.push(byItself(node))
  }
  return starts
}

const ITSELF: Holder = { kind: 'itself' }

function byItself(node: Node): Start {
  return { node, holder: ITSELF }
}

/** Those that others keep are among them: frozen tags do, as any that is kept. */
function releasedNodes({ tags, manifests }: Case, frozen: Frozen): readonly Node[] {
  const released: Node[] = []
  for (const [{ node }, { kind }] of tags) if (kind === 'released') released.push(node)
  for (const [node, { kind }] of manifests) {
    if (kind === 'released' && !frozen.has(node.manifest?.repository)) released.push(node)
  }
  return released
}
