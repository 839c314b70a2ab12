import type { Digest } from '../oci/digest.ts'
import type { Lock, LockedPlace } from './types.ts'

export function emptyLock({ name, files }: Pick<Lock, 'name' | 'files'>): Lock {
  return {
    ...(name !== undefined && { name }),
    files,
    images: new Map(),
    seen: new Map(),
    retired: new Map(),
  }
}

/** What a place holds while it is ours. What was there before us is not ours, however right. */
export function ownedDigests(
  place: Pick<LockedPlace, 'put' | 'intent'> | undefined,
): readonly Digest[] {
  return [...new Set([place?.put, place?.intent])].filter(digest => digest !== undefined)
}

/** Whether the place, holding `found`, is ours; what holds nothing is not. */
export function isOurs(
  place: Pick<LockedPlace, 'put' | 'intent'> | undefined,
  found: Digest | undefined,
): boolean {
  return found !== undefined && ownedDigests(place).includes(found)
}
