/**
 * Opens the files of a layer some time before it is their turn: of many small ones most time goes
 * into opening them.
 */
import { Readable } from 'node:stream'
import type { Call } from '../../../util/call.ts'
import type { NewEntry } from '../../../tar/encode.ts'
import type { LayerEntry } from './entries.ts'
import { fileBytes } from './file-bytes.ts'
import type { PackedBytes } from './packed-bytes.ts'

export interface OpenEntry {
  readonly entry: NewEntry
  readonly bytes: Iterable<Buffer> | AsyncIterable<Buffer>
}

const AHEAD = 16

export async function* readAhead(
  entries: readonly LayerEntry[],
  packed: Pick<PackedBytes, 'read'>,
  call: Call,
): AsyncGenerator<OpenEntry> {
  const opening: Promise<Readable | Buffer>[] = []
  try {
    for (const [at, { entry }] of entries.entries()) {
      for (
        let next = at + opening.length;
        next < entries.length && opening.length < AHEAD;
        next++
      ) {
        opening.push(openEntry(entries[next], packed, call))
      }
      const bytes = await opening.shift()
      if (bytes === undefined) throw new Error('an entry of a layer was not opened')
      yield { entry, bytes: Buffer.isBuffer(bytes) ? [bytes] : bytes }
    }
  } finally {
    for (const end of await Promise.allSettled(opening)) {
      if (end.status === 'fulfilled' && end.value instanceof Readable) end.value.destroy()
    }
  }
}

function openEntry(
  layerEntry: LayerEntry | undefined,
  packed: Pick<PackedBytes, 'read'>,
  call: Call,
): Promise<Readable | Buffer> {
  const file = layerEntry?.file
  const opened = file ? fileBytes(file, packed, call) : Promise.resolve(Buffer.alloc(0))
  // whoever reads it hears of it; until then it is not to look unhandled
  opened.then(
    bytes => bytes instanceof Readable && bytes.on('error', () => undefined),
    () => undefined,
  )
  return opened
}
