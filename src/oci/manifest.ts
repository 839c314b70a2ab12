/**
 * Manifests and indexes as values, and an index cut to some of its platforms.
 *
 * A digest names bytes, not a meaning: what could be read as two things is refused, so that no
 * two tools can take one digest for different images (CVE-2021-41190).
 */
import { StoreError } from '../errors.ts'
import { parseDescriptor, parseStrings, type Descriptor } from './descriptor.ts'
import { digestOf } from './digest.ts'
import { parseDocument } from './document.ts'
import { isIndexType, isManifestType } from './media-types.ts'
import { formatPlatform, matchesPlatform, type Platform } from './platform.ts'

export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024
/** Nothing limits a configuration; this is far above what images have. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024

interface Shared {
  readonly mediaType: string
  readonly subject?: Descriptor
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** An image for one platform, or an artifact: its configuration may be of any type. */
export interface ImageManifest extends Shared {
  readonly kind: 'image'
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

export interface Index extends Shared {
  readonly kind: 'index'
  readonly manifests: readonly Descriptor[]
}

const WHAT = 'the manifest'
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/
const KNOWN = ['mediaType', 'schemaVersion', 'config', 'layers', 'manifests', 'subject', 'fsLayers']
const FOLDED = new Set(KNOWN.map(key => key.toLowerCase()))

/** Reads a manifest that a store gave as `mediaType`. */
export function parseManifest(bytes: Uint8Array, mediaType: string): ImageManifest | Index {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    throw unsupported(`${WHAT} has more than ${MAX_MANIFEST_BYTES} bytes`)
  }
  if (SCHEMA_1.test(mediaType)) throw schema1()
  if (!isManifestType(mediaType)) throw unsupported(`${shown(mediaType)} is not a kind of manifest`)
  const document = parseDocument(bytes, WHAT)
  refuseAmbiguous(document, mediaType)
  const shared = parseShared(document, mediaType)
  if (isIndexType(mediaType)) {
    return { kind: 'index', ...shared, manifests: descriptors(document, 'manifests') }
  }
  const config = parseDescriptor(document['config'], `config of ${WHAT}`)
  return { kind: 'image', ...shared, config, layers: descriptors(document, 'layers') }
}

/** The manifests that an index names, each once. */
export function children(manifest: ImageManifest | Index): readonly Descriptor[] {
  return manifest.kind === 'index' ? unique(manifest.manifests) : []
}

/** The configuration and the layers, each once. */
export function blobs(manifest: ImageManifest | Index): readonly Descriptor[] {
  return manifest.kind === 'image' ? unique([manifest.config, ...manifest.layers]) : []
}

function unique(contents: readonly Descriptor[]): readonly Descriptor[] {
  const seen = new Map<string, Descriptor>()
  for (const content of contents) if (!seen.has(content.digest)) seen.set(content.digest, content)
  return [...seen.values()]
}

function refuseAmbiguous(document: Readonly<Record<string, unknown>>, mediaType: string): void {
  if (document['schemaVersion'] === 1 || 'fsLayers' in document) throw schema1()
  // Go's JSON reader takes `Layers` for `layers`, so two spellings are two meanings
  const misspelt = Object.keys(document).find(key => FOLDED.has(fold(key)) && !KNOWN.includes(key))
  if (misspelt !== undefined) throw corrupt(`${WHAT} is ambiguous: it has ${shown(misspelt)}`)
  const isIndex = isIndexType(mediaType)
  const foreign = (isIndex ? ['config', 'layers'] : ['manifests']).find(key => key in document)
  if (foreign !== undefined) {
    const kind = isIndex ? 'an index' : 'an image'
    throw corrupt(`${WHAT} is ambiguous: it is given as ${kind} but has ${foreign}`)
  }
  const claimed = document['mediaType']
  if (claimed !== undefined && claimed !== mediaType) {
    throw corrupt(`${WHAT} is given as ${mediaType} but says it is ${shown(claimed)}`)
  }
}

/** Unicode has letters beyond ASCII that fold to k and s. */
function fold(key: string): string {
  return key.toUpperCase().toLowerCase()
}

function parseShared(document: Readonly<Record<string, unknown>>, mediaType: string): Shared {
  const { subject, artifactType } = document
  const annotations = parseStrings(document['annotations'])
  return {
    mediaType,
    ...(isPresent(subject) && { subject: parseDescriptor(subject, `subject of ${WHAT}`) }),
    ...(typeof artifactType === 'string' && artifactType !== '' && { artifactType }),
    ...(annotations && { annotations }),
  }
}

