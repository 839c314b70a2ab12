import type { Store } from '../../src/stores/store.ts'
import { parseDigest } from '../../src/oci/digest.ts'
import { copyImage, type Target, type TargetResult } from '../../src/transfer/copy.ts'
import { loadImage, readRoot } from '../../src/transfer/image.ts'
import { createLedger, type Ledger } from '../../src/transfer/ledger.ts'
import { createManifests } from '../../src/transfer/manifests.ts'

export interface Copied {
  readonly results: readonly TargetResult[]
  /** Bytes of blobs read from the source. */
  readonly read: number
}

/** One image from a repository to others, as a run does it. */
export async function copyTo(
  from: { readonly store: Store; readonly repository: string; readonly reference: string },
  targets: readonly Target[],
  ledger: Ledger = createLedger(),
): Promise<Copied> {
  const { store, repository, reference } = from
  const found = await store.manifest(repository, reference)
  if (!found) throw new Error(`there is no ${repository} ${reference}`)
  const origin = { store, repository, manifests: createManifests(), call: {} }
  const root = await readRoot(origin, parseDigest(found.content.digest), [])
  let read = 0
  const results = await copyImage({
    source: { store, repository },
    root: await loadImage(origin, root),
    referrers: [],
    targets,
    ledger,
    streams: () => undefined,
    onBytes: count => (read += count),
    call: {},
  })
  return { results, read }
}
