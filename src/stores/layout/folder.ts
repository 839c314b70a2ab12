/** The files of a layout. Only regular files count; no link in it is ever followed. */
import { constants } from 'node:fs'
import { lstat, open, readdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, hexOf, type Digest } from '../../oci/digest.ts'
import { unless } from '../../util/errno.ts'
import { explained } from '../failure.ts'

export interface Folder {
  /** The store's name, for errors. */
  readonly name: string
  readonly path: string
  /** Of this process, in the names of files that it is writing. */
  readonly mark: string
}

export interface OpenFile {
  readonly file: FileHandle
  readonly size: number
}

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
const CHUNK_BYTES = 128 * 1024

export function blobFolder({ path }: Folder, digest: Digest): string {
  return join(path, 'blobs', algorithmOf(digest))
}

export function blobPath(folder: Folder, digest: Digest): string {
  return join(blobFolder(folder, digest), hexOf(digest))
}

/** Opens a regular file, or answers `undefined` where there is nothing. */
export async function openFile(folder: Folder, path: string): Promise<OpenFile | undefined> {
  // without O_NONBLOCK a named pipe would hold the caller until somebody writes to it
  const file = await unlessAbsent(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
  if (!file) return undefined
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw irregular(folder, path)
    return { file, size: stat.size }
  } catch (error) {
    await file.close()
    throw error
  }
}

export async function openBlob(folder: Folder, digest: Digest): Promise<OpenFile | undefined> {
  return (await hasFolderOf(folder, digest))
    ? openFile(folder, blobPath(folder, digest))
    : undefined
}

/** Whether the blob is there in its full length. A shorter or longer one is to be put again. */
export async function hasBlob(folder: Folder, { digest, size }: Descriptor): Promise<boolean> {
  if (!(await hasFolderOf(folder, digest))) return false
  const stat = await unlessAbsent(lstat(blobPath(folder, digest)))
  return stat !== undefined && stat.isFile() && stat.size === size
}

/** `O_NOFOLLOW` looks at the last part of a path only, so the folders above are looked at here. */
function hasFolderOf(folder: Folder, digest: Digest): Promise<boolean> {
  return hasFolders(folder, [join(folder.path, 'blobs'), blobFolder(folder, digest)])
}

async function hasFolders(folder: Folder, paths: readonly string[]): Promise<boolean> {
  for (const path of paths) {
    const stat = await unlessAbsent(lstat(path))
    if (stat === undefined) return false
    if (!stat.isDirectory()) throw irregular(folder, path)
  }
  return true
}

/** The paths of all regular files where a layout keeps some. */
export async function filesIn(folder: Folder): Promise<readonly string[]> {
  const blobs = join(folder.path, 'blobs')
  const paths: string[] = []
  for (const path of [folder.path, join(blobs, 'sha256'), join(blobs, 'sha512')]) {
    if (path !== folder.path && !(await hasFolders(folder, [blobs, path]))) continue
    const entries = (await unlessAbsent(readdir(path, { withFileTypes: true }))) ?? []
    paths.push(...entries.filter(entry => entry.isFile()).map(({ name }) => join(path, name)))
  }
  return paths
}

/** A whole file that should be small; `undefined` where there is none. */
export async function readFile(
  folder: Folder,
  path: string,
  limit: number,
): Promise<Buffer | undefined> {
  const opened = await openFile(folder, path)
  return opened && readOpen(folder, opened, limit)
}

/** All of an open file, which is closed then. */
export async function readOpen(
  { name }: Folder,
  { file, size }: OpenFile,
  limit: number,
): Promise<Buffer> {
  try {
    if (size <= limit) return await file.readFile()
    throw new StoreError('CONTENT_UNSUPPORTED', `${name}: a file has ${size} bytes`, {
      hint: `at most ${limit} are read of such a file`,
    })
  } finally {
    await file.close()
  }
}

/** The bytes of an open file, which is closed at the end or when the stream is destroyed. */
export function streamOf(folder: Folder, { file, size }: OpenFile): Readable {
  const chunk = Math.min(CHUNK_BYTES, size)
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      file.read(Buffer.allocUnsafe(chunk), 0, chunk, null).then(
        ({ bytesRead, buffer }) => this.push(bytesRead > 0 ? buffer.subarray(0, bytesRead) : null),
        (error: Error) => this.destroy(asError(explained(folder, error))),
      )
    },
    destroy(error, done) {
      file.close().then(
        () => done(error),
        (failure: Error) => done(error ?? failure),
      )
    },
  })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

/** Only a definite "no such file" is an absence. */
export function unlessAbsent<T>(looking: Promise<T>): Promise<T | undefined> {
  return unless('ENOENT', looking)
}

function irregular({ name, path: root }: Folder, path: string): StoreError {
  return new StoreError(
    'CONTENT_CORRUPT',
    `${name}: ${path.slice(root.length + 1)} is not a file`,
    {
      hint: 'a layout holds plain files and folders; links in it are not followed',
    },
  )
}
