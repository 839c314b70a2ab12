/** Which tags of a repository an entry takes, and which of these meet all else that it says. */

import type { Digest } from '../oci/digest.ts'
import { candidateOf } from '../select/candidates.ts'
import { formatInstant } from '../select/words.ts'
import type { ObservedTag } from './observed.ts'
import { standings, type Standing } from './ranking.ts'
import type { List, ReadEntry } from './read-rules.ts'
import { activeMs, sinceMs } from './times.ts'

/** An entry, and what it makes of a tag that its pattern takes, or of an untagged image. */
export interface Match {
  readonly list: List
  /** The rule's place among the rules, and the entry's in its list. */
  readonly rule: number
  readonly entry: number
  /** `semver *, newest 3 per minor` */
  readonly text: string
  /** `2nd newest of minor 3.20` */
  readonly detail?: string
  /** What of the entry is not met; absent where all of it is. */
  readonly misses?: Miss
}

export type Miss =
  | { readonly kind: 'count' }
  /** Not active, or not pushed, within the time. */
  | { readonly kind: 'quiet' }
  | { readonly kind: 'young'; readonly untilMs: number }
  /** Its age is not known. */
  | { readonly kind: 'undated' }

/** What entries are asked about. */
export interface Listing {
  readonly tags: ReadonlyMap<string, ObservedTag>
  /** Whether the tag moves from release to release, as far as the listing tells. */
  readonly isMoving: (tag: string) => boolean
  readonly nowMs: number
  /** All that the lock names. */
  readonly locked: ReadonlySet<Digest>
}

export interface TagMatch {
  readonly tag: string
  readonly match: Match
}

export function matchTags(entry: ReadEntry, listing: Listing): readonly TagMatch[] {
  const { tags, nowMs } = listing
  const ranks = ranksOf(entry, listing)
  const matches: TagMatch[] = []
  for (const tag of takenBy(entry, listing, ranks)) {
    const observed = tags.get(tag)
    if (observed === undefined) continue
    matches.push({ tag, match: matchOf(entry, observed, { nowMs, standing: ranks?.get(tag) }) })
  }
  return matches
}

/** Of an image that nothing names. */
export function matchUntagged(
  entry: ReadEntry,
  image: Pick<ObservedTag, 'times'>,
  nowMs: number,
): Match {
  return matchOf(entry, image, { nowMs, standing: undefined })
}

/** `undefined` where the entry counts nothing. */
function ranksOf(
  { about }: ReadEntry,
  listing: Listing,
): ReadonlyMap<string, Standing> | undefined {
  if (about.kind !== 'tags' || about.rule.keys.newest === undefined) return undefined
  const found = [...listing.tags.keys()].flatMap(tag => {
    const candidate = candidateOf(about.rule, tag)
    return candidate ? [candidate] : []
  })
  return standings(about.rule, found, tag => {
    const observed = listing.tags.get(tag)
    return observed && sinceMs(observed.times)
  })
}

function takenBy(
  { list, about }: ReadEntry,
  { tags, isMoving, locked }: Listing,
  ranks: ReadonlyMap<string, unknown> | undefined,
): Iterable<string> {
  switch (about.kind) {
    case 'name':
      return tags.has(about.tag) ? [about.tag] : []
    case 'tags':
      if (ranks) return ranks.keys()
      return [...tags.keys()].filter(
        tag => (list !== 'delete' || !isMoving(tag)) && about.rule.look(tag) !== undefined,
      )
    case 'lock':
      return [...tags].flatMap(([tag, { digest }]) => (locked.has(digest) ? [tag] : []))
    case 'untagged':
      return []
  }
}

interface Facts {
  readonly nowMs: number
  readonly standing: Standing | undefined
}

function matchOf(
  entry: ReadEntry,
  { times }: Pick<ObservedTag, 'times'>,
  { nowMs, standing }: Facts,
): Match {
  const { list, rule, entry: index, text } = entry
  const late = lateness(entry, times, nowMs)
  const misses: Miss | undefined = standing?.isAmong === false ? { kind: 'count' } : late?.misses
  const detail =
    standing && late ? `${standing.text}, ${late.detail}` : (standing?.text ?? late?.detail)
  return {
    list,
    rule,
    entry: index,
    text,
    ...(detail !== undefined && { detail }),
    ...(misses && { misses }),
  }
}

interface Lateness {
  readonly detail: string
  readonly misses?: Miss
}

/** Where the time is not known, it is whichever keeps the image. */
function lateness(
  { pushedWithinMs, activeWithinMs, olderThanMs }: ReadEntry,
  times: ObservedTag['times'],
  nowMs: number,
): Lateness | undefined {
  if (olderThanMs !== undefined) return oldness(sinceMs(times), olderThanMs, nowMs)
  const pushed =
    pushedWithinMs === undefined
      ? undefined
      : quietness('pushed', sinceMs(times), nowMs - pushedWithinMs)
  if (activeWithinMs === undefined || pushed?.misses) return pushed
  const active = quietness('active', activeMs(times), nowMs - activeWithinMs)
  return active.misses ? active : (pushed ?? active)
}

function quietness(what: string, lastMs: number | undefined, fromMs: number): Lateness {
  if (lastMs === undefined) return { detail: `nothing tells when it was last ${what}` }
  const detail = `last ${what} ${formatInstant(lastMs)}`
  return lastMs < fromMs ? { detail, misses: { kind: 'quiet' } } : { detail }
}

function oldness(since: number | undefined, most: number, nowMs: number): Lateness {
  if (since === undefined) return { detail: 'nothing tells its age', misses: { kind: 'undated' } }
  const detail = `there since ${formatInstant(since)}`
  if (nowMs - since > most) return { detail }
  return { detail, misses: { kind: 'young', untilMs: since + most } }
}
