/** Layers of test images: valid gzipped tars of one file of noise, the same for the same seed. */
import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { PassThrough } from 'node:stream'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import { noiseStream } from './noise.ts'

export interface LayerSpec {
  /** Bytes of the file in the layer; the layer itself is a little larger. */
  readonly size: number
  /** Equal seeds and sizes give equal layers, in whatever image. */
  readonly seed: string
}

/** What is too big to be kept: made anew each time it is opened. */
export interface LargeBlob {
  readonly size: number
  open(): Readable
}

export interface Layer {
  readonly digest: Digest
  /** Of the tar before compression, as the config names it. */
  readonly diffId: Digest
  readonly size: number
  readonly content: Buffer | LargeBlob
}

/** From here on a layer is not kept in memory. */
const LARGE = 8 * 1024 * 1024

export async function makeLayer(spec: LayerSpec): Promise<Layer> {
  const diff = createHash('sha256')
  const whole = createHash('sha256')
  const stream = openLayer(spec, chunk => diff.update(chunk))
  const kept = spec.size < LARGE ? await buffer(stream) : undefined
  let size = kept?.length ?? 0
  if (kept) whole.update(kept)
  else {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      whole.update(chunk)
      size += chunk.length
    }
  }
  return {
    digest: parseDigest(`sha256:${whole.digest('hex')}`),
    diffId: parseDigest(`sha256:${diff.digest('hex')}`),
    size,
    content: kept ?? { size, open: () => openLayer(spec) },
  }
}

function openLayer({ seed, size }: LayerSpec, onTar?: (chunk: Buffer) => void): Readable {
  const tar = pack()
  const entry = tar.entry(
    { name: `noise-${size}.bin`, size, mode: 0o644, mtime: new Date(0) },
    () => tar.finalize(),
  )
  noiseStream(seed, size).pipe(entry)
  const through = new PassThrough()
  if (onTar) through.on('data', onTar)
  // level 0: noise does not get smaller, and making it should not take longer than moving it
  return tar.pipe(through).pipe(createGzip({ level: 0 }))
}
