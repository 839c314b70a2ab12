/** What planning says of one place, whatever is to come there. */
import { createHash } from 'node:crypto'
import type { Digest } from '../oci/digest.ts'
import { formatReference } from '../oci/reference.ts'
import type { DesiredPlace, PlaceKept } from './desired.ts'
import type { PlaceLock, Step, StepPlace } from './types.ts'

/** A place that may be a build's, of which nobody knows yet what it will name. */
export type AnyPlace = Omit<DesiredPlace, 'wanted' | 'lacks'> &
  Partial<Pick<DesiredPlace, 'wanted'>>

/** Compares by code units of a key, which is the same on every machine. */
export function byKey<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => {
    const [left, right] = [key(a), key(b)]
    return left < right ? -1 : left > right ? 1 : 0
  }
}

export function nameOf({ store, repository, tag }: AnyPlace): string {
  return formatReference({ store, repository, tag })
}

/** Whether something else is there that may not be replaced. */
export function isLeft(place: AnyPlace): boolean {
  const { found, wanted, overwrite } = place
  if (overwrite === 'always' || found === undefined || found === wanted) return false
  return overwrite !== 'owned' || !isOurs(place)
}

function isOurs({ found, kept }: AnyPlace): boolean {
  return kept !== undefined && found !== undefined && kept.ours.includes(found)
}

/** `digest`: what the step brings, where that is known. */
export function stepPlace(place: AnyPlace, digest?: Digest): StepPlace {
  const { found, wanted, kept } = place
  const isReplaced = found !== undefined && found !== wanted
  return {
    at: nameOf(place),
    replaces: found ?? null,
    ...(wanted !== undefined && wanted !== digest && { names: wanted }),
    ...(kept && isReplaced && { ours: isOurs(place) }),
    ...(kept && { lock: lockOf(kept) }),
  }
}

function lockOf({ image, from, prune }: PlaceKept): PlaceLock {
  return { image, ...(from !== undefined && { from }), prune }
}

/** Whether we put something there, and others something else since. */
export function isMovedOutside(place: AnyPlace): boolean {
  return place.kept !== undefined && place.kept.ours.length > 0 && !isOurs(place)
}

/** Same operands, same id, on every machine and every run; hex, so a queue takes it as it is. */
export function stepId(
  kind: Step['kind'],
  operands: readonly string[],
  to: readonly StepPlace[],
): string {
  const all = [kind, ...operands, to.map(({ at }) => at)]
  return createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 20)
}

const LEFT: Readonly<Record<DesiredPlace['overwrite'], string>> = {
  always: 'not looked at',
  owned: 'overwrite: owned',
  never: 'overwrite: never',
  immutable: 'immutableTags',
  hearsay: 'only a mirror could be asked',
}

export function whyLeft(place: AnyPlace): string {
  const left = `left as it is (${LEFT[place.overwrite]})`
  return isMovedOutside(place) ? `moved outside waybill, ${left}` : left
}
