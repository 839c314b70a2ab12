/** The forms that archives have, each as the members of a tar. */
import { gunzipSync } from 'node:zlib'
import { digestOf, hexOf, type Digest } from '../../../src/oci/digest.ts'
import { parseManifest } from '../../../src/oci/manifest.ts'
import { makeImage, type TestImage } from '../../support/images.ts'
import type { RawMember } from '../../tar/making.ts'

const json = (value: unknown): string => JSON.stringify(value)

/** The configuration of an image and its layers, unpacked. */
export function partsOf({ manifest, blobs }: TestImage): {
  readonly config: Buffer
  readonly layers: readonly Buffer[]
} {
  const document = parseManifest(manifest.bytes, manifest.mediaType)
  if (document.kind === 'index') throw new Error('an index has no parts')
  const bytesOf = (digest: Digest): Buffer => blobs.get(digest)!
  const layers = document.layers.map(({ digest }) => gunzipSync(bytesOf(digest)))
  return { config: bytesOf(document.config.digest), layers }
}

/** As docker saved them until version 25, and podman does. */
export function dockerForm(
  image: TestImage,
  { tags = ['app:1'], item = {} }: { tags?: string[] | null; item?: object } = {},
): RawMember[] {
  const { config, layers } = partsOf(image)
  const name = `${hexOf(digestOf(config))}.json`
  const paths = layers.map(bytes => `${hexOf(digestOf(bytes))}/layer.tar`)
  return [
    { name, bytes: config },
    ...layers.map((bytes, at) => ({ name: paths[at]!, bytes })),
    {
      name: 'manifest.json',
      bytes: json([{ Config: name, RepoTags: tags, Layers: paths, ...item }]),
    },
  ]
}

export interface OciEntry {
  readonly image: TestImage
  readonly annotations?: Record<string, string>
}

/** As skopeo writes it, and docker from version 25 on, but for its `manifest.json`. */
export function ociForm(...entries: readonly OciEntry[]): RawMember[] {
  const manifests = entries.map(({ image: { manifest }, annotations }) => ({
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.bytes.length,
    ...(annotations && { annotations }),
  }))
  const blobs = new Map(entries.flatMap(({ image }) => [...blobsOf(image)]))
  return [
    { name: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', bytes: json({ schemaVersion: 2, manifests }) },
    ...[...blobs].map(([digest, bytes]) => ({ name: blobPath(digest), bytes })),
  ]
}

export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`
}

function blobsOf(image: TestImage): readonly (readonly [Digest, Buffer])[] {
  const { manifest, blobs, children } = image
  return [...children.flatMap(blobsOf), ...blobs, [manifest.digest, manifest.bytes]]
}

/** Docker's list of one image of an OCI archive. */
export function itemsMember(image: TestImage, tags: readonly string[] | null): RawMember {
  const document = parseManifest(image.manifest.bytes, image.manifest.mediaType)
  if (document.kind === 'index') throw new Error('an index is no item')
  const item = {
    Config: blobPath(document.config.digest),
    RepoTags: tags,
    Layers: document.layers.map(({ digest }) => blobPath(digest)),
  }
  return { name: 'manifest.json', bytes: json([item]) }
}

export function refName(name: string): Record<string, string> {
  return { 'org.opencontainers.image.ref.name': name }
}

/** As docker saved them before 1.10: a folder for each layer, the uppermost of them tagged. */
export function legacyForm(
  layers: readonly { readonly id: string; readonly bytes: Buffer; readonly json?: object }[],
  repositories: object,
): RawMember[] {
  return [
    ...layers.flatMap(({ id, bytes, json: more }, at) => [
      { name: `${id}/VERSION`, bytes: '1.0' },
      { name: `${id}/json`, bytes: json({ id, parent: layers[at - 1]?.id, ...more }) },
      { name: `${id}/layer.tar`, bytes },
    ]),
    { name: 'repositories', bytes: json(repositories) },
  ]
}

export const IMAGE = await makeImage({ seed: 'form', layers: [{ size: 900 }, { size: 10 }] })
export const OTHER = await makeImage({ seed: 'other', layers: [{ size: 20 }] })
