/** How much one run may delete of one repository. What exceeds that deletes nothing of it. */

import type { Decision } from './decide.ts'
import type { ObservedRepository } from './observed.ts'
import type { ReadRule } from './read-rules.ts'
import { DEFAULT_LIMITS, type Limits } from './rules.ts'
import type { Refusal } from './verdicts.ts'

/** Tags of people; those of referrers are neither counted nor missed. */
export interface Count {
  readonly tags: number
  /** Tags that go. */
  readonly going: number
  /** Images that a rule finds untagged, and that go. */
  readonly untagged: number
}

/** By repository; without a name, what a store's repositories share. */
export type Counts = ReadonlyMap<string | undefined, Count>

const FEWEST_FOR_PERCENT = 5

export function countDeletes({ case: { tags, manifests }, goes, fate }: Decision): Counts {
  const counts = new Map<string | undefined, Count>()
  const add = (repository: string | undefined, more: Partial<Count>) => {
    const { tags = 0, going = 0, untagged = 0 } = counts.get(repository) ?? {}
    counts.set(repository, {
      tags: tags + (more.tags ?? 0),
      going: going + (more.going ?? 0),
      untagged: untagged + (more.untagged ?? 0),
    })
  }
  for (const tag of tags.keys()) {
    if (tag.isReferrer) continue
    add(tag.repository.repository, { tags: 1, going: fate(tag).kind === 'kept' ? 0 : 1 })
  }
  for (const [node, { kind }] of manifests) {
    if (kind === 'released' && goes(node)) add(node.manifest?.repository, { untagged: 1 })
  }
  return counts
}

export function deletesOf(counts: Counts): number {
  return [...counts.values()].reduce((sum, { going, untagged }) => sum + going + untagged, 0)
}

/** Of all that limits a repository, the strictest; what is said for all where nothing else is. */
export function limitsOf(
  rules: readonly ReadRule[],
  repository: ObservedRepository | undefined,
  limits: Partial<Limits>,
): Limits {
  const own = [...rules.map(({ limits }) => limits), repository?.limits ?? {}]
  const most = (key: 'maxDeletePercent' | 'maxDeleteCount') => {
    const given = own.flatMap(limits => limits[key] ?? [])
    return given.length > 0 ? Math.min(...given) : (limits[key] ?? DEFAULT_LIMITS[key])
  }
  const least = own.flatMap(({ minKeep }) => minKeep ?? [])
  return {
    maxDeletePercent: most('maxDeletePercent'),
    maxDeleteCount: most('maxDeleteCount'),
    minKeep: least.length > 0 ? Math.max(...least) : (limits.minKeep ?? DEFAULT_LIMITS.minKeep),
  }
}

export interface Excess {
  readonly limit: Refusal['limit']
  /** `maxDelete 25% allows 10` */
  readonly allows: string
}

/** `isAllowed`: somebody said how many deletes a run may do, which lifts all but `minKeep`. */
export function excessOf(count: Count, limits: Limits, isAllowed: boolean): Excess | undefined {
  const { tags, going, untagged } = count
  const { minKeep, maxDeleteCount, maxDeletePercent } = limits
  if (going > 0 && tags - going < minKeep) {
    return { limit: 'minKeep', allows: `minKeep ${minKeep} wants more to be left` }
  }
  if (isAllowed) return undefined
  if (going + untagged > maxDeleteCount) {
    return { limit: 'maxDeleteCount', allows: `maxDeleteCount allows ${maxDeleteCount}` }
  }
  const share = Math.ceil((tags * maxDeletePercent) / 100)
  return going >= FEWEST_FOR_PERCENT && going > share
    ? { limit: 'maxDelete', allows: `maxDelete ${maxDeletePercent}% allows ${share}` }
    : undefined
}
