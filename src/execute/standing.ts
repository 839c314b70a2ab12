/** What places are to name once they have an image, in stores that keep no manifests too. */
import type { Standing } from '../lock/standing.ts'
import type { Digest } from '../oci/digest.ts'
import { formatPlatform } from '../oci/platform.ts'
import { isIdentifying } from '../stores/identifying.ts'
import type { Manifested, Store } from '../stores/store.ts'
import { digestIn } from '../transfer/identity.ts'
import type { Origin } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'

/**
 * By the full names of places. Only what stores made of manifests that were read is here, in this run
 * or in one that left it in the lock: never what a plan says.
 */
export type Standings = Map<string, Standing>

/** The platform whose configuration the store keeps of an image; nothing where it keeps manifests. */
export async function onlyPlatformOf(store: Store, call: Call): Promise<string | undefined> {
  const platform = isIdentifying(store) ? await store.onlyPlatform(call) : undefined
  return platform && formatPlatform(platform)
}

/** What a place in `store` is to name once it has the image `root`, which is noted. */
export async function nameFor(
  { root, origin }: { readonly root: Manifested; readonly origin: Origin },
  { at, store, standings }: { at: string; store: Store; standings: Standings },
): Promise<Digest> {
  const digest = await digestIn(store, root, origin)
  const platform = await onlyPlatformOf(store, origin.call)
  if (platform !== undefined) standings.set(at, { digest, of: root.content.digest, platform })
  return digest
}
