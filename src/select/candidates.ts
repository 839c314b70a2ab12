/** Which tags of a listing a policy takes, before anything but their names is known. */

import { compareBy, type Comparable, type Incomparable } from './comparison.ts'
import type { FlavoredVersion } from './flavor.ts'
import { isTakenByNameOnly, movingBeside } from './names.ts'
import type { Entry, ReadPolicy } from './read-policy.ts'
import type { Rule } from './rule.ts'

export interface Candidates {
  readonly policy: ReadPolicy
  readonly entries: readonly EntryCandidates[]
  /** Those of all entries: the tags that facts are wanted of. */
  readonly tags: readonly string[]
  readonly listed: Listed
}

/** A listing, as the entries of a policy see it. */
export interface Listed {
  /** Every tag once, by code point; `undefined` where nothing was listed. */
  readonly tags: readonly string[] | undefined
  readonly has: (tag: string) => boolean
  /** Whether the tag moves from release to release: no pattern takes it, only its own name. */
  readonly isMoving: (tag: string) => boolean
  /** The text of what excludes the tag. */
  readonly exclusionOf: (tag: string) => string | undefined
}

export interface EntryCandidates {
  readonly entry: Entry
  readonly candidates: readonly Candidate[]
  /** Taken, but not comparable with the others. */
  readonly incomparable: readonly IncomparableTag[]
  readonly excluded: readonly Excluded[]
}

export interface Candidate extends Comparable {
  readonly tag: string
  readonly version: FlavoredVersion | undefined
}

export interface IncomparableTag extends Incomparable {
  readonly tag: string
}

export interface Excluded {
  readonly tag: string
  /** `glob *-rc*` */
  readonly by: string
}

/**
 * Without a listing only the tags that are named are candidates, and they are taken to be there: it
 * takes a listing where `policy.needs` says so.
 */
export function findCandidates(
  policy: ReadPolicy,
  listing: Iterable<string> | undefined,
): Candidates {
  if (policy.needs.listing && listing === undefined) {
    throw new Error('patterns are to be matched, and no tags are given')
  }
  const listed = listedBy(policy, listing)
  const entries = policy.entries.map(entry => candidatesOf(entry, listed))
  const tags = new Set(entries.flatMap(({ candidates }) => candidates.map(({ tag }) => tag)))
  return { policy, entries, tags: [...tags], listed }
}

/** What the rule makes of one tag, be it listed or not; `undefined` where it does not take it. */
export function candidateOf(rule: Rule, tag: string): Candidate | IncomparableTag | undefined {
  const seen = rule.look(tag)
  return seen && { tag, version: seen.version, ...compareBy(rule, seen) }
}

export function isComparable(candidate: Candidate | IncomparableTag): candidate is Candidate {
  return 'values' in candidate
}

function listedBy({ exclusions }: ReadPolicy, listing: Iterable<string> | undefined): Listed {
  const known = listing && new Set(listing)
  const moves = movingBeside(known ?? [])
  const isMoving = (tag: string) => isTakenByNameOnly(tag) || moves(tag)
  return {
    tags: known && [...known].toSorted(),
    has: tag => known?.has(tag) ?? true,
    isMoving,
    exclusionOf(tag) {
      const found = exclusions.find(
        ({ isName, matches }) => matches(tag) && (isName || !isMoving(tag)),
      )
      return found?.text
    },
  }
}

function candidatesOf(entry: Entry, listed: Listed): EntryCandidates {
  const candidates: Candidate[] = []
  const incomparable: IncomparableTag[] = []
  const excluded: Excluded[] = []
  for (const found of foundBy(entry, listed)) {
    const by = listed.exclusionOf(found.tag)
    if (by !== undefined) excluded.push({ tag: found.tag, by })
    else if (isComparable(found)) candidates.push(found)
    else incomparable.push(found)
  }
  return { entry, candidates, incomparable, excluded }
}

function foundBy(entry: Entry, listed: Listed): readonly (Candidate | IncomparableTag)[] {
  if (entry.kind === 'name') {
    const { tag } = entry
    return listed.has(tag) ? [{ tag, version: undefined, values: [], group: undefined }] : []
  }
  return (listed.tags ?? []).flatMap(tag => {
    const found = listed.isMoving(tag) ? undefined : candidateOf(entry, tag)
    return found ? [found] : []
  })
}
