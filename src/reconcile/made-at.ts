/** Whether a place has what a build makes: the lock tells, or else the image itself. */
import type { PreparedBuild } from '../execute/prepare-build.ts'
import { sealedAt, type Fact } from '../execute/sealed-at.ts'
import type { Workshop } from '../execute/workshop.ts'
import { standingOf } from '../lock/standing.ts'
import type { Place } from '../manifest/types.ts'
import type { Digest } from '../oci/digest.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import type { Call } from '../util/call.ts'
import type { Memory } from './memory.ts'

interface Looking {
  readonly workshop: Workshop
  readonly memory: Memory | undefined
}

export async function madeAt(
  seen: { readonly place: Place; readonly found: Digest },
  prepared: PreparedBuild,
  { workshop, memory }: Looking,
  call: Call,
): Promise<Fact | undefined> {
  const locked = lockedAt(seen, prepared, memory)
  if (locked) return locked
  const { place, found } = seen
  const store = await workshop.open(place.store)
  const at = { store, repository: place.repository, found }
  const { keys, platforms } = prepared
  return sealedAt(at, { keys: [...keys.values()], platforms }, workshop.manifests, call)
}

/** Without asking anybody: what the lock says that the place stands for. */
function lockedAt(
  { place, found }: { readonly place: Place; readonly found: Digest },
  { build, keys }: PreparedBuild,
  memory: Memory | undefined,
): Fact | undefined {
  const source = buildSource(build.name)
  const locked = memory?.lock.images.get(build.name)?.references.get(source)
  if (locked?.built === undefined || ![...keys.values()].includes(locked.built.key))
    return undefined
  const { digest, built } = locked
  const standing = standingOf(locked.places.get(formatReference(place)))
  const isIt = found === digest || (standing?.digest === found && standing.of === digest)
  return isIt ? { digest, key: built.key } : undefined
}
