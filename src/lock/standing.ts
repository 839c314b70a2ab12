/**
 * What places stand for whose stores keep no manifests. Such a store names an image by a digest of
 * its own, that of the configuration it takes of it; what that is, is the same at any time.
 */
import type { Digest } from '../oci/digest.ts'
import type { LockedPlace, Retired } from './types.ts'

/** Wherever `platform` is run, `digest` is what such a store takes of `of`. */
export interface Standing {
  readonly digest: Digest
  readonly of: Digest
  readonly platform: string
}

/** What the lock says of the newest that the place has. */
export function standingOf(place: LockedPlace | Retired | undefined): Standing | undefined {
  if (place === undefined || !('of' in place)) return undefined
  const { put, intent, found, of, platform } = place
  const digest = intent ?? put ?? found
  if (digest === undefined || of === undefined || platform === undefined) return undefined
  return { digest, of, platform }
}

/** What a place with `digest` as its newest is to say of it; nothing where that is not known. */
export function standingAs(
  digest: Digest,
  standing: Standing | undefined,
): Pick<LockedPlace, 'of' | 'platform'> {
  if (standing?.digest !== digest) return {}
  const { of, platform } = standing
  return { of, platform }
}
