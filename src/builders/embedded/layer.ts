/**
 * Layers: a tar of what a step changed, gzipped. Equal changes give equal tars on every machine, and
 * equal layers with the same build of zlib (see `tar/gzip.ts`).
 *
 * Bytes stream: from the context, or from the layer or archive where they are, which is read once
 * for all of a step; what is made is in memory only while it is small.
 */
import { createHash, type Hash } from 'node:crypto'
import type { Descriptor } from '../../oci/descriptor.ts'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../oci/media-types.ts'
import type { BlobSource } from '../../stores/store.ts'
import { encodeEntry, END_OF_TAR, paddingFor } from '../../tar/encode.ts'
import { gzipped } from '../../tar/gzip.ts'
import type { Call } from '../../util/call.ts'
import type { LayerChanges } from './copy.ts'
import { layerEntries, type LayerEntry, type Mtime } from './layer/entries.ts'
import { gatherPacked } from './layer/packed-bytes.ts'
import { readAhead } from './layer/read-ahead.ts'
import { createSpool, type Scratch } from './layer/spool.ts'

export interface BuiltLayer extends AsyncDisposable {
  /** Of the tar: what the config of the image names. */
  readonly diffId: Digest
  readonly content: Descriptor
  /** For `WriteSession.put`, until it is disposed of. */
  readonly bytes: BlobSource
}

export interface LayerOptions extends Call {
  readonly scratch: Scratch
  /** What becomes of the times of files, in seconds; they are kept where nothing is said. */
  readonly mtime?: Mtime
}

export async function writeLayer(
  layer: LayerChanges,
  { mtime = own => own, ...options }: LayerOptions,
): Promise<BuiltLayer> {
  return packLayer(tarOf(layerEntries(layer, mtime), options), options)
}

/** A layer of a tar as it is. */
export async function packLayer(
  tar: AsyncIterable<Buffer>,
  { scratch, signal }: Omit<LayerOptions, 'mtime'>,
): Promise<BuiltLayer> {
  const spool = createSpool(scratch)
  const diff = createHash('sha256')
  const whole = createHash('sha256')
  try {
    for await (const chunk of gzipped(hashed(tar, diff))) {
      signal?.throwIfAborted()
      whole.update(chunk)
      await spool.write(chunk)
    }
    await spool.finish()
  } catch (error) {
    await spool[Symbol.asyncDispose]()
    throw error
  }
  const { size } = spool
  return {
    diffId: digestIn(diff),
    content: { mediaType: OCI_LAYER_GZIP, digest: digestIn(whole), size },
    bytes: async () => spool.read(0, size),
    [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
  }
}

async function* hashed(bytes: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
}

async function* tarOf(
  entries: readonly LayerEntry[],
  { scratch, signal }: Omit<LayerOptions, 'mtime'>,
): AsyncGenerator<Buffer> {
  const files = entries.flatMap(({ file }) => (file ? [file] : []))
  await using packed = await gatherPacked(files, scratch, { signal })
  for await (const { entry, bytes } of readAhead(entries, packed, { signal })) {
    yield encodeEntry(entry)
    let left = entry.size
    for await (const chunk of bytes) {
      left -= chunk.length
      yield chunk
    }
    if (left !== 0) throw new Error(`${entry.name} was said to have ${entry.size} bytes`)
    yield paddingFor(entry.size)
  }
  yield Buffer.alloc(END_OF_TAR)
}

function digestIn(hash: Hash): Digest {
  return parseDigest(`sha256:${hash.digest('hex')}`)
}
