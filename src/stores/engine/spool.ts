/**
 * Blobs on their way to or from an engine, which takes and gives whole images: each once, in files
 * of our own, for as long as somebody holds it.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { parseDigest, type Digest } from '../../oci/digest.ts'
import { sinkOf } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { readAll } from '../../util/read-all.ts'
import { makeScratchFolder, type ScratchInit } from '../../util/scratch-folder.ts'
import { verified, verifiedBytes } from '../../util/verified.ts'
import type { BlobSource } from '../store.ts'

/** Its folder is made when it is first needed. */
export interface SpoolInit extends ScratchInit {
  /** The engine's name, for errors. */
  readonly name: string
}

/** Whoever needs a blob: a session, an image that was read, or those of a session that failed. */
export type Keeper = symbol

export interface Spool {
  sizeOf(digest: Digest): number | undefined
  /** Keeps it for one more; `false` where it is not there. */
  hold(keeper: Keeper, digest: Digest): boolean
  put(keeper: Keeper, content: Descriptor, bytes: BlobSource, call?: Call): Promise<void>
  /** Whatever comes, under the digest that it has. */
  take(keeper: Keeper, bytes: AsyncIterable<Buffer>, call?: Call): Promise<Digest>
  open(digest: Digest, call?: Call): Readable
  /** All of one that is small. */
  read(digest: Digest, limit: number, call?: Call): Promise<Buffer>
  /** Lets go of what nobody else holds, and of the same where a failed session left it. */
  release(keeper: Keeper): Promise<void>
  /** What the keeper holds stays for a session that tries again. */
  abandon(keeper: Keeper): void
  close(): Promise<void>
}

interface Kept {
  readonly path: string
  readonly size: number
  readonly keepers: Set<Keeper>
}

const READ_BYTES = 256 * 1024
const LEFT: Keeper = Symbol('left')

export function createSpool(init: SpoolInit): Spool {
  const kept = new Map<Digest, Kept>()
  let folder: Promise<string> | undefined

  async function newFile(): Promise<string> {
    folder ??= makeScratchFolder(init, 'waybill-engine-')
    return join(await folder, randomBytes(12).toString('hex'))
  }

  function keep(keeper: Keeper, digest: Digest, file: Omit<Kept, 'keepers'>): Promise<void> {
    const known = kept.get(digest)
    if (!known) {
      kept.set(digest, { ...file, keepers: new Set([keeper]) })
      return Promise.resolve()
    }
    known.keepers.add(keeper)
    return rm(file.path, { force: true })
  }

  function fileOf(digest: Digest): Kept {
    const found = kept.get(digest)
    if (found) return found
    throw new StoreError('CONTENT_MISSING', `${init.name} has no ${digest}`)
  }

  return {
    sizeOf: digest => kept.get(digest)?.size,
    hold(keeper, digest) {
      const found = kept.get(digest)
      found?.keepers.add(keeper)
      return found !== undefined
    },
    async put(keeper, content, bytes, call = {}) {
      const path = await newFile()
      await fill(path, () => checked(content, bytes), call)
      await keep(keeper, content.digest, { path, size: content.size })
    },
    async take(keeper, bytes, call = {}) {
      const path = await newFile()
      const hash = createHash('sha256')
      let size = 0
      const counted = async function* () {
        for await (const chunk of bytes) {
          hash.update(chunk)
          size += chunk.length
          yield chunk
        }
      }
      await fill(path, async () => Readable.from(counted(), { objectMode: false }), call)
      const digest = parseDigest(`sha256:${hash.digest('hex')}`)
      await keep(keeper, digest, { path, size })
      return digest
    },
    open(digest, { signal } = {}) {
      const stream = createReadStream(fileOf(digest).path, { highWaterMark: READ_BYTES })
      return signal ? addAbortSignal(signal, stream) : stream
    },
    read: (digest, limit, call) =>
      readAll(createReadStream(fileOf(digest).path, call), limit, digest),
    async release(keeper) {
      for (const [digest, { path, keepers }] of kept) {
        if (!keepers.delete(keeper)) continue
        keepers.delete(LEFT)
        if (keepers.size > 0) continue
        kept.delete(digest)
        // the folder goes as a whole in the end, and what stands in the way of that is told then
        await rm(path, { force: true }).catch(() => undefined)
      }
    },
    abandon(keeper) {
      for (const { keepers } of kept.values()) if (keepers.delete(keeper)) keepers.add(LEFT)
    },
    async close() {
      kept.clear()
      const made = folder
      folder = undefined
      if (made) await rm(await made, { recursive: true, force: true })
    },
  }
}

/** Only bytes that are what they are said to be. */
async function checked(content: Descriptor, bytes: BlobSource): Promise<Readable> {
  const source = await bytes()
  if (!Buffer.isBuffer(source)) return verified(source, content)
  return Readable.from([verifiedBytes(source, content)], { objectMode: false })
}

/** A file of what `source` gives, or none. */
async function fill(
  path: string,
  source: () => Promise<Readable>,
  { signal }: Call,
): Promise<void> {
  signal?.throwIfAborted()
  const file = await open(path, 'wx', 0o600)
  try {
    await pipeline(await source(), sinkOf(file), { ...(signal && { signal }) })
  } catch (error) {
    await rm(path, { force: true })
    // a stream that was stopped says so in words of its own
    signal?.throwIfAborted()
    throw full(error, path)
  } finally {
    await file.close()
  }
}

function full(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOSPC') return error
  return new StoreError('STORE_DENIED', `the disk is full: ${path}`, {
    cause: error,
    hint: 'images are gathered there before an engine gets them: TMPDIR names another folder',
  })
}
