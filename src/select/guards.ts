/** What holds tags back although they are wanted: incomplete, too far, too low or too young. */

import type { Candidate } from './candidates.ts'
import type { Facts } from './facts.ts'
import { compareCandidates } from './newest.ts'
import type { Guards } from './policy.ts'
import { formatAge, formatInstant } from './words.ts'

export interface Hold {
  readonly guard: 'platforms' | 'maxMajorJump' | 'allowDowngrade' | 'minAge'
  /** `minAge 3d` */
  readonly why: string
  /** `undefined` where time does not end it, or nobody knows when. */
  readonly untilMs: number | undefined
}

export type Guard = (candidate: Candidate) => Hold | undefined

/** What the lock has of an entry's tags. */
export interface Locked {
  /** All that its rule takes. */
  readonly taken: readonly Candidate[]
  /** Those of them that are no longer listed: with downgrades forbidden, nothing goes below. */
  readonly floors: readonly Candidate[]
}

/**
 * Guards hold changes back: a tag that stands as it is locked is held only for its platforms. Of
 * several that hold a tag, it is the one that time does not end.
 */
export function createGuard(guards: Guards, { taken, floors }: Locked, facts: Facts): Guard {
  const isTooFar = majorGuard(guards, taken)
  const isTooLow = downgradeGuard(guards, floors)
  return candidate => {
    const { tag } = candidate
    const incomplete = lacking(facts.lacks?.(tag) ?? [])
    const isLocked = facts.locked.has(tag)
    if (incomplete || (isLocked && !facts.moved?.has(tag))) return incomplete
    const isBarred = isLocked ? undefined : (isTooFar(candidate) ?? isTooLow(candidate))
    return isBarred ?? tooYoung(guards, facts.sinceMs?.(tag), facts.nowMs)
  }
}

/** `minAge 3d, until 2026-11-27T09:00Z` */
export function describeHold({ guard, why, untilMs }: Hold): string {
  if (untilMs !== undefined) return `${why}, until ${formatInstant(untilMs)}`
  return guard === 'minAge' ? `${why}, and nothing tells its age` : why
}

function lacking(platforms: readonly string[]): Hold | undefined {
  if (platforms.length === 0) return undefined
  return { guard: 'platforms', why: `it lacks ${platforms.join(', ')}`, untilMs: undefined }
}

/** Counted from the greatest major that is locked, be it excluded or gone by now. */
function majorGuard({ maxMajorJump }: Guards, taken: readonly Candidate[]): Guard {
  const majors = taken.flatMap(({ version }) => (version ? [BigInt(version.version.major)] : []))
  const [first, ...rest] = majors
  if (maxMajorJump === undefined || first === undefined) return () => undefined
  const locked = rest.reduce((a, b) => (a > b ? a : b), first)
  const most = locked + BigInt(maxMajorJump)
  const why = `maxMajorJump ${maxMajorJump}, and major ${locked} is locked`
  return ({ version }) =>
    version && version.version.major > most
      ? { guard: 'maxMajorJump', why, untilMs: undefined }
      : undefined
}

/** Where a locked tag is gone, no lesser one of its group takes its place. */
function downgradeGuard({ allowDowngrade }: Guards, floors: readonly Candidate[]): Guard {
  if (allowDowngrade !== false) return () => undefined
  const byGroup = new Map<string | undefined, Candidate>()
  for (const floor of floors) {
    const other = byGroup.get(floor.group)
    if (!other || compareCandidates(other, floor) < 0) byGroup.set(floor.group, floor)
  }
  return candidate => {
    const floor = byGroup.get(candidate.group)
    if (!floor || compareCandidates(candidate, floor) > 0) return undefined
    const why = `allowDowngrade false, and the greater ${floor.tag} is locked`
    return { guard: 'allowDowngrade', why, untilMs: undefined }
  }
}

function tooYoung(
  { minAgeMs = 0 }: Guards,
  sinceMs: number | undefined,
  nowMs: number,
): Hold | undefined {
  if (minAgeMs === 0) return undefined
  const untilMs = sinceMs === undefined ? undefined : sinceMs + minAgeMs
  if (untilMs !== undefined && untilMs <= nowMs) return undefined
  return { guard: 'minAge', why: `minAge ${formatAge(minAgeMs)}`, untilMs }
}
