/**
 * Archives that ADD unpacks: a tar, told by its bytes and not by its name, maybe compressed in a
 * way that Node can undo. All else is a file like any other.
 */
import { Readable } from 'node:stream'
import { BuildError, StoreError, WaybillError } from '../../../errors.ts'
import {
  compressionOf,
  isUnpackable,
  MAGIC_BYTES,
  type Compression,
} from '../../../tar/compression.ts'
import { readEntries } from '../../../tar/entries.ts'
import { parseEntry, type TarEntry } from '../../../tar/entry.ts'
import { BLOCK_BYTES, isZero, TarProblem } from '../../../tar/header.ts'
import { plainTar } from '../../../tar/plain.ts'
import { createTaker } from '../../../tar/take.ts'
import type { Call } from '../../../util/call.ts'
import { fileBytes } from '../layer/file-bytes.ts'
import type { FileNode, TarSource } from '../tree/node.ts'

export interface Archive {
  readonly tar: TarSource
  readonly entries: readonly TarEntry[]
}

/** What is in an archive, its bytes left where they are; `undefined` where it is none. */
export async function readArchive(
  file: FileNode,
  shown: string,
  call: Call = {},
): Promise<Archive | undefined> {
  const tar: TarSource = {
    where: shown,
    open: async (call = {}) => plainTar(await streamOf(file, call), shown),
  }
  await requireKnownCompression(file, shown, call)
  if (!(await isTar(tar, call))) return undefined
  const entries: TarEntry[] = []
  for await (const entry of readEntries(await tar.open(call), shown, call)) entries.push(entry)
  return { tar, entries }
}

async function streamOf(file: FileNode, call: Call): Promise<Readable> {
  const bytes = await fileBytes(file, NOTHING_PACKED, call)
  return Buffer.isBuffer(bytes) ? Readable.from([bytes], { objectMode: false }) : bytes
}

const NOTHING_PACKED = {
  read: () => {
    throw new Error('only files of a context are unpacked')
  },
}

async function requireKnownCompression(file: FileNode, shown: string, call: Call): Promise<void> {
  const compression = await compressionIn(file, call)
  if (compression && !isUnpackable(compression)) throw packedOtherwise(shown, compression)
}

/** How a file is compressed, by its first bytes. */
export async function compressionIn(
  file: FileNode,
  call: Call = {},
): Promise<Compression | undefined> {
  const bytes = await streamOf(file, call)
  try {
    return compressionOf(await createTaker(bytes).take(MAGIC_BYTES))
  } finally {
    bytes.destroy()
  }
}

/** Whether its first header can be read; what is merely compressed is no archive. */
async function isTar(tar: TarSource, call: Call): Promise<boolean> {
  try {
    const bytes = await tar.open(call)
    try {
      const block = await createTaker(bytes).take(BLOCK_BYTES)
      if (block.length < BLOCK_BYTES || isZero(block)) return false
      parseEntry(block)
      return true
    } finally {
      bytes.destroy()
    }
  } catch (error) {
    const isOther = error instanceof WaybillError && error.code === 'CONTENT_CORRUPT'
    if (error instanceof TarProblem || isOther) return false
    throw error instanceof StoreError ? notHere(error) : error
  }
}

function packedOtherwise(shown: string, program: string): BuildError {
  return new BuildError('BUILD_FAILED', `${shown} is compressed with ${program}`, {
    hint: `unpack it with ${program} -d before the build and ADD the tar, or COPY it as it is`,
  })
}

function notHere({ message, hint }: StoreError): BuildError {
  return new BuildError('BUILD_FAILED', message, { hint })
}
