/** One graph, with what the rules say of all that is in it. */

import { shortDigest } from '../oci/digest.ts'
import { byCodePoint } from '../util/code-points.ts'
import type { Case, Frozen } from './decide.ts'
import { drawGraph, type Graph, type Node, type TagNode } from './graph.ts'
import { manifestStances } from './manifest-stances.ts'
import type { ObservedGraph } from './observed.ts'
import { holdersOf } from './reach.ts'
import type { ReadEntry, ReadRule } from './read-rules.ts'
import { governing, type Context, type Governing, type Ground, type Stance } from './stances.ts'
import { tagStances } from './tag-stances.ts'
import type { LeftAlone } from './verdicts.ts'

export interface OpenCase {
  readonly case: Case
  /** Repositories that could not be seen whole. */
  readonly frozen: Frozen
  /** Without a name: for what the repositories of a store share. */
  readonly rulesOf: (repository: string | undefined) => Governing
  readonly used: ReadonlySet<ReadEntry>
  readonly leftAlone: readonly LeftAlone[]
}

export function openCase(
  observed: ObservedGraph,
  rules: readonly ReadRule[],
  context: Context,
): OpenCase {
  const graph = drawGraph(observed)
  const rulesOf = rulesIn(observed, rules)
  const unreadable = unreadableIn(graph)
  const blind = blindness(observed, unreadable)
  const used = new Set<ReadEntry>()
  const tags = new Map<TagNode, Stance>()
  for (const [repository, own] of byRepository(graph)) {
    const found = tagStances(own, rulesOf(repository), context)
    for (const entry of found.used) used.add(entry)
    for (const [at, stance] of found.stances.entries()) {
      const tag = own[at]
      if (tag) tags.set(tag, stance)
    }
  }
  const manifests = manifestStances(graph, rulesOf, context)
  return {
    case: { graph, tags, manifests, isBlind: blind.size > 0 || unreadable.length > 0 },
    frozen: new Map([...blind].map(([repository, why]) => [repository, unseen(why)])),
    rulesOf,
    used,
    leftAlone: leftAlone(observed, rulesOf, blind),
  }
}

function rulesIn(
  { store, repositories }: ObservedGraph,
  rules: readonly ReadRule[],
): OpenCase['rulesOf'] {
  const own = repositories.map(({ repository }) => {
    const covering = rules.filter(({ where }) => where.covers(store, repository))
    return [repository, governing(covering)] as const
  })
  const byName = new Map(own)
  const shared = governing(rules.filter(({ where }) => where.coversStore(store)))
  const locks = shared.locks || own.some(([, { locks }]) => locks)
  const none = governing([])
  return repository =>
    repository === undefined ? { ...shared, locks } : (byName.get(repository) ?? none)
}

function byRepository({ tags }: Graph): ReadonlyMap<string, readonly TagNode[]> {
  const all = new Map<string, TagNode[]>()
  for (const tag of tags) {
    const { repository } = tag.repository
    const own = all.get(repository)
    if (own) own.push(tag)
    else all.set(repository, [tag])
  }
  return all
}

/** Why a repository is not known whole. What cannot be read may need anything. */
function blindness(
  { repositories }: ObservedGraph,
  unreadable: readonly Node[],
): ReadonlyMap<string, string> {
  const blind = new Map<string, string>()
  const add = (repository: string | undefined, why: string) => {
    if (repository !== undefined && !blind.has(repository)) blind.set(repository, why)
  }
  for (const { repository, blind } of repositories) {
    if (blind !== undefined) add(repository, blind)
  }
  for (const node of unreadable) {
    const why = `${shortDigest(node.digest)} cannot be read`
    add(node.manifest?.repository, why)
    for (const { tags } of holdersOf([node])) {
      for (const { repository } of tags) add(repository.repository, why)
    }
  }
  return blind
}

/** There are hardly ever any, and manifests are many. */
function unreadableIn({ observed, nodes }: Graph): readonly Node[] {
  return observed.manifests.some(({ kind }) => kind === 'unreadable')
    ? nodes.filter(({ manifest }) => manifest?.kind === 'unreadable')
    : []
}

function unseen(why: string): Ground {
  const reason = `nothing goes where not all can be seen: ${why}`
  return { because: 'left alone', reason, frees: 'run again once all of it can be read' }
}

function leftAlone(
  { store, repositories }: ObservedGraph,
  rulesOf: OpenCase['rulesOf'],
  blind: ReadonlyMap<string, string>,
): readonly LeftAlone[] {
  const sorted = repositories.toSorted((a, b) => byCodePoint(a.repository, b.repository))
  return sorted.flatMap(({ repository, tags }): readonly LeftAlone[] => {
    const why = blind.get(repository)
    if (why !== undefined) return [{ store, repository, kind: 'blind', why }]
    if (tags.length > 0 || rulesOf(repository).rules.length === 0) return []
    return [{ store, repository, kind: 'empty', why: 'no tag is listed here' }]
  })
}
