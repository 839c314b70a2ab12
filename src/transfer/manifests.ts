import { StoreError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import type { Manifested, Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'

/**
 * Manifests read in this run, so that what a plan looked at is not fetched again to carry it out.
 * Digests name content, so it does not matter which store a manifest came from.
 */
export interface Manifests {
  /** By digest; `undefined` where the repository has no such manifest. */
  read(
    store: Store,
    repository: string,
    digest: Digest,
    call?: Call,
  ): Promise<Manifested | undefined>
  keep(manifest: Manifested): void
}

const MOST_BYTES = 24 * 1024 * 1024

export function createManifests(): Manifests {
  const kept = new Map<string, Manifested>()
  const reading = new Map<string, Promise<Manifested | undefined>>()
  let bytes = 0

  function keep(manifest: Manifested): void {
    const { digest } = manifest.content
    if (kept.has(digest)) return
    kept.set(digest, manifest)
    bytes += manifest.bytes.length
    for (const [oldest, { bytes: gone }] of kept) {
      if (bytes <= MOST_BYTES || oldest === digest) return
      kept.delete(oldest)
      bytes -= gone.length
    }
  }

  return {
    keep,
    async read(store, repository, digest, call) {
      const known = kept.get(digest)
      if (known) return known
      const key = `${store.name}/${repository}@${digest}`
      const asked = reading.get(key) ?? store.manifest(repository, digest, call)
      reading.set(key, asked)
      try {
        const found = await asked
        if (found) keep(found)
        return found
      } finally {
        reading.delete(key)
      }
    },
  }
}

/** The error for a digest that a repository was expected to have. */
export function missing(store: Store, repository: string, digest: Digest): StoreError {
  return new StoreError('CONTENT_MISSING', `${store.name}/${repository} has no ${digest}`)
}