/** Go writes an empty list as null. */
function descriptors(document: Readonly<Record<string, unknown>>, key: string): Descriptor[] {
  const list = document[key]
  if (list === null) return []
  if (!Array.isArray(list)) throw corrupt(`${WHAT} has no list of ${key}`)
  return list.map((entry, at) => parseDescriptor(entry, `${key}[${at}] of ${WHAT}`))
}

const REFERENCE_TYPE = 'vnd.docker.reference.type'
const REFERENCE_DIGEST = 'vnd.docker.reference.digest'

export interface Cut {
  readonly bytes: Buffer
  /** Of `bytes`, by sha256. */
  readonly descriptor: Descriptor
  readonly dropped: readonly Descriptor[]
}

/**
 * The index with only the entries that are for `wanted` (all, if it is empty), and their
 * attestations. What stays, stays as it is written; equal inputs give equal bytes, and where
 * nothing is dropped the bytes are those of the source. `bytes` are what `index` was read from.
 */
export function cutIndex(index: Index, bytes: Buffer, wanted: readonly Platform[]): Cut {
  const kept = wanted.length === 0 ? new Set(index.manifests) : chosen(index, wanted)
  const dropped = index.manifests.filter(entry => !kept.has(entry))
  const cut = dropped.length === 0 ? bytes : rewrite(bytes, at => isKept(index, kept, at))
  const { mediaType } = index
  return {
    bytes: cut,
    descriptor: { mediaType, digest: digestOf(cut), size: cut.length },
    dropped,
  }
}

function isKept({ manifests }: Index, kept: ReadonlySet<Descriptor>, at: number): boolean {
  const entry = manifests[at]
  return entry !== undefined && kept.has(entry)
}

function chosen(index: Index, wanted: readonly Platform[]): ReadonlySet<Descriptor> {
  const images = index.manifests.filter(entry => !isAttestation(entry))
  const lacking = wanted.filter(platform => !images.some(entry => isFor(entry, platform)))
  if (lacking.length > 0) throw platformMissing(lacking, images)

  const kept = images.filter(entry => wanted.some(platform => isFor(entry, platform)))
  const subjects = new Set<string | undefined>(kept.map(({ digest }) => digest))
  const attestations = index.manifests.filter(
    entry => isAttestation(entry) && subjects.has(entry.annotations?.[REFERENCE_DIGEST]),
  )
  return new Set([...kept, ...attestations])
}

function isFor({ platform }: Descriptor, wanted: Platform): boolean {
  return platform !== undefined && matchesPlatform(wanted, platform)
}

function isAttestation({ annotations }: Descriptor): boolean {
  return annotations?.[REFERENCE_TYPE] === 'attestation-manifest'
}

function rewrite(bytes: Buffer, keep: (at: number) => boolean): Buffer {
  const document = parseDocument(bytes, WHAT)
  const list = document['manifests']
  const manifests = Array.isArray(list) ? list.filter((_, at) => keep(at)) : list
  try {
    return Buffer.from(JSON.stringify({ ...document, manifests }))
  } catch (cause) {
    throw new StoreError('CONTENT_UNSUPPORTED', `${WHAT} nests too deep to be cut`, { cause })
  }
}

function platformMissing(lacking: readonly Platform[], images: readonly Descriptor[]): StoreError {
  const known = images.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)],
  )
  const there = [...new Set(known)].toSorted()
  return new StoreError(
    'PLATFORM_MISSING',
    `the image is not there for ${lacking.map(formatPlatform).join(', ')}`,
    { hint: there.length > 0 ? `it is there for ${there.join(', ')}` : 'it names no platforms' },
  )
}

/** What a single image runs on, which only its configuration says. */
export function platformOfConfig(bytes: Uint8Array): Platform {
  const document = parseDocument(bytes, "the image's configuration")
  const { os, architecture, variant } = document
  const version = document['os.version']
  if (!isText(os) || !isText(architecture)) {
    throw new StoreError('PLATFORM_MISSING', "the image's configuration names no platform", {
      hint: 'it may be an artifact: leave `platforms` out to take it as it is',
    })
  }
  return {
    os,
    architecture,
    ...(isText(variant) && { variant }),
    ...(isText(version) && { 'os.version': version }),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** For messages: text from outside, short and on one line. */
function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : typeof value
}

function schema1(): StoreError {
  return new StoreError('CONTENT_UNSUPPORTED', `${WHAT} is of schema 1, which is long obsolete`, {
    hint: 'pull it with docker before 26 and push it again: that makes it schema 2',
  })
}

function unsupported(message: string): StoreError {
  return new StoreError('CONTENT_UNSUPPORTED', message)
}

function corrupt(message: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', message)
}
