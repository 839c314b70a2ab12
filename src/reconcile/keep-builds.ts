import { buildSource } from '../oci/reference.ts'
import type { Digest } from '../oci/digest.ts'
import type { PruneMode } from '../lock/types.ts'
import { draftAt, placeAfter, type Drafts, type Standings } from './drafts.ts'
import { inSeconds } from './held.ts'
import type { Memory } from './memory.ts'

/** What a build was seen to come to, as far as its places were looked at. */
export interface KnownBuild {
  readonly name: string
  readonly prune: PruneMode
  /** What it made; what the lock has of it where that is not known. */
  readonly digest: Digest
  /** What went into that, where some place was seen to have what this very build came to. */
  readonly key: Digest | undefined
  readonly places: readonly {
    readonly at: string
    readonly found?: Digest | 'nothing'
    /** What it names, where that is what the build came to. */
    readonly wanted?: Digest
  }[]
}

export function addBuild(
  drafts: Drafts,
  { lock, places, nowMs }: Memory,
  build: KnownBuild,
  standings: Standings,
): void {
  const { name, digest, key, prune } = build
  const source = buildSource(name)
  const locked = lock.images.get(name)?.references.get(source)
  const draft = draftAt(drafts, name, source, digest)
  const isKnown = key === undefined || locked?.built?.key === key
  const built = isKnown ? locked?.built : { key, at: inSeconds(nowMs) }
  if (built) draft.built = built
  for (const { at, ...look } of build.places) {
    const place = placeAfter(places.get(at), { ...look, digest }, standings.get(at))
    if (place) draft.places.set(at, { ...place, prune })
  }
}
