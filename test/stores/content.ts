/** The smallest content that a store takes. What has another seed has other digests. */
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf, type DigestAlgorithm } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-types.ts'
import type { Manifested, Store, WriteSession } from '../../src/stores/store.ts'

export interface Blob {
  readonly content: Descriptor
  readonly bytes: Buffer
}

export interface Image extends Manifested {
  readonly blobs: readonly Blob[]
}

export function blobOf(
  text: string | Buffer,
  {
    mediaType = OCI_LAYER_GZIP,
    algorithm,
  }: { mediaType?: string; algorithm?: DigestAlgorithm } = {},
): Blob {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return { content: { mediaType, digest: digestOf(bytes, algorithm), size: bytes.length }, bytes }
}

/** An image that even an engine takes: a layer that can be unpacked, and is what it is said to be. */
export function imageOf(seed: string, more: Record<string, unknown> = {}): Image {
  const tar = tarOf(`layer of ${seed}`)
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] }
  const config = blobOf(JSON.stringify({ os: 'linux', architecture: 'amd64', seed, rootfs }), {
    mediaType: OCI_CONFIG,
  })
  const layer = blobOf(gzipSync(tar))
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: config.content,
    layers: [layer.content],
    ...more,
  }
  return { ...manifestOf(JSON.stringify(document)), blobs: [config, layer] }
}

/** A tar of one file (POSIX pax, "ustar Interchange Format"). */
function tarOf(text: string): Buffer {
  const bytes = Buffer.from(text)
  const header = Buffer.alloc(512)
  const number = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  header.write('file', 0)
  header.write(number(0o644, 7), 100)
  header.write(number(0, 7), 108)
  header.write(number(0, 7), 116)
  header.write(number(bytes.length, 11), 124)
  header.write(number(0, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  header.write(
    `${number(
      header.reduce((sum, byte) => sum + byte, 0),
      6,
    )} `,
    148,
  )
  const padding = Buffer.alloc((512 - (bytes.length % 512)) % 512)
  return Buffer.concat([header, bytes, padding, Buffer.alloc(1024)])
}

export function indexOf(
  images: readonly Manifested[],
  more: Record<string, unknown> = {},
): Manifested {
  const manifests = images.map(({ content }) => content)
  const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...more }
  return manifestOf(JSON.stringify(document), OCI_INDEX)
}

export function manifestOf(text: string, mediaType: string = OCI_MANIFEST): Manifested {
  return blobOf(text, { mediaType })
}

export async function putImage(
  session: WriteSession,
  image: Image,
  tags: readonly string[],
): Promise<void> {
  for (const { content, bytes } of image.blobs) await session.put(content, async () => bytes)
  await session.putManifest(image, tags)
}

export function writeImage(
  store: Store,
  repository: string,
  image: Image,
  tags: readonly string[],
): Promise<void> {
  return store.write(repository, session => putImage(session, image, tags))
}

/** Comes in as many chunks as there are, then ends, or fails with `error`. */
export function streamOf(chunks: readonly string[], error?: Error): Readable {
  return Readable.from(
    (async function* () {
      for (const chunk of chunks) yield Buffer.from(chunk)
      if (error) throw error
    })(),
    { objectMode: false },
  )
}
