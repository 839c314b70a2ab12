import { findCandidates } from '../../src/select/candidates.ts'
import type { Facts } from '../../src/select/facts.ts'
import { loadEngines } from '../../src/select/open.ts'
import type { RuleKeys, TagPolicy } from '../../src/select/policy.ts'
import { readPolicy } from '../../src/select/read-policy.ts'
import { selectTags, type Selection } from '../../src/select/select.ts'

export const DAY_MS = 86_400_000
/** 2026-11-24T09:00Z */
export const NOW_MS = Date.UTC(2026, 10, 24, 9)

export const engines = await loadEngines({ regex: true, semver: true })

export const NO_FACTS: Facts = { nowMs: NOW_MS, locked: new Set() }

/** `listing` has its tags parted by spaces. */
export function select(
  policy: TagPolicy,
  listing: string | readonly string[],
  facts: Partial<Facts> = {},
): Selection {
  const tags = typeof listing === 'string' ? listing.split(' ').filter(tag => tag !== '') : listing
  const candidates = findCandidates(readPolicy(policy, engines), tags)
  return selectTags(candidates, { ...NO_FACTS, ...facts })
}

/** What one rule chooses, parted by spaces. */
export function chosenBy(
  rule: string | RuleKeys,
  listing: string | readonly string[],
  facts: Partial<Facts> = {},
): string {
  return select({ tags: [rule] }, listing, facts).tags.join(' ')
}

export function lockOf(tags: string): Pick<Facts, 'locked'> {
  return { locked: new Set(tags.split(' ')) }
}
