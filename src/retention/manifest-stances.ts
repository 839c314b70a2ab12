/** What the rules alone say of manifests: of those that no tag names, and of those that are held. */

import type { Graph, Node } from './graph.ts'
import { matchUntagged } from './matches.ts'
import type { ObservedManifest } from './observed.ts'
import {
  describeMatch,
  unmet,
  type Context,
  type Governing,
  type Ground,
  type Stance,
} from './stances.ts'

/** A manifest that tags name has none of its own, unless it is held. */
export function manifestStances(
  graph: Graph,
  rulesOf: (repository: string | undefined) => Governing,
  context: Context,
): ReadonlyMap<Node, Stance> {
  const empty = emptyRepositories(graph)
  const stances = new Map<Node, Stance>()
  for (const node of graph.nodes) {
    const { manifest } = node
    const rules = rulesOf(manifest?.repository)
    const hold = holdOf(node, rules, context)
    if (hold !== undefined) {
      stances.set(node, { kind: 'kept', because: 'protected', reason: hold, matched: [] })
    } else if (manifest && node.tags.length === 0) {
      const doubt = uncertainty(node, manifest, { graph, empty })
      stances.set(node, doubt ?? untagged(manifest, rules, context))
    }
  }
  return stances
}

function holdOf(
  { digest, manifest, tags }: Node,
  { locks }: Governing,
  { locked }: Context,
): string | undefined {
  if (manifest?.heldBy !== undefined) return manifest.heldBy
  // with tags, the rules of their repositories say it
  return locks && tags.length === 0 && locked.has(digest)
    ? 'protect what the lock names'
    : undefined
}

/** Repositories of which no tag is known; `undefined` among them where that is so of all. */
function emptyRepositories({ observed, tags }: Graph): ReadonlySet<string | undefined> {
  const empty = observed.repositories.filter(({ tags }) => tags.length === 0)
  return new Set([
    ...empty.map(({ repository }) => repository),
    ...(tags.length === 0 ? [undefined] : []),
  ])
}

/** Why it must not be told by its having no tag that it may go. */
function uncertainty(
  { neededBy }: Node,
  { kind, repository, released }: ObservedManifest,
  { graph, empty }: { readonly graph: Graph; readonly empty: ReadonlySet<string | undefined> },
): Stance | undefined {
  if (empty.has(repository)) return EMPTY
  if (released !== undefined) return undefined
  if (!graph.observed.isWhole) return SOMEWHERE
  if (neededBy.length > 0) return PART
  if (kind === 'other' || kind === 'unreadable') return STRANGE
  return kind === 'artifact' ? ARTIFACT : undefined
}

export const UNLISTED =
  'what no tag names cannot be listed here, and may need it: that is for the own collector of the store'

const EMPTY = doubted('left alone', 'no tag is listed here')
const SOMEWHERE = doubted('uncertain', UNLISTED)
const PART = doubted('needed', 'it is part of another that is here')
const STRANGE = doubted('uncertain', 'nothing tells what it is')
const ARTIFACT = doubted(
  'uncertain',
  'it is no image that runs, and those are often used without a tag',
)

function doubted(because: Ground['because'], reason: string): Stance {
  return { kind: 'kept', because, reason, matched: [] }
}

function untagged(manifest: ObservedManifest, { entries }: Governing, { nowMs }: Context): Stance {
  const matched = entries
    .filter(({ about }) => about.kind === 'untagged')
    .map(entry => matchUntagged(entry, manifest, nowMs))
  const going = matched.find(({ misses }) => misses === undefined)
  const released = going ? describeMatch(going) : manifest.released
  return released === undefined
    ? { kind: 'kept', ...unmet(matched), matched }
    : { kind: 'released', because: 'released', reason: released, matched }
}
