/** Whether a place has what a build makes: the lock tells, or else the image itself. */
import { keyIn } from '../builders/seal.ts'
import type { PreparedBuild } from '../execute/prepare-build.ts'
import type { Workshop } from '../execute/workshop.ts'
import { standingOf } from '../lock/standing.ts'
import type { Place } from '../manifest/types.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { children, parseManifest } from '../oci/manifest.ts'
import { buildSource, formatReference } from '../oci/reference.ts'
import { isImageEntry, MOST_CONFIG_BYTES } from '../stores/identifying.ts'
import type { Store } from '../stores/store.ts'
import { missing, type Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { readVerified } from '../util/verified.ts'
import type { Memory } from './memory.ts'

export interface Fact {
  /** Of its manifest, or index. */
  readonly digest: Digest
  readonly key: Digest
}

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
  return sealedAt(at, prepared, workshop.manifests, call)
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

/** By the labels of its configurations, all of them. */
export async function sealedAt(
  {
    store,
    repository,
    found,
  }: {
    readonly store: Store
    readonly repository: string
    readonly found: Digest | undefined
  },
  { keys, platforms }: Pick<PreparedBuild, 'keys' | 'platforms'>,
  manifests: Manifests,
  call: Call,
): Promise<Fact | undefined> {
  if (found === undefined) return undefined
  const read = async (digest: Digest) => {
    const manifest = await manifests.read(store, repository, digest, call)
    if (manifest) return manifest
    throw missing(store, repository, digest)
  }
  const root = await read(found)
  const document = parseManifest(root.bytes, root.content.mediaType)
  const images =
    document.kind === 'image'
      ? [document]
      : await mapLimit(children(document).filter(isImageEntry), 8, async ({ digest }) => {
          const { bytes, content } = await read(digest)
          return parseManifest(bytes, content.mediaType)
        })
  if (images.length !== platforms.length) return undefined
  const labels = await mapLimit(images, 8, async image => {
    if (image.kind !== 'image') return undefined
    const bytes = await store.fetch(repository, image.config, call)
    return keyIn(await readVerified(bytes, image.config, MOST_CONFIG_BYTES))
  })
  const [key] = labels
  const isOne = key !== undefined && labels.every(other => other === key)
  const known = isOne && [...keys.values()].find(one => one === key)
  return known ? { digest: root.content.digest, key: parseDigest(key) } : undefined
}
