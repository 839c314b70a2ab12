/** What was built for each platform, as the one image that goes to its places. */
import { Readable } from 'node:stream'
import { BuildError, StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { MAX_CONFIG_BYTES, parseManifest } from '../oci/manifest.ts'
import { OCI_INDEX } from '../oci/media-types.ts'
import type { Platform } from '../oci/platform.ts'
import type { Manifested, Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { readVerified } from '../util/verified.ts'
import type { BuiltImage } from './builder.ts'
import { seal } from './seal.ts'

export interface Assembled {
  /** Holds it as long as what was built is not disposed of. */
  readonly store: Store
  readonly repository: string
  readonly root: Manifested
}

export interface Part {
  readonly image: BuiltImage
  readonly platform: Platform
}

/** One image as it is, several as an index in the order that they are given in; all of them sealed. */
export async function assemble(
  parts: readonly Part[],
  { name, key }: { readonly name: string; readonly key: Digest },
  call: Call,
): Promise<Assembled> {
  const sealed = await Promise.all(parts.map(part => sealPart(part, key, call)))
  const [only, ...others] = sealed
  if (only === undefined) throw new Error(`nothing was built of ${name}`)
  const root = others.length === 0 ? only.manifest : indexOf(sealed)
  return { store: storeOf(name, root, sealed), repository: name, root }
}

interface Sealed extends Part {
  readonly manifest: Manifested
  readonly config: Buffer
  readonly layers: readonly Descriptor[]
}

async function sealPart({ image, platform }: Part, key: Digest, call: Call): Promise<Sealed> {
  const { store, repository, digest } = image
  const found = await store.manifest(repository, digest, call)
  const document = found && parseManifest(found.bytes, found.content.mediaType)
  if (document?.kind !== 'image') {
    throw new BuildError('BUILD_FAILED', `${store.name} has no image of what was built`)
  }
  const bytes = await store.fetch(repository, document.config, call)
  const config = seal(await readVerified(bytes, document.config, MAX_CONFIG_BYTES), key)
  const { mediaType } = document.config
  const { layers } = document
  const manifest = manifested(found?.content.mediaType ?? '', {
    schemaVersion: 2,
    mediaType: found?.content.mediaType,
    config: { mediaType, digest: digestOf(config), size: config.length },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  })
  return { image, platform, manifest, config, layers }
}

function indexOf(parts: readonly Sealed[]): Manifested {
  return manifested(OCI_INDEX, {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: parts.map(({ manifest: { content }, platform }) => ({ ...content, platform })),
  })
}

function manifested(mediaType: string, document: unknown): Manifested {
  const bytes = Buffer.from(JSON.stringify(document))
  return { content: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}

/** Layers are read where they were built. */
function storeOf(name: string, root: Manifested, parts: readonly Sealed[]): Store {
  const manifests = [root, ...parts.map(({ manifest }) => manifest)]
  const find = (reference: string) => manifests.find(({ content }) => content.digest === reference)
  return {
    name: `build:${name}`,
    tags: async () => undefined,
    resolve: async (_, reference) => find(reference)?.content,
    manifest: async (_, reference) => find(reference),
    fetch: (_, content, call) => fetchFrom(parts, content, call),
    write: () => Promise.reject(readOnly(name)),
    remove: () => Promise.reject(readOnly(name)),
    close: async () => {},
  }
}

async function fetchFrom(
  parts: readonly Sealed[],
  content: Descriptor,
  call?: Call,
): Promise<Readable> {
  const { digest } = content
  for (const { config, manifest, layers, image } of parts) {
    const document = parseManifest(manifest.bytes, manifest.content.mediaType)
    if (document.kind === 'image' && document.config.digest === digest) {
      return Readable.from([config], { objectMode: false })
    }
    if (layers.some(layer => layer.digest === digest)) {
      return image.store.fetch(image.repository, content, call)
    }
  }
  throw new StoreError('CONTENT_MISSING', `what was built has no ${digest}`)
}

function readOnly(name: string): StoreError {
  return new StoreError('STORE_UNSUPPORTED', `what was built of ${name} is only read`)
}
