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
export function ownedDigests({
  put,
  intent,
}: Pick<LockedPlace, 'put' | 'intent'>): readonly Digest[] {
  return [...new Set([put, intent])].filter(digest => digest !== undefined)
}
