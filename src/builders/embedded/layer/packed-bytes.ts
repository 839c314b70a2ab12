/**
 * The bytes of files that are in layers and archives, each of which is read once for all of them.
 *
 * Nothing of a tar is given out before it has passed to its end: only there it is known whether it
 * was what its digest promises.
 */
import type { Readable } from 'node:stream'
import { StoreError } from '../../../errors.ts'
import { createTaker, type Taker } from '../../../tar/take.ts'
import type { Call } from '../../../util/call.ts'
import type { FileNode, TarSource } from '../tree/node.ts'
import { createSpool, type Scratch, type Spool } from './spool.ts'

export interface PackedBytes extends AsyncDisposable {
  read(file: FileNode): Readable | Buffer
}

interface Wish {
  readonly offset: number
  readonly size: number
}

const CHUNK_BYTES = 256 * 1024

export async function gatherPacked(
  files: Iterable<FileNode>,
  scratch: Scratch,
  call: Call = {},
): Promise<PackedBytes> {
  const spool = createSpool(scratch)
  const places = new Map<TarSource, Map<number, number>>()
  try {
    for (const [tar, wishes] of wishesOf(files)) {
      places.set(tar, await gatherFrom(tar, wishes, { spool, call }))
    }
    await spool.finish()
  } catch (error) {
    await spool[Symbol.asyncDispose]()
    throw error
  }
  return {
    read({ content, size }) {
      const tar = content.kind === 'packed' ? places.get(content.tar) : undefined
      const place = content.kind === 'packed' ? tar?.get(content.offset) : undefined
      if (place === undefined) throw new Error('a file is read that was not gathered')
      return spool.read(place, size)
    },
    [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
  }
}

/** What is wanted of each tar, by where it is; the same file often comes under several names. */
function wishesOf(files: Iterable<FileNode>): ReadonlyMap<TarSource, readonly Wish[]> {
  const found = new Map<TarSource, Map<number, Wish>>()
  for (const { content, size } of files) {
    if (content.kind !== 'packed') continue
    const { tar, offset } = content
    const wishes = found.get(tar) ?? new Map<number, Wish>()
    found.set(tar, wishes.set(offset, { offset, size }))
  }
  return new Map(
    [...found].map(([tar, wishes]) => [
      tar,
      [...wishes.values()].toSorted((a, b) => a.offset - b.offset),
    ]),
  )
}

async function gatherFrom(
  tar: TarSource,
  wishes: readonly Wish[],
  { spool, call }: { readonly spool: Spool; readonly call: Call },
): Promise<Map<number, number>> {
  const places = new Map<number, number>()
  const bytes = await tar.open(call)
  try {
    const taker = createTaker(bytes)
    for (const { offset, size } of wishes) {
      call.signal?.throwIfAborted()
      places.set(offset, spool.size)
      const isThere = await taker.skip(offset - taker.position)
      if (!isThere || !(await take(taker, size, spool))) throw shorter(tar)
    }
    await taker.skip(Number.MAX_SAFE_INTEGER)
  } finally {
    bytes.destroy()
  }
  return places
}

async function take(taker: Taker, size: number, spool: Spool): Promise<boolean> {
  for (let left = size; left > 0;) {
    const chunk = await taker.take(Math.min(CHUNK_BYTES, left))
    if (chunk.length === 0) return false
    // the taker may use its bytes again
    await spool.write(Buffer.from(chunk))
    left -= chunk.length
  }
  return true
}

function shorter({ where }: TarSource): StoreError {
  return new StoreError('CONTENT_CORRUPT', `${where} is shorter than it was a moment ago`)
}
