/** Decisions that keep within the limits: where too much would go, nothing does. */

import { decide, type Decision, type Frozen } from './decide.ts'
import {
  countDeletes,
  deletesOf,
  excessOf,
  limitsOf,
  type Count,
  type Counts,
  type Excess,
} from './limits.ts'
import type { OpenCase } from './open-case.ts'
import type { Limits } from './rules.ts'
import type { Ground } from './stances.ts'
import type { Refusal } from './verdicts.ts'

export interface Allowance {
  /** For repositories that no rule and no image limits otherwise. */
  readonly limits?: Partial<Limits>
  /** How many deletes the whole run may do. It lifts the limits of repositories but `minKeep`. */
  readonly maxDeletes?: number
}

export interface Bounded {
  readonly decisions: readonly Decision[]
  readonly refusals: readonly Refusal[]
}

export function decideWithin(cases: readonly OpenCase[], allowance: Allowance): Bounded {
  const free = cases.map(open => counted(open, open.frozen))
  const total = totalOf(free.map(({ counts }) => counts))
  const bounded = free.map(one => bound(one, allowance, total))
  const decisions = bounded.map(({ decision }) => decision)
  const refusals = bounded.flatMap(({ refusals }) => refusals)
  const { maxDeletes } = allowance
  const deletes = totalOf(bounded.map(({ counts }) => counts))
  if (maxDeletes === undefined || deletes <= maxDeletes) return { decisions, refusals }
  const all = bounded.map(one => refuseAll(one, { maxDeletes, deletes }))
  return {
    decisions: all.map(({ decision }) => decision),
    refusals: [...refusals, ...all.flatMap(({ refusals }) => refusals)],
  }
}

function totalOf(counts: readonly Counts[]): number {
  return counts.reduce((sum, own) => sum + deletesOf(own), 0)
}

interface Counted {
  readonly open: OpenCase
  readonly decision: Decision
  readonly counts: Counts
}

function counted(open: OpenCase, frozen: Frozen): Counted {
  const decision = decide(open.case, frozen)
  return { open, decision, counts: countDeletes(decision) }
}

interface BoundCase extends Counted {
  readonly refusals: readonly Refusal[]
}

/** What is refused keeps what it shares with others, so that these are counted again. */
function bound(free: Counted, allowance: Allowance, total: number): BoundCase {
  const { open } = free
  const refusals: Refusal[] = []
  let current = free
  for (;;) {
    const { frozen } = current.decision
    const found = excesses(open, current.counts, allowance)
    const more = found.filter(({ repository }) => !frozen.has(repository))
    if (more.length === 0) return { ...current, refusals }
    const own = more.map(one => refusalOf(open, one, total))
    refusals.push(...own)
    const grounds = own.map(one => [one.repository, groundOf(one)] as const)
    current = counted(open, new Map([...frozen, ...grounds]))
  }
}

interface Found {
  readonly repository: string | undefined
  readonly count: Count
  readonly excess: Excess
}

function excesses(
  { case: { graph }, rulesOf }: OpenCase,
  counts: Counts,
  { limits = {}, maxDeletes }: Allowance,
): readonly Found[] {
  const observed = new Map(graph.observed.repositories.map(one => [one.repository, one]))
  return [...counts].flatMap(([repository, count]) => {
    const seen = repository === undefined ? undefined : observed.get(repository)
    const own = limitsOf(rulesOf(repository).rules, seen, limits)
    const excess = excessOf(count, own, maxDeletes !== undefined)
    return excess ? [{ repository, count, excess }] : []
  })
}

function refusalOf(
  { case: { graph } }: OpenCase,
  { repository, count, excess: { limit, allows } }: Found,
  total: number,
): Refusal {
  const { store } = graph.observed
  const { going, untagged, tags } = count
  const what = [
    ...(going > 0 ? [`${going} of ${tags} tags`] : []),
    ...(untagged > 0 ? [`${untagged} untagged ${untagged === 1 ? 'image' : 'images'}`] : []),
  ]
  const place = repository === undefined ? store : `${store}/${repository}`
  return {
    store,
    ...(repository !== undefined && { repository }),
    limit,
    deletes: going + untagged,
    tags,
    message: `${what.join(' and ')} of ${place} would go, and ${allows}`,
    hint:
      limit === 'minKeep'
        ? 'lower minKeep under limits, or keep more; --max-deletes does not lift it'
        : `--max-deletes ${total} allows it for one run, and limits in the manifest for good`,
  }
}

function groundOf({ message, hint }: Refusal): Ground {
  return { because: 'refused', reason: message, frees: hint }
}

function refuseAll(
  { decision, counts }: Counted,
  { maxDeletes, deletes }: { readonly maxDeletes: number; readonly deletes: number },
): Pick<BoundCase, 'decision' | 'refusals'> {
  const { store } = decision.case.graph.observed
  const refusals = [...counts].flatMap(([repository, count]): readonly Refusal[] => {
    const own = count.going + count.untagged
    if (own === 0) return []
    return [
      {
        store,
        ...(repository !== undefined && { repository }),
        limit: '--max-deletes',
        deletes: own,
        tags: count.tags,
        message: `the run would delete ${deletes}, and --max-deletes allows ${maxDeletes}`,
        hint: `look at what would go, and allow it with --max-deletes ${deletes}`,
      },
    ]
  })
  const frozen: Frozen = new Map([
    ...decision.frozen,
    ...refusals.map(refusal => [refusal.repository, groundOf(refusal)] as const),
  ])
  return { decision: decide(decision.case, frozen), refusals }
}
