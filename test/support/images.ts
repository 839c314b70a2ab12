/** Real images for tests: every digest and diff id is right, and equal options give equal bytes. */
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import {
  DOCKER_CONFIG,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../src/oci/media-types.ts'
import type { Platform } from '../../src/oci/platform.ts'
import { makeLayer, type LargeBlob, type Layer, type LayerSpec } from './layers.ts'
import { openRegistryClient, type ClientOptions, type RegistryClient } from './registry-client.ts'

export interface TestManifest {
  readonly mediaType: string
  readonly digest: Digest
  readonly bytes: Buffer
}

export interface TestImage {
  readonly manifest: TestManifest
  /** Of this manifest alone, not of its children. */
  readonly blobs: ReadonlyMap<Digest, Buffer>
  /** Blobs of 8 MiB and more, which are made as they are read. */
  readonly large: ReadonlyMap<Digest, LargeBlob>
  /** What an index lists, in order; an image has none. */
  readonly children: readonly TestImage[]
  readonly platform?: Platform
}

export interface ImageOptions {
  readonly seed: string
  /** A layer without a seed belongs to this image alone. */
  readonly layers?: readonly (Layer | { readonly size: number; readonly seed?: string })[]
  readonly platform?: Platform
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly types?: 'oci' | 'docker'
  /** When the configuration says that it was made. */
  readonly created?: string
  /** What builds on it do first. */
  readonly onbuild?: readonly string[]
}

const TYPES = {
  oci: { index: OCI_INDEX, manifest: OCI_MANIFEST, config: OCI_CONFIG, layer: OCI_LAYER_GZIP },
  docker: {
    index: DOCKER_LIST,
    manifest: DOCKER_MANIFEST,
    config: DOCKER_CONFIG,
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const

const EMPTY_CONFIG = 'application/vnd.oci.empty.v1+json'
const EPOCH = '2026-01-01T00:00:00Z'
const AMD64: Platform = { os: 'linux', architecture: 'amd64' }

export async function makeImage(options: ImageOptions): Promise<TestImage> {
  const { seed, layers: specs = [{ size: 1024 }], platform = AMD64, annotations } = options
  const types = TYPES[options.types ?? 'oci']
  const layers: Layer[] = []
  for (const [index, spec] of specs.entries()) {
    layers.push('digest' in spec ? spec : await makeLayer(layerSpec(spec, `${seed}/${index}`)))
  }
  const config = configOf(options, platform, layers)
  const manifest = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: describe(types.config, config),
    layers: layers.map(({ digest, size }) => ({ mediaType: types.layer, digest, size })),
    ...(annotations && { annotations }),
  }
  const blobs = new Map<Digest, Buffer>([[digestOf(config), config]])
  const large = new Map<Digest, LargeBlob>()
  for (const { digest, content } of layers) {
    if (Buffer.isBuffer(content)) blobs.set(digest, content)
    else large.set(digest, content)
  }
  return { manifest: encode(types.manifest, manifest), blobs, large, children: [], platform }
}

function layerSpec(
  { size, seed }: { readonly size: number; readonly seed?: string },
  otherwise: string,
): LayerSpec {
  return { size, seed: seed ?? otherwise }
}

function configOf(
  { seed, labels = {}, created = EPOCH, onbuild }: ImageOptions,
  platform: Platform,
  layers: readonly Layer[],
): Buffer {
  return json({
    created,
    ...platform,
    config: { Env: [`SEED=${seed}`], Cmd: ['/bin/true'], Labels: labels, OnBuild: onbuild },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((_, index) => ({ created: EPOCH, created_by: `COPY ${seed} ${index}` })),
  })
}

export interface IndexOptions {
  /** Gives each image an attestation manifest, as BuildKit does. */
  readonly attestations?: boolean
  readonly annotations?: Readonly<Record<string, string>>
  readonly types?: 'oci' | 'docker'
}

export function makeIndex(images: readonly TestImage[], options: IndexOptions = {}): TestImage {
  const { attestations = false, annotations, types = 'oci' } = options
  const attested = attestations ? images.map(image => ({ of: image, by: attestation(image) })) : []
  const mediaType = TYPES[types].index
  const index = {
    schemaVersion: 2,
    mediaType,
    manifests: [
      ...images.map(image => descriptorOf(image)),
      ...attested.map(({ of, by }) => attestationEntry(of, by)),
    ],
    ...(annotations && { annotations }),
  }
  return {
    manifest: encode(mediaType, index),
    blobs: new Map(),
    large: new Map(),
    children: [...images, ...attested.map(({ by }) => by)],
  }
}

/** BuildKit's way: a child for no platform that names the image it is about in an annotation. */
function attestationEntry(image: TestImage, by: TestImage): Descriptor {
  return {
    ...descriptorOf(by),
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': image.manifest.digest,
    },
  }
}

function attestation({ manifest: { digest } }: TestImage): TestImage {
  const statement = json({
    _type: 'https://in-toto.io/Statement/v0.1',
    predicateType: 'https://slsa.dev/provenance/v0.2',
    subject: [{ name: '_', digest: { sha256: digest.slice(7) } }],
    predicate: {},
  })
  const config = json({
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(statement)] },
  })
  const manifest = encode(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: describe(OCI_CONFIG, config),
    layers: [
      {
        ...describe('application/vnd.in-toto+json', statement),
        annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' },
      },
    ],
  })
  return plain(manifest, [config, statement])
}

export interface ReferrerOptions {
  readonly artifactType: string
  readonly payload: string | Buffer
  readonly annotations?: Readonly<Record<string, string>>
}

/** A manifest about another one: a signature, an SBOM. Push it without a tag. */
export function makeReferrer(subject: TestImage, options: ReferrerOptions): TestImage {
  const { artifactType, annotations } = options
  const payload = Buffer.from(options.payload)
  const config = Buffer.from('{}')
  const manifest = encode(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType,
    config: describe(EMPTY_CONFIG, config),
    layers: [describe(artifactType, payload)],
    subject: describe(subject.manifest.mediaType, subject.manifest.bytes),
    ...(annotations && { annotations }),
  })
  return plain(manifest, [config, payload])
}

function plain(manifest: TestManifest, contents: readonly Buffer[]): TestImage {
  const blobs = new Map(contents.map(bytes => [digestOf(bytes), bytes]))
  return { manifest, blobs, large: new Map(), children: [] }
}

export function descriptorOf({ manifest, platform }: TestImage): Descriptor {
  return { ...describe(manifest.mediaType, manifest.bytes), ...(platform && { platform }) }
}

/** Pushes blobs, children and manifest to any registry; without a tag, by digest only. */
export async function pushImage(
  host: string,
  repository: string,
  tag: string | undefined,
  image: TestImage,
  options: ClientOptions = {},
): Promise<void> {
  using client = openRegistryClient(host, options)
  await pushThrough(client, repository, tag, image)
}

/** For many images to one registry: the connections are kept between them. */
export async function pushThrough(
  client: RegistryClient,
  repository: string,
  tag: string | undefined,
  image: TestImage,
): Promise<void> {
  for (const child of image.children) await pushThrough(client, repository, undefined, child)
  for (const [digest, content] of [...image.blobs, ...image.large]) {
    await client.putBlob(repository, digest, content)
  }
  await client.putManifest(repository, tag ?? image.manifest.digest, image.manifest)
}

function encode(mediaType: string, document: unknown): TestManifest {
  const bytes = json(document)
  return { mediaType, digest: digestOf(bytes), bytes }
}

function describe(mediaType: string, bytes: Buffer): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}
