/**
 * The documents of an archive as we write it: an OCI image layout, which keeps every digest, and
 * beside it docker's `manifest.json`, whose members are the layout's own blobs.
 */
import { StoreError } from '../../errors.ts'
import { isRecord, parseStrings, type Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import type { ImageManifest } from '../../oci/manifest.ts'
import { DOCKER_CONFIG, OCI_CONFIG } from '../../oci/media-types.ts'
import { matchesPlatform } from '../../oci/platform.ts'
import { familiarReference, formatReference } from '../../oci/reference.ts'
import type { Entry, LayoutIndex } from '../index-document.ts'
import { dockerName, formatName, FULL_NAME, type Name } from './names.ts'
import { blobName } from './nodes.ts'
import type { Node, Nodes } from './types.ts'

export const LAYOUT_BYTES = Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' }))

/** The entries in one order, whatever order they came in. */
export function sorted({ document, entries }: LayoutIndex): LayoutIndex {
  const keyOf = ({ name = '\uFFFF', content, raw }: Entry) =>
    `${name} ${content.digest} ${JSON.stringify(raw)}`
  const keyed = entries.map(entry => ({ entry, key: keyOf(entry) }))
  const order = keyed.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  return { document, entries: order.map(({ entry }) => entry) }
}

/** `index.json`, each name also as docker and containerd look for it. */
export function encodeEntries({ document, entries }: LayoutIndex): Buffer {
  return Buffer.from(JSON.stringify({ ...document, manifests: entries.map(withFullName) }))
}

function withFullName({ raw, place }: Entry): unknown {
  if (place?.repository === undefined || !isRecord(raw)) return raw
  const { repository, tag } = place
  const full = formatReference(dockerName({ repository, tag }))
  return { ...raw, annotations: { ...parseStrings(raw['annotations']), [FULL_NAME]: full } }
}

interface Item {
  readonly Config: string
  RepoTags: string[] | null
  readonly Layers: readonly string[]
}

/**
 * `manifest.json`. It has one platform of each image, since docker's format has no place for more:
 * linux/amd64 where there is that, else the first. What is no image is left out, and so is what
 * docker could not load, some layer not being in the archive.
 */
export function encodeItems(
  { entries }: LayoutIndex,
  nodes: Nodes,
  has: (digest: Digest) => boolean,
): Buffer {
  const items = new Map<Digest, Item>()
  const taken = new Map<string, { readonly digest: Digest; readonly name: Name }>()
  for (const { content, place } of entries) {
    const image = imageUnder(content.digest, nodes)
    if (!image || !isLoadable(image.document, has)) continue
    const { digest } = image.content
    const item = items.get(digest) ?? itemOf(image.document)
    items.set(digest, item)
    if (place?.repository === undefined) continue
    const name = { repository: place.repository, tag: place.tag }
    const tag = familiarReference(dockerName(name))
    const other = taken.get(tag)
    if (other && other.digest !== digest) throw oneName(tag, [other.name, name])
    if (other) continue
    taken.set(tag, { digest, name })
    item.RepoTags = [...(item.RepoTags ?? []), tag]
  }
  return Buffer.from(JSON.stringify([...items.values()]))
}

function itemOf({ config, layers }: ImageManifest): Item {
  return {
    Config: blobName(config.digest),
    RepoTags: null,
    Layers: layers.map(({ digest }) => blobName(digest)),
  }
}

interface ImageNode extends Node {
  readonly document: ImageManifest
}

/** The image of a manifest, or the one of an index that docker is given. */
function imageUnder(digest: Digest, nodes: Nodes): ImageNode | undefined {
  const images = imagesUnder(digest, nodes)
  return (images.find(({ isUsual }) => isUsual) ?? images[0])?.image
}

interface Candidate {
  readonly image: ImageNode
  readonly isUsual: boolean
}

const USUAL = { os: 'linux', architecture: 'amd64' }

function imagesUnder(root: Digest, nodes: Nodes): readonly Candidate[] {
  const found: Candidate[] = []
  const reached = new Map<Digest, Descriptor['platform']>([[root, undefined]])
  for (const [digest, platform] of reached) {
    const node = nodes.get(digest)
    if (!node) continue
    const { content, document } = node
    if (document.kind === 'image') {
      const isUsual = platform !== undefined && matchesPlatform(USUAL, platform)
      if (isImage(document)) found.push({ image: { content, document }, isUsual })
      continue
    }
    for (const child of document.manifests) {
      if (isAttestation(child) || reached.has(child.digest)) continue
      reached.set(child.digest, child.platform)
    }
  }
  return found
}

/** Attestations and other artifacts are for no platform. */
function isAttestation({ platform }: Descriptor): boolean {
  return platform?.os === 'unknown'
}

function isImage({ config, subject }: ImageManifest): boolean {
  return !subject && (config.mediaType === OCI_CONFIG || config.mediaType === DOCKER_CONFIG)
}

function isLoadable({ config, layers }: ImageManifest, has: (digest: Digest) => boolean): boolean {
  return [config, ...layers].every(({ digest }) => has(digest))
}

function oneName(tag: string, names: readonly Name[]): StoreError {
  return new StoreError(
    'STORE_CONFLICT',
    `${names.map(formatName).join(' and ')} are both ${tag} to docker, and are two images`,
    { hint: 'keep them in two archives, or in one of format oci' },
  )
}
