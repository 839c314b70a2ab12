/** Where the tags that an entry takes stand among the newest of their group. */

import { isComparable, type Candidate, type IncomparableTag } from '../select/candidates.ts'
import { newestOf, sortCandidates, type Ranked } from '../select/newest.ts'
import type { Rule } from '../select/rule.ts'
import { hashedNumbers } from '../select/ties.ts'
import { compareVersions } from '../select/version-order.ts'
import { formatRank } from '../select/words.ts'
import { byCodePoint } from '../util/code-points.ts'

export interface Standing {
  readonly isAmong: boolean
  /** `2nd newest of minor 3.20` */
  readonly text: string
}

/**
 * A tag of which nothing tells whether it is among the newest is taken to be, and takes up no place:
 * its age is not known, it cannot be compared, or only a hash would part it from the others.
 */
export function standings(
  rule: Rule,
  found: readonly (Candidate | IncomparableTag)[],
  since: (tag: string) => number | undefined,
): ReadonlyMap<string, Standing> {
  const candidates = found.filter(isComparable)
  const incomparable = found.flatMap(one => (isComparable(one) ? [] : [one]))
  const all = new Map<string, Standing>()
  for (const { tag, lacks } of incomparable) all.set(tag, { isAmong: true, text: `has ${lacks}` })
  if (rule.order.length === 0) rankByTime(rule, candidates, { since, all })
  else rankByOrder(rule, candidates, { incomparable, all })
  return all
}

function rankByOrder(
  rule: Rule,
  candidates: readonly Candidate[],
  {
    incomparable,
    all,
  }: { readonly incomparable: readonly IncomparableTag[]; readonly all: Map<string, Standing> },
): void {
  const sorted = sortCandidates(candidates)
  const hashes = hashedNumbers(sorted, incomparable, rule.order)
  const { chosen, older, ties } = hashes
    ? { chosen: [], older: [], ties: [hashes] }
    : newestOf(sorted, rule)
  for (const ranked of chosen) all.set(ranked.tag, standing(rule, ranked, true))
  for (const ranked of older) all.set(ranked.tag, standing(rule, ranked, false))
  for (const { tags } of ties) {
    for (const tag of tags) all.set(tag, { isAmong: true, text: 'nothing tells how new it is' })
  }
}

type Dated = Candidate & { readonly sinceMs: number }

function rankByTime(
  rule: Rule,
  candidates: readonly Candidate[],
  {
    since,
    all,
  }: {
    readonly since: (tag: string) => number | undefined
    readonly all: Map<string, Standing>
  },
): void {
  const groups = new Map<string | undefined, Dated[]>()
  for (const candidate of candidates) {
    const sinceMs = since(candidate.tag)
    if (sinceMs === undefined) {
      all.set(candidate.tag, { isAmong: true, text: 'nothing tells its age' })
      continue
    }
    const group = groups.get(candidate.group)
    if (group) group.push({ ...candidate, sinceMs })
    else groups.set(candidate.group, [{ ...candidate, sinceMs }])
  }
  const { newest = 0 } = rule.keys
  for (const [group, dated] of groups) {
    for (const [index, { tag }] of dated.toSorted(latestFirst).entries()) {
      all.set(tag, standing(rule, { tag, rank: index + 1, group }, index < newest))
    }
  }
}

/** What was pushed at one time goes by version, then by the numbers in its name, then by that. */
function latestFirst(a: Dated, b: Dated): number {
  if (a.sinceMs !== b.sinceMs) return b.sinceMs - a.sinceMs
  if (a.version && b.version) {
    const order = compareVersions(b.version.version, a.version.version)
    if (order !== 0) return order
  } else if (a.version ?? b.version) return a.version ? -1 : 1
  return compareNaturally(b.tag, a.tag) || byCodePoint(b.tag, a.tag)
}

const RUNS = /\d+|\D+/g

/** `pr-9` is less than `pr-10`. */
function compareNaturally(a: string, b: string): number {
  const others = b.match(RUNS) ?? []
  for (const [index, own] of (a.match(RUNS) ?? []).entries()) {
    const other = others[index]
    if (other === undefined) return 1
    const order =
      /^\d/.test(own) && /^\d/.test(other) ? compareNumbers(own, other) : byCodePoint(own, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareNumbers(a: string, b: string): number {
  const [own, other] = [BigInt(a), BigInt(b)]
  return own === other ? 0 : own < other ? -1 : 1
}

function standing(rule: Rule, { rank, group }: Ranked, isAmong: boolean): Standing {
  const { per } = rule.keys
  if (per === undefined) return { isAmong, text: formatRank(rank) }
  return {
    isAmong,
    text: `${formatRank(rank)} of ${group === undefined ? `those without ${per}` : `${per} ${group}`}`,
  }
}
