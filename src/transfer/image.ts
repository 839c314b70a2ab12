import { StoreError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import {
  children,
  cutIndex,
  MAX_CONFIG_BYTES,
  parseManifest,
  platformOfConfig,
} from '../oci/manifest.ts'
import { formatPlatform, matchesPlatform, type Platform } from '../oci/platform.ts'
import type { Manifested, Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { readVerified } from '../util/verified.ts'
import { loadGraph, type Node } from './graph.ts'
import { missing, type Manifests } from './manifests.ts'

export interface Origin {
  readonly store: Store
  readonly repository: string
  readonly manifests: Manifests
  readonly call: Call
}

/** The manifest of `digest`, or the index cut to `platforms` where it is an index and any are named. */
export async function readRoot(
  origin: Origin,
  digest: Digest,
  platforms: readonly Platform[],
): Promise<Manifested> {
  const { store, repository, manifests, call } = origin
  const found = await manifests.read(store, repository, digest, call)
  if (!found) throw missing(store, repository, digest)
  return platforms.length === 0 ? found : cutTo(origin, found, platforms)
}

/** The one image of `digest` for a platform, which an index may have among others. */
export async function readImageFor(
  origin: Origin,
  digest: Digest,
  platform: Platform,
): Promise<Manifested> {
  const root = await readRoot(origin, digest, [platform])
  const document = parseManifest(root.bytes, root.content.mediaType)
  if (document.kind === 'image') return root
  const fitting = children(document).find(
    entry => entry.platform !== undefined && matchesPlatform(platform, entry.platform),
  )
  if (fitting) return readRoot(origin, fitting.digest, [])
  throw missing(origin.store, origin.repository, digest)
}

async function cutTo(
  origin: Origin,
  found: Manifested,
  platforms: readonly Platform[],
): Promise<Manifested> {
  const document = parseManifest(found.bytes, found.content.mediaType)
  if (document.kind === 'index') {
    const { descriptor, bytes, dropped } = cutIndex(document, found.bytes, platforms)
    return dropped.length === 0 ? found : { content: descriptor, bytes }
  }
  const { store, repository, call } = origin
  const config = await store.fetch(repository, document.config, call)
  const bytes = await readVerified(config, document.config, MAX_CONFIG_BYTES)
  const platform = platformOfConfig(bytes)
  const lacking = platforms.filter(wanted => !matchesPlatform(wanted, platform))
  if (lacking.length === 0) return found
  throw new StoreError(
    'PLATFORM_MISSING',
    `${store.name}/${repository}@${found.content.digest} is not for ${lacking.map(formatPlatform).join(', ')}`,
    { hint: `it is a single image, for ${formatPlatform(platform)}` },
  )
}

/** `root` and everything under it, read from where it came from. */
export function loadImage(
  { store, repository, manifests, call }: Origin,
  root: Manifested,
): Promise<Node> {
  return loadGraph(root, ({ digest }) => manifests.read(store, repository, digest, call))
}
