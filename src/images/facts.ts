/** What is known of one image: all of its manifests, and one configuration. */
import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { children, MAX_CONFIG_BYTES, type ImageManifest } from '../oci/manifest.ts'
import { isManifestType } from '../oci/media-types.ts'
import { formatPlatform, matchesPlatform, type Platform } from '../oci/platform.ts'
import type { Store } from '../stores/store.ts'
import { blobsOf, childrenFirst, type Node } from '../transfer/graph.ts'
import { loadImage, readRoot } from '../transfer/image.ts'
import { createManifests, type Manifests } from '../transfer/manifests.ts'
import type { Call } from '../util/call.ts'
import { readVerified } from '../util/verified.ts'
import { parseConfig, type ImageConfig } from './config.ts'

/** Configurations of artifacts may be of any type, which says nothing of an image. */
const CONFIG_TYPE = /^application\/vnd\.(?:oci\.image\.config|docker\.container\.image)\.v1\+json$/

/** One image for one platform. */
export interface Variant {
  readonly content: Descriptor
  readonly manifest: ImageManifest
  /** Absent where the manifest is an artifact's. */
  readonly config?: ImageConfig
}

export interface ImageFacts {
  readonly root: Node
  /** Everything that it is made of, manifests too, each once, with its size. */
  readonly parts: ReadonlyMap<Digest, number>
  /** The sum of `parts`. */
  readonly size: number
  readonly platforms: readonly string[]
  /** The platform asked for, or the first there is; absent where an index has no image in it. */
  readonly variant?: Variant
}

export interface Look {
  readonly store: Store
  readonly repository: string
  readonly content: Descriptor
}

export interface FactsInit {
  readonly platform?: Platform | undefined
  readonly manifests?: Manifests
}

export async function readFacts(
  { store, repository, content }: Look,
  { platform, manifests = createManifests() }: FactsInit = {},
  call: Call = {},
): Promise<ImageFacts> {
  const root = await readTree({ store, repository, content }, manifests, call)
  const parts = partsOf(root)
  const chosen = choose(root, platform)
  const variant = chosen && (await readVariant({ store, repository, content }, chosen, call))
  if (platform !== undefined && !fits(root, variant, platform)) {
    throw lacking(`${store.name}/${repository}@${content.digest}`, root, variant, platform)
  }
  return {
    root,
    parts,
    size: [...parts.values()].reduce((sum, size) => sum + size, 0),
    platforms: platformsOf(root, variant),
    ...(variant && { variant }),
  }
}

/** All manifests of an image. */
export async function readTree(
  { store, repository, content }: Look,
  manifests: Manifests = createManifests(),
  call: Call = {},
): Promise<Node> {
  const origin = { store, repository, manifests, call }
  return loadImage(origin, await readRoot(origin, content.digest, []))
}

export function partsOf(root: Node): ReadonlyMap<Digest, number> {
  const parts = new Map<Digest, number>()
  for (const node of childrenFirst(root)) {
    for (const { digest, size } of [...blobsOf(node), node.content]) parts.set(digest, size)
  }
  return parts
}

/** Of an index, whose entries say what they are for; attestations are for nothing. */
function images({ document }: Node): readonly Descriptor[] {
  return children(document).filter(
    ({ mediaType, platform }) => isManifestType(mediaType) && platform?.os !== 'unknown',
  )
}

function choose(root: Node, wanted: Platform | undefined): Node | undefined {
  if (root.document.kind === 'image') return root
  const entries = images(root)
  const entry =
    wanted === undefined
      ? entries[0]
      : entries.find(({ platform }) => platform && matchesPlatform(wanted, platform))
  const child = root.children.find(({ content }) => content.digest === entry?.digest)
  return child && choose(child, wanted)
}

async function readVariant(
  { store, repository }: Look,
  { content, document }: Node,
  call: Call,
): Promise<Variant | undefined> {
  if (document.kind !== 'image') return undefined
  if (!CONFIG_TYPE.test(document.config.mediaType)) return { content, manifest: document }
  const bytes = await store.fetch(repository, document.config, call)
  const config = parseConfig(await readVerified(bytes, document.config, MAX_CONFIG_BYTES))
  return { content, manifest: document, config }
}

function platformOf({ os, architecture, variant }: ImageConfig): Platform | undefined {
  if (os === undefined || architecture === undefined) return undefined
  return { os, architecture, ...(variant !== undefined && { variant }) }
}

function platformsOf(root: Node, variant: Variant | undefined): readonly string[] {
  const own = root.document.kind === 'image' && variant?.config && platformOf(variant.config)
  const all = own ? [own] : images(root).flatMap(({ platform }) => platform ?? [])
  return [...new Set(all.map(formatPlatform))]
}

function fits(root: Node, variant: Variant | undefined, wanted: Platform): boolean {
  if (variant === undefined) return false
  if (root.document.kind === 'index') return true
  const own = variant.config && platformOf(variant.config)
  return own !== undefined && matchesPlatform(wanted, own)
}

function lacking(
  where: string,
  root: Node,
  variant: Variant | undefined,
  wanted: Platform,
): StoreError {
  const there = platformsOf(root, variant)
  return new StoreError('PLATFORM_MISSING', `${where} is not for ${formatPlatform(wanted)}`, {
    hint: there.length > 0 ? `it is for ${there.join(', ')}` : 'it names no platforms',
  })
}
