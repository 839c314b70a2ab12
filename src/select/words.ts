/** How rules, times and tags are spoken of. */

import type { RuleKeys } from './policy.ts'
import type { TagPattern } from './types.ts'

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
]
const LAST_INSTANT_MS = 8.64e15
const MINUTE_MS = 60_000
const SHOWN = 5

/** `semver >=3.18 <4 and flavor alpine`; a name is itself. */
export function describePattern(pattern: TagPattern | RuleKeys): string {
  if (typeof pattern === 'string') return pattern
  const keys: RuleKeys = pattern
  const { glob, regex, semver, flavor } = keys
  const given = Object.entries({ semver, glob, regex, flavor }).flatMap(([key, text]) =>
    text === undefined ? [] : [`${key} ${text}`],
  )
  return given.length === 0 ? 'every tag' : given.join(' and ')
}

/** As it is written in a manifest: `3d`, `36h`, `90m`. */
export function formatAge(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** To the minute, not before `ms`: `2026-11-27T09:00Z`. */
export function formatInstant(ms: number): string {
  const last = Math.min(Math.ceil(ms / MINUTE_MS) * MINUTE_MS, LAST_INSTANT_MS)
  return new Date(last).toISOString().replace(/:\d\d\.\d{3}Z$/, 'Z')
}

/** `newest`, `2nd newest`, `3rd newest`. */
export function formatRank(rank: number): string {
  if (rank === 1) return 'newest'
  const isTeen = rank % 100 > 10 && rank % 100 < 14
  const ending = isTeen ? undefined : ['st', 'nd', 'rd'][(rank % 10) - 1]
  return `${rank}${ending ?? 'th'} newest`
}

/** The first few, and how many more there are. */
export function listTags(tags: readonly string[]): string {
  const more = tags.length - SHOWN
  return `${tags.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** In YAML's single quotes, which take a pattern as it is. */
export function quoteYaml(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
