/** What the rules alone say of the tags of one repository: protect beats keep beats delete. */

import { isTakenByNameOnly, movingBeside } from '../select/names.ts'
import type { Node, TagNode } from './graph.ts'
import { matchTags, type Match } from './matches.ts'
import type { ReadEntry } from './read-rules.ts'
import {
  describeMatch,
  unmet,
  withoutHold,
  type Context,
  type Governing,
  type Ground,
  type Stance,
} from './stances.ts'

export interface TagStances {
  /** In the order of the tags. */
  readonly stances: readonly Stance[]
  /** Entries that take a tag by its name. */
  readonly used: ReadonlySet<ReadEntry>
}

export function tagStances(
  tags: readonly TagNode[],
  rules: Governing,
  context: Context,
): TagStances {
  const { matches, used } = matchAll(tags, rules, context)
  const held = protectedImages(tags, matches)
  const stances = tags.map((tag): Stance => {
    const matched = matches.get(tag.observed.tag) ?? []
    return { matched, ...stanceOf(tag, matched, held) }
  })
  return { stances, used }
}

type Matches = ReadonlyMap<string, readonly Match[]>

function matchAll(
  tags: readonly TagNode[],
  { entries }: Governing,
  { nowMs, locked }: Context,
): { readonly matches: Matches; readonly used: ReadonlySet<ReadEntry> } {
  const byName = new Map(tags.map(({ observed }) => [observed.tag, observed]))
  const moves = movingBeside(byName.keys())
  const isMoving = (tag: string) => isTakenByNameOnly(tag) || moves(tag)
  const matches = new Map<string, Match[]>()
  const used = new Set<ReadEntry>()
  for (const entry of entries) {
    const found = matchTags(entry, { tags: byName, isMoving, nowMs, locked })
    if (found.length > 0) used.add(entry)
    for (const { tag, match } of found) {
      const others = matches.get(tag)
      if (others) others.push(match)
      else matches.set(tag, [match])
    }
  }
  return { matches, used }
}

/** An image that is protected keeps all the names it has here. */
function protectedImages(tags: readonly TagNode[], matches: Matches): ReadonlyMap<Node, string> {
  const held = new Map<Node, string>()
  for (const { node, observed } of tags) {
    const by = matches.get(observed.tag)?.find(isMet('protect'))
    if (by && !held.has(node)) held.set(node, `${observed.tag} names it too, ${describeMatch(by)}`)
  }
  return held
}

function stanceOf(
  tag: TagNode,
  matched: readonly Match[],
  held: ReadonlyMap<Node, string>,
): Ground & Pick<Stance, 'kind'> {
  const { observed, node } = tag
  const protect = matched.find(isMet('protect'))
  const hold = protect ? describeMatch(protect) : (node.manifest?.heldBy ?? held.get(node))
  if (hold !== undefined) {
    return { kind: 'kept', because: 'protected', reason: hold, ...withoutHold(matched) }
  }
  const keep = matched.find(isMet('keep'))
  const kept = keep ? describeMatch(keep) : observed.keptBy
  if (kept !== undefined) {
    return { kind: 'kept', because: 'kept', reason: kept, ...withoutHold(matched) }
  }
  const going = matched.find(isMet('delete'))
  const released = going ? describeMatch(going) : observed.released
  if (released !== undefined) return { kind: 'released', because: 'released', reason: released }
  return tag.isReferrer ? referring(tag) : { kind: 'kept', ...unmet(matched) }
}

function referring({ subjects }: TagNode): Ground & Pick<Stance, 'kind'> {
  if (subjects.length > 0) {
    return { kind: 'follows', because: 'follows', reason: 'what it belongs to goes' }
  }
  const frees = 'name it in an entry of delete'
  return { kind: 'kept', because: 'unnamed', reason: 'what it belongs to is not seen here', frees }
}

function isMet(list: Match['list']): (match: Match) => boolean {
  return match => match.list === list && match.misses === undefined
}
