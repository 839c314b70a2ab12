import { createHash } from 'node:crypto'
import { pipeline, Transform } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { compressionOf, decompressed, MAGIC_BYTES } from '../../tar/compression.ts'
import type { Region } from '../../tar/members.ts'
import { layerTypeOf } from '../layer-type.ts'
import { requireMember, type Reader } from './reader.ts'

/** A layer as it is in the archive, and what it is without its compression. */
export interface Layer {
  readonly content: Descriptor
  readonly region: Region
  readonly diffId: Digest
}

export type ReadLayer = (name: string, by: string) => Promise<Layer>

/** Reads each layer once, however many images and names it has. */
export function createLayers(reader: Reader): ReadLayer {
  const known = new Map<number, Layer>()
  return async (name, by) => {
    const region = requireMember(reader, name, by)
    const layer = known.get(region.offset) ?? (await examine(reader, name, region))
    known.set(region.offset, layer)
    return layer
  }
}

async function examine(reader: Reader, name: string, region: Region): Promise<Layer> {
  const where = `${reader.where}: ${name}`
  const start = { ...region, size: Math.min(MAGIC_BYTES, region.size) }
  const head = await reader.read(start, MAGIC_BYTES, name)
  const compression = compressionOf(head)
  const mediaType = layerTypeOf(compression, where)
  const stored = createHash('sha256')
  const unpacked = createHash('sha256')
  let size = 0
  const watching = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length
      stored.update(chunk)
      done(null, chunk)
    },
  })
  const bytes = pipeline(reader.stream(region), watching, () => {})
  for await (const chunk of compression ? decompressed(bytes, compression, where) : bytes) {
    reader.call.signal?.throwIfAborted()
    unpacked.update(chunk)
  }
  if (size !== region.size) {
    throw new StoreError('CONTENT_CORRUPT', `${where}: it ends before its ${region.size} bytes`)
  }
  const digest = parseDigest(`sha256:${stored.digest('hex')}`)
  const diffId = parseDigest(`sha256:${unpacked.digest('hex')}`)
  return { content: { mediaType, digest, size }, region, diffId }
}
