/** What an image itself tells of the build that made it. */
import { keyIn } from '../builders/seal.ts'
import { parseDigest, type Digest } from '../oci/digest.ts'
import { children, MAX_CONFIG_BYTES, parseManifest } from '../oci/manifest.ts'
import { isImageEntry } from '../stores/identifying.ts'
import type { Store } from '../stores/store.ts'
import { missing, type Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { readVerified } from '../util/verified.ts'
import type { PreparedBuild } from './prepare-build.ts'

export interface Fact {
  /** Of its manifest, or index. */
  readonly digest: Digest
  readonly key: Digest
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
  { keys, platforms }: { readonly keys: readonly Digest[] } & Pick<PreparedBuild, 'platforms'>,
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
    return keyIn(await readVerified(bytes, image.config, MAX_CONFIG_BYTES))
  })
  const [key] = labels
  const isOne = key !== undefined && labels.every(other => other === key)
  const known = isOne && keys.find(one => one === key)
  return known ? { digest: root.content.digest, key: parseDigest(key) } : undefined
}
