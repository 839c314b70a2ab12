/** What a lock remembers, in the order in which runs ask for it. */
import { ownedDigests } from '../lock/ownership.ts'
import type { Lock, LockedImage, LockedPlace, LockedReference, Retired } from '../lock/types.ts'
import type { Choice, Wish } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import { formatReference } from '../oci/reference.ts'

export interface Memory {
  readonly lock: Lock
  /** Of places that are asked for, and of those that no longer are. */
  readonly places: ReadonlyMap<string, LockedPlace | Retired>
  /** Whether the image is to follow what its source has, as against staying as it is locked. */
  readonly follows: (image: string) => boolean
  readonly nowMs: number
}

/** A wish with all that is known of its source before it is asked. */
export interface Resolved extends Wish {
  /** What its tag is taken to name, whatever it names now. */
  readonly pinned?: Digest
  /** Only a mirror said so. */
  readonly hearsay?: boolean
  /** The build that it is of: it comes from a place that has what was built. */
  readonly build?: string
}

export function remember(
  lock: Lock,
  { follows, nowMs }: Pick<Memory, 'follows' | 'nowMs'>,
): Memory {
  const places = new Map<string, LockedPlace | Retired>(lock.retired)
  for (const { references } of lock.images.values()) {
    for (const reference of references.values()) {
      for (const [at, place] of reference.places) places.set(at, place)
    }
  }
  return { lock, places, follows, nowMs }
}

/** What would be ours if the place held it. */
export function oursAt({ places }: Memory, at: string): readonly Digest[] {
  return ownedDigests(places.get(at))
}

export function platformsKey(platforms: readonly Platform[]): string {
  return platforms.map(formatPlatform).toSorted().join()
}

/** The tags of the choice's repository that its image has in the lock. */
export function lockedTags(
  image: LockedImage | undefined,
  { from }: Pick<Choice, 'from'>,
): ReadonlyMap<string, LockedReference> {
  const prefix = `${formatReference(from)}:`
  const tags = new Map<string, LockedReference>()
  for (const [name, reference] of image?.references ?? []) {
    if (name.startsWith(prefix)) tags.set(name.slice(prefix.length), reference)
  }
  return tags
}

/** Tags of the choice's repository whose places of ours are no longer asked for. */
export function retiredTags({ lock }: Memory, { image, from }: Choice): readonly string[] {
  const prefix = `${formatReference(from)}:`
  return [...lock.retired.values()].flatMap(retired =>
    retired.image === image && retired.from?.startsWith(prefix) === true
      ? [retired.from.slice(prefix.length)]
      : [],
  )
}
