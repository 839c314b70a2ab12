/** The newest of each group, and where the order does not tell which they are. */

import type { Candidate } from './candidates.ts'
import { compareValues } from './order.ts'
import type { Rule } from './rule.ts'
import { tieAt, type Tie } from './ties.ts'

export interface Newest {
  /** Greatest first, group by group. */
  readonly chosen: readonly Ranked[]
  readonly older: readonly Ranked[]
  readonly ties: readonly Tie[]
}

export interface Ranked {
  readonly tag: string
  /** From 1, within its group. */
  readonly rank: number
  readonly group: string | undefined
}

/** Greatest first. What the keys do not tell apart goes by code point. */
export function sortCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.toSorted((a, b) => compareCandidates(b, a))
}

/** Below 0 where `a` is the lesser. */
export function compareCandidates(a: Candidate, b: Candidate): number {
  for (const [index, value] of a.values.entries()) {
    const result = compareValues(value, b.values[index])
    if (result !== 0) return result
  }
  return compareValues(a.tag, b.tag)
}

/** Of `sorted` candidates. What a tie is about is neither chosen nor older. */
export function newestOf(
  sorted: readonly Candidate[],
  { keys: { newest }, order }: Pick<Rule, 'keys' | 'order'>,
): Newest {
  const groups = groupsOf(sorted).map(group => {
    const ranked = group.map(({ tag, group }, index) => ({ tag, rank: index + 1, group }))
    const places = newest ?? group.length
    const tie = tieAt(group, places, order)
    return {
      chosen: ranked.slice(0, tie?.from ?? places),
      older: ranked.slice(tie ? tie.from + tie.tags.length : places),
      ties: tie ? [tie] : [],
    }
  })
  return {
    chosen: groups.flatMap(({ chosen }) => chosen),
    older: groups.flatMap(({ older }) => older),
    ties: groups.flatMap(({ ties }) => ties),
  }
}

function groupsOf(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const groups = new Map<string | undefined, Candidate[]>()
  for (const candidate of candidates) {
    const group = groups.get(candidate.group)
    if (group) group.push(candidate)
    else groups.set(candidate.group, [candidate])
  }
  return [...groups.values()]
}
