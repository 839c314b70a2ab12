/**
 * What was put and is not yet in the archive: files in a folder beside it, since an archive can
 * only be written whole.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Descriptor } from '../../oci/descriptor.ts'
import { hexOf, type Digest } from '../../oci/digest.ts'
import { parseLeftOver, sinkOf, temporaryFor } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import { hasEndedMarked, type Identity } from '../../util/holder.ts'
import { verified, verifiedBytes } from '../../util/verified.ts'
import type { BlobSource } from '../store.ts'
import { regionStream } from './source.ts'

export interface Staging {
  sizeOf(digest: Digest): number | undefined
  put(content: Descriptor, bytes: BlobSource, call: Call): Promise<void>
  open(digest: Digest): Promise<Readable>
  /** What is in the archive now. */
  drop(digests: Iterable<Digest>): Promise<void>
  close(): Promise<void>
}

export function createStaging(path: string, mark: string): Staging {
  const folder = temporaryFor(path, mark)
  const sizes = new Map<Digest, number>()
  const fileOf = (digest: Digest): string => join(folder, hexOf(digest))

  return {
    sizeOf: digest => sizes.get(digest),
    async put(content, bytes, { signal }) {
      await mkdir(folder, { recursive: true })
      const path = fileOf(content.digest)
      // the same blob may be on its way twice
      const draft = `${path}.${randomBytes(4).toString('hex')}`
      try {
        await writeFile(draft, file => receive(file, { content, bytes, signal }))
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        // a stream that was stopped says so in words of its own
        signal?.throwIfAborted()
        throw error
      }
      sizes.set(content.digest, content.size)
    },
    async open(digest) {
      const file = await open(fileOf(digest))
      const { size } = await file.stat()
      return regionStream(file, { offset: 0, size }, () => file.close())
    },
    async drop(digests) {
      for (const digest of digests) {
        if (sizes.delete(digest)) await rm(fileOf(digest), { force: true })
      }
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

async function writeFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await fill(file)
  } finally {
    await file.close()
  }
}

async function receive(
  file: FileHandle,
  { content, bytes, signal }: { readonly content: Descriptor; readonly bytes: BlobSource } & Call,
): Promise<void> {
  const source = await bytes()
  if (Buffer.isBuffer(source)) return file.writeFile(verifiedBytes(source, content))
  await pipeline(verified(source, content), sinkOf(file), { ...(signal && { signal }) })
}

/** Where nothing tells of a writer: what grows this rarely has none any more. */
const SILENT_MS = 24 * 60 * 60_000

/** Removes what killed processes left beside the archive while they were writing it. */
export async function tidy(
  path: string,
  { self, now }: { readonly self: Identity; readonly now: () => Date },
): Promise<void> {
  const folder = dirname(path)
  for (const name of (await unless('ENOENT', readdir(folder))) ?? []) {
    const left = parseLeftOver(name)
    if (left?.file !== basename(path)) continue
    const at = join(folder, name)
    if ((await hasEndedMarked(left.mark, self)) ?? (await isSilent(at, now()))) {
      await unless('EACCES', unless('EPERM', rm(at, { recursive: true, force: true })))
    }
  }
}

async function isSilent(path: string, now: Date): Promise<boolean> {
  const found = await unless('ENOENT', stat(path))
  return found !== undefined && now.getTime() - found.mtimeMs > SILENT_MS
}
