/** What a base image says of itself, read from the store that has it. */
import { parseRuntimeConfig } from '../dockerfile/runtime-config.ts'
import { StoreError } from '../errors.ts'
import { isRecord, type Descriptor } from '../oci/descriptor.ts'
import { isDigest, type Digest } from '../oci/digest.ts'
import { parseDocument } from '../oci/document.ts'
import { MAX_CONFIG_BYTES, parseManifest, type ImageManifest } from '../oci/manifest.ts'
import type { Manifested, Store, WriteSession } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { readVerified } from '../util/verified.ts'
import type { BaseImage } from './builder.ts'

export interface OpenBase {
  readonly base: BaseImage
  readonly manifest: Manifested
  readonly document: ImageManifest
  readonly config: Buffer
  /** Instructions for who builds on it. */
  readonly onbuild: readonly string[]
  /** Of its layers, lowest first, as they are unpacked. */
  readonly diffIds: readonly Digest[]
}

export async function openBase(base: BaseImage, call: Call): Promise<OpenBase> {
  const { store, repository, digest, pinned } = base
  const manifest = await store.manifest(repository, digest, call)
  if (!manifest) {
    throw new StoreError('CONTENT_MISSING', `${store.name}/${repository} has no ${digest}`, {
      hint: `it is the base image ${pinned}, which may have been removed meanwhile: run again`,
    })
  }
  const document = parseManifest(manifest.bytes, manifest.content.mediaType)
  if (document.kind !== 'image') {
    throw new StoreError('CONTENT_UNSUPPORTED', `the base image ${pinned} is an index`)
  }
  const bytes = await store.fetch(repository, document.config, call)
  const config = await readVerified(bytes, document.config, MAX_CONFIG_BYTES)
  const read = parseDocument(config, `the configuration of the base image ${pinned}`)
  const runtime = parseRuntimeConfig(isRecord(read['config']) ? read['config'] : {})
  return {
    base,
    manifest,
    document,
    config,
    onbuild: runtime.onbuild ?? [],
    diffIds: diffIdsIn(read),
  }
}

/** The `rootfs` of an image's configuration. */
export function diffIdsIn(config: Readonly<Record<string, unknown>>): readonly Digest[] {
  const rootfs = config['rootfs']
  const list: unknown = isRecord(rootfs) ? rootfs['diff_ids'] : undefined
  return Array.isArray(list) ? list.filter(one => typeof one === 'string' && isDigest(one)) : []
}

/** Puts the image, as it is, into a store of another's; `putManifest` is the caller's. */
export async function putBlobs(
  session: WriteSession,
  { base: { store, repository }, document, config }: OpenBase,
  call: Call,
): Promise<void> {
  await session.put(document.config, () => Promise.resolve(config))
  for (const layer of document.layers) {
    if (!(await session.has(layer)))
      await session.put(layer, () => bytesOf(store, repository, layer, call))
  }
}

function bytesOf(store: Store, repository: string, layer: Descriptor, call: Call) {
  return store.fetch(repository, layer, call)
}
