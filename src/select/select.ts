/**
 * Which tags a policy selects: candidates, minus what is excluded, minus what a guard holds back,
 * in order, the newest of each group. What is known of the candidates is handed in, the time too.
 */

import { candidateOf, isComparable } from './candidates.ts'
import type { Candidate, Candidates, EntryCandidates, Listed } from './candidates.ts'
import type { Facts } from './facts.ts'
import { createGuard, type Guard, type Hold, type Locked } from './guards.ts'
import { newestOf, sortCandidates, type Newest, type Ranked } from './newest.ts'
import type { Entry } from './read-policy.ts'
import { hashedNumbers } from './ties.ts'
import { problemsOf, type SelectionProblem } from './selection-problems.ts'

export interface Selection {
  readonly candidates: Candidates
  readonly entries: readonly EntrySelection[]
  /** What any of the entries chose, each once. */
  readonly tags: readonly string[]
  /** Where selecting would be guessing. What is chosen nevertheless is sure. */
  readonly problems: readonly SelectionProblem[]
}

/** What becomes of the tags that an entry takes. */
export interface EntrySelection extends EntryCandidates, Newest {
  readonly chosen: readonly Chosen[]
  readonly held: readonly HeldTag[]
  /** Locked, and no longer listed. */
  readonly gone: readonly string[]
}

export interface Chosen extends Ranked {
  /** What holds back what the tag stands for now: it is locked, and stays as it is locked. */
  readonly hold?: Hold
}

export interface HeldTag {
  readonly tag: string
  readonly hold: Hold
  /** Whether it would be chosen if nothing were held. */
  readonly isAwaited: boolean
}

export function selectTags(candidates: Candidates, facts: Facts): Selection {
  const { policy, listed } = candidates
  const entries = candidates.entries.map((found): EntrySelection => {
    const { gone, ...locked } = lockedBy(found.entry, listed, facts)
    const guard = createGuard(policy.guards, locked, facts)
    return { ...found, ...chooseFrom(found, guard, facts), gone }
  })
  const tags = new Set(entries.flatMap(({ chosen }) => chosen.map(({ tag }) => tag)))
  const problems = entries.flatMap((entry, index) => problemsOf(entry, index, listed))
  return { candidates, entries, tags: [...tags], problems }
}

/** A locked tag that is held keeps its place, as no other has the right to it. */
function chooseFrom(
  { entry, candidates, incomparable }: EntryCandidates,
  guard: Guard,
  facts: Facts,
): Omit<EntrySelection, keyof EntryCandidates | 'gone'> {
  const rule = entry.kind === 'rule' ? entry : { keys: {}, order: [] }
  const sorted = sortCandidates(candidates.map(one => withCreated(entry, one, facts)))
  const holds = new Map<string, Hold>()
  for (const candidate of sorted) {
    const hold = guard(candidate)
    if (hold) holds.set(candidate.tag, hold)
  }
  const free = sorted.filter(({ tag }) => !holds.has(tag) || facts.locked.has(tag))
  const tie = hashedNumbers(free, incomparable, rule.order)
  const { chosen, ...rest } = tie ? { chosen: [], older: [], ties: [tie] } : newestOf(free, rule)
  const all = holds.size === 0 ? [] : newestOf(sorted, rule).chosen
  const awaited = new Set(all.map(({ tag }) => tag))
  return {
    ...rest,
    chosen: chosen.map(ranked => {
      const hold = holds.get(ranked.tag)
      return hold ? { ...ranked, hold } : ranked
    }),
    held: [...holds].map(([tag, hold]) => ({ tag, hold, isAwaited: awaited.has(tag) })),
  }
}

/** Of the lock's tags, those that are the entry's by their names. */
function lockedBy(
  entry: Entry,
  listed: Listed,
  facts: Facts,
): Locked & { readonly gone: readonly string[] } {
  const isGone = (tag: string) => !listed.has(tag)
  if (entry.kind === 'name') {
    const gone = [entry.tag].filter(tag => facts.locked.has(tag) && isGone(tag))
    return { taken: [], floors: [], gone }
  }
  const read = [...facts.locked].toSorted().flatMap(tag => candidateOf(entry, tag) ?? [])
  const taken = read.filter(isComparable).map(one => withCreated(entry, one, facts))
  const isDated = entry.order.every(({ kind }) => kind !== 'created')
  const floors = taken.filter(
    ({ tag }) =>
      isGone(tag) &&
      listed.exclusionOf(tag) === undefined &&
      entry.keys.newest !== undefined &&
      (isDated || facts.createdMs?.(tag) !== undefined),
  )
  return { taken, floors, gone: read.map(({ tag }) => tag).filter(isGone) }
}

/** With the values that are not to be seen in the tag. */
function withCreated(entry: Entry, candidate: Candidate, { createdMs }: Facts): Candidate {
  if (entry.kind === 'name' || entry.order.every(({ kind }) => kind !== 'created')) return candidate
  const created = createdMs?.(candidate.tag)
  const value = created === undefined || Number.isNaN(created) ? undefined : created
  const values = candidate.values.map((own, index) =>
    entry.order[index]?.kind === 'created' ? value : own,
  )
  return { ...candidate, values }
}
