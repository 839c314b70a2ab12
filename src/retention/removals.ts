/**
 * What goes, in an order in which no name is ever left dangling: tags, indexes before what is in
 * them, and in the end what refers to them, signatures after what they sign.
 */

import type { Node, TagNode } from './graph.ts'
import type { Grounds } from './grounds.ts'
import type { ObservedGraph } from './observed.ts'
import type { Removal } from './verdicts.ts'

/** `first` is the place of the first of them in the list of all. */
export function removalsOf(grounds: Grounds, first: number): readonly Removal[] {
  const { goes, fate, case: open } = grounds.decision
  const going = open.graph.nodes.filter(goes)
  const { removesTags } = open.graph.observed
  const tags = removesTags ? open.graph.tags.filter(tag => fate(tag).kind !== 'kept') : []
  const follows = (tag: TagNode) => open.tags.get(tag)?.kind === 'follows'
  const referring = referrersAmong(going, follows)
  const order: readonly (TagNode | Node)[] = [
    ...tags.filter(tag => !follows(tag)),
    ...topDown(going.filter(node => !referring.has(node))),
    ...tags.filter(follows),
    ...topDown(going.filter(node => referring.has(node))),
  ]
  const places = new Map<TagNode | Node, number>()
  return order.map((what, index) => {
    const removal = 'node' in what ? untag(grounds, what, places) : remove(grounds, what, places)
    places.set(what, first + index)
    return removal
  })
}

/** What goes as a referrer, by what it says or by its tag, and all that is in that. */
function referrersAmong(
  going: readonly Node[],
  follows: (tag: TagNode) => boolean,
): ReadonlySet<Node> {
  const all = new Set(going)
  const found = new Set(
    going.filter(({ subject, tags }) => (subject && all.has(subject)) || tags.some(follows)),
  )
  for (const { needs } of found) for (const part of needs) if (all.has(part)) found.add(part)
  return found
}

/**
 * Indexes before what is in them; and, as far as that leaves it open, what is referred to before what
 * refers to it.
 */
function topDown(nodes: readonly Node[]): readonly Node[] {
  const inOrder = arranged(nodes, ({ needs, referrers, referrerTags }) => [
    ...needs,
    ...referrers,
    ...referrerTags.map(({ node }) => node),
  ])
  return arranged(inOrder, ({ needs }) => [...needs])
}

/** Each before what is `below` it, where that is no ring; the rest in the order that it has. */
function arranged(nodes: readonly Node[], below: (node: Node) => Node[]): readonly Node[] {
  const left = new Set(nodes)
  const bottomUp: Node[] = []
  const open: { readonly node: Node; readonly rest: Node[] }[] = []
  const enter = (node: Node) => {
    if (left.delete(node)) open.push({ node, rest: below(node) })
  }
  for (const start of nodes.toReversed()) {
    enter(start)
    for (let top = open.at(-1); top; top = open.at(-1)) {
      const next = top.rest.pop()
      if (next) enter(next)
      else {
        bottomUp.push(top.node)
        open.pop()
      }
    }
  }
  return bottomUp.toReversed()
}

type Places = ReadonlyMap<TagNode | Node, number>

function untag({ decision, ofTag }: Grounds, tag: TagNode, places: Places): Removal {
  const { observed, repository, subjects } = tag
  return {
    kind: 'untag',
    store: decision.case.graph.observed.store,
    repository: repository.repository,
    tag: observed.tag,
    digest: observed.digest,
    why: ofTag(tag).reason,
    needs: placesOf(subjects, places),
  }
}

function remove({ decision, ofManifest }: Grounds, node: Node, places: Places): Removal {
  const { observed } = decision.case.graph
  const { digest, tags, neededBy, subject } = node
  const repository = repositoryOf(observed, node)
  const about = subject ? [subject] : tags.flatMap(({ subjects }) => subjects)
  return {
    kind: 'delete',
    store: observed.store,
    ...(repository !== undefined && { repository }),
    digest,
    tags: observed.removesTags ? [] : tags.map(({ observed }) => observed.tag),
    why: ofManifest(node).reason,
    needs: placesOf([...tags, ...neededBy, ...about], places),
  }
}

/** What was not read is where its tags are. */
function repositoryOf({ repositories }: ObservedGraph, { manifest }: Node): string | undefined {
  if (manifest) return manifest.repository
  return repositories.length === 1 ? repositories[0]?.repository : undefined
}

function placesOf(what: readonly (TagNode | Node)[], places: Places): readonly number[] {
  const found = new Set(what.flatMap(one => places.get(one) ?? []))
  return [...found].toSorted((a, b) => a - b)
}
