/**
 * A root file system in a tar on this machine. The file is the layer, byte for byte: another
 * compression would be another digest on another machine, and the same manifest another image.
 */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { addAbortSignal, Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import { parseDigest } from '../../oci/digest.ts'
import { compressionOf, decompressed } from '../../tar/compression.ts'
import { peeked } from '../../tar/plain.ts'
import { checkedRootfs } from '../../tar/rootfs.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import { located } from '../failure.ts'
import { layerTypeOf } from '../layer-type.ts'
import type { Store } from '../store.ts'
import type { RootfsWish } from './image.ts'
import { openRootfs, type ReadableLayer } from './store.ts'

export interface RootfsFileInit extends Pick<RootfsWish, 'platform' | 'changes'> {
  readonly name: string
  /** Absolute. */
  readonly path: string
}

const { O_RDONLY, O_NONBLOCK } = constants

/** Its image is the same wherever and whenever it is made. */
export async function openRootfsFile(init: RootfsFileInit): Promise<Store> {
  const { name, path, platform, changes } = init
  const comment = 'Imported from -'
  return openRootfs({
    name,
    wish: { platform, changes, changesIn: 'changes', comment, created: 0 },
    layer: call => located({ name, path }, () => layerIn(init, call)),
  })
}

async function layerIn(
  { name, path }: RootfsFileInit,
  call: Call = {},
): Promise<ReadableLayer | undefined> {
  const file = await unless('ENOENT', openFile(name, path))
  if (file === undefined) return undefined
  const { size, identity } = await identified(file)
  const layer = await lookThrough(streamOf(file, call), { name, size, call })
  return {
    ...layer,
    async bytes() {
      const again = await located({ name, path }, () => openFile(name, path))
      if ((await identified(again)).identity === identity) return streamOf(again, {})
      await again.close()
      throw new StoreError('STORE_CONFLICT', `${name} has changed since it was looked at`, {
        hint: 'run again when nothing writes to it',
      })
    },
  }
}

/** Hashed as it is, and checked without its compression, in one pass. */
async function lookThrough(
  bytes: Readable,
  { name, size, call }: { readonly name: string; readonly size: number; readonly call: Call },
): Promise<Pick<ReadableLayer, 'diffId' | 'content'>> {
  const hash = createHash('sha256')
  const diff = createHash('sha256')
  const { head, whole } = await peeked(Readable.from(hashed(bytes, hash), { objectMode: false }))
  const compression = compressionOf(head)
  const tar = compression ? decompressed(whole, compression, name, { exact: true }) : whole
  try {
    const mediaType = layerTypeOf(compression, name)
    for await (const chunk of checkedRootfs(tar, name, call)) diff.update(chunk)
    const digest = parseDigest(`sha256:${hash.digest('hex')}`)
    return {
      diffId: parseDigest(`sha256:${diff.digest('hex')}`),
      content: { mediaType, digest, size },
    }
  } finally {
    tar.destroy()
  }
}

async function* hashed(
  bytes: Readable,
  hash: { update(bytes: Buffer): unknown },
): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    const part: Buffer = chunk
    hash.update(part)
    yield part
  }
}

/** Without O_NONBLOCK a named pipe would hold the caller until somebody writes to it. */
async function openFile(name: string, path: string): Promise<FileHandle> {
  const file = await open(path, O_RDONLY | O_NONBLOCK)
  const found = await file.stat()
  if (found.isFile()) return file
  await file.close()
  const what = found.isDirectory() ? 'is a folder' : 'is no regular file'
  throw new StoreError('STORE_UNSUPPORTED', `${name} ${what}, and this takes a tar`, {
    hint: 'pack it: tar -C FOLDER -czf rootfs.tar.gz .',
  })
}

async function identified(
  file: FileHandle,
): Promise<{ readonly size: number; readonly identity: string }> {
  const { dev, ino, size, mtimeNs, ctimeNs } = await file.stat({ bigint: true })
  return { size: Number(size), identity: `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}` }
}

const CHUNK_BYTES = 256 * 1024

/** Closes the file when it is over. */
function streamOf(file: FileHandle, { signal }: Call): Readable {
  const bytes = file.createReadStream({ highWaterMark: CHUNK_BYTES })
  return signal ? addAbortSignal(signal, bytes) : bytes
}
