/**
 * What was put and is not yet in the archive: files in a folder beside it, since an archive can
 * only be written whole.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Descriptor } from '../../oci/descriptor.ts'
import { hexOf, type Digest } from '../../oci/digest.ts'
import { temporaryFor } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import type { Identity } from '../../util/holder.ts'
import { removeLeftOvers } from '../../util/left-overs.ts'
import { receive } from '../receive.ts'
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

/** Removes what killed processes left beside the archive while they were writing it. */
export async function tidy(
  path: string,
  terms: { readonly self: Identity; readonly now: () => Date },
): Promise<void> {
  const folder = dirname(path)
  const names = (await unless('ENOENT', readdir(folder))) ?? []
  const paths = names.map(name => join(folder, name))
  await removeLeftOvers(paths, file => file === basename(path), terms)
}
