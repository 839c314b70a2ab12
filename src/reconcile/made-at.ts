/** Whether a place has what a build makes: the lock tells, or else the image itself. */
import type { PreparedBuild } from '../execute/prepare-build.ts'
import { sealedAt, type Fact } from '../execute/sealed-at.ts'
import { onlyPlatformOf } from '../execute/standing.ts'
import { standingOf } from '../lock/standing.ts'
import type { LockedReference } from '../lock/types.ts'
import type { Place } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import type { Call } from '../util/call.ts'
import type { Looking } from './build-places.ts'

interface Seen {
  readonly place: Place
  readonly found: Digest
}

export async function madeAt(
  seen: Seen,
  prepared: PreparedBuild,
  looking: Looking,
  call: Call,
): Promise<Fact | undefined> {
  const { build, keys, platforms } = prepared
  const { workshop, memory } = looking
  const locked = memory?.lock.images.get(build.name)?.references.get(buildSource(build.name))
  const key = locked?.built?.key
  if (locked && key && [...keys.values()].includes(key)) {
    if (await standsFor(seen, locked, looking, call)) return { digest: locked.digest, key }
  }
  const { place, found } = seen
  const store = await workshop.open(place.store)
  const at = { store, repository: place.repository, found }
  return sealedAt(at, { keys: [...keys.values()], platforms }, workshop.manifests, call)
}

/** Whether the place has what the lock says was built; its image itself is not asked for. */
export async function standsFor(
  { place, found }: Seen,
  { digest }: LockedReference,
  { workshop: { open, standings }, memory }: Looking,
  call: Call,
): Promise<boolean> {
  if (found === digest) return true
  const at = formatReference(place)
  const standing = standingOf(memory?.places.get(at))
  if (standing?.digest !== found || standing.of !== digest) return false
  if (standing.platform !== (await onlyPlatformOf(await open(place.store), call))) return false
  standings.set(at, standing)
  return true
}
