/** Images by what runs: their configurations, which are the same however an image is packed. */
import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { children, MAX_CONFIG_BYTES, parseManifest, platformOfConfig } from '../oci/manifest.ts'
import { isManifestType } from '../oci/media-types.ts'
import type { Platform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { readVerified } from '../util/verified.ts'
import type { Manifested, Store } from './store.ts'

export interface PlatformConfig {
  readonly platform: Platform
  readonly config: Digest
}

/** Stores that tell an image's configurations without being read. */
export interface Identifying {
  /** One for each platform that `content` is for. */
  configs(repository: string, content: Content, call?: Call): Promise<readonly PlatformConfig[]>
  /**
   * The one platform whose configuration is all that the store keeps of an image, and what it names
   * the image by; `undefined` where it keeps manifests, and names images by them.
   */
  onlyPlatform(call?: Call): Promise<Platform | undefined>
  /**
   * What `resolve` tells of an image once it is written here: the digest of its manifest, or of the
   * configuration that the store takes of it. `read` gives manifests under `root`. With
   * `PLATFORM_MISSING` where there is nothing in it that the store would take.
   */
  identityOf(
    root: Manifested,
    read: (digest: Digest) => Promise<Manifested>,
    call?: Call,
  ): Promise<Digest>
}

/** What `resolve` gave. */
type Content = Pick<Descriptor, 'digest'>

export function isIdentifying(store: Store): store is Store & Identifying {
  return 'configs' in store
}

/** The configurations of an image in any store: asked of it, or else read from its manifests. */
export async function configsOf(
  store: Store,
  repository: string,
  content: Content,
  call?: Call,
): Promise<readonly PlatformConfig[]> {
  if (isIdentifying(store)) return store.configs(repository, content, call)
  return readConfigs(store, repository, content, call)
}

/** As `configsOf`, of a store that only gives manifests and blobs. */
export async function readConfigs(
  store: Pick<Store, 'name' | 'manifest' | 'fetch'>,
  repository: string,
  { digest }: Content,
  call?: Call,
): Promise<readonly PlatformConfig[]> {
  const root = await manifestOf(store, repository, digest, call)
  const document = parseManifest(root.bytes, root.content.mediaType)
  if (document.kind === 'image') {
    const bytes = await store.fetch(repository, document.config, call)
    const config = await readVerified(bytes, document.config, MAX_CONFIG_BYTES)
    return [{ platform: platformOfConfig(config), config: document.config.digest }]
  }
  const images = children(document).filter(isImageEntry)
  const found = await mapLimit(images, 8, async ({ digest, platform }) => {
    const child = await manifestOf(store, repository, digest, call)
    const image = parseManifest(child.bytes, child.content.mediaType)
    if (image.kind !== 'image' || platform === undefined) return []
    return [{ platform, config: image.config.digest }]
  })
  return found.flat()
}

/** Attestations are for no platform (BuildKit calls theirs `unknown`). */
export function isImageEntry({ mediaType, platform }: Descriptor): boolean {
  return isManifestType(mediaType) && platform !== undefined && platform.os !== 'unknown'
}

async function manifestOf(
  store: Pick<Store, 'name' | 'manifest'>,
  repository: string,
  digest: Digest,
  call?: Call,
): Promise<Manifested> {
  const found = await store.manifest(repository, digest, call)
  if (found) return found
  throw new StoreError('CONTENT_MISSING', `${store.name}/${repository} has no ${digest}`)
}
