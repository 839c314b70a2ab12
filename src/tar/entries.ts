/**
 * The members of a tar as it passes, headers only: nothing is unpacked, and where the bytes of a
 * file are is told, so that they can be had when the same tar passes again.
 */
import type { Readable } from 'node:stream'
import { StoreError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { parseRecords, withRecords } from './entry-pax.ts'
import { parseEntry, untilZero, type RawEntry, type TarEntry } from './entry.ts'
import { BLOCK_BYTES, isZero, TarProblem } from './header.ts'
import { nameFrom } from './name-bytes.ts'
import { createTaker, type Taker } from './take.ts'

export interface EntryOptions extends Call {
  /** Whose bytes come with the entry: small files that are wanted at once. */
  readonly keeps?: (entry: Pick<TarEntry, 'name' | 'size'>) => boolean
  readonly limits?: EntryLimits
  /** A tar that just stops, without what ends one, is cut short. */
  readonly endsSaid?: boolean
}

export interface EntryLimits {
  readonly mostEntries: number
  readonly mostNameBytes: number
}

const LIMITS: EntryLimits = { mostEntries: 1_000_000, mostNameBytes: 4096 }
const MOST_EXTENSION_BYTES = 1024 * 1024

interface Reading {
  readonly taker: Taker
  readonly options: EntryOptions
  readonly limits: EntryLimits
  /** What is being read, for errors. */
  subject: string
  entries: number
}

/**
 * Reads the whole of `tar`, also what follows its end, so that whoever verifies it can. `where`
 * names it in errors.
 */
export async function* readEntries(
  tar: Readable,
  where: string,
  options: EntryOptions = {},
): AsyncGenerator<TarEntry> {
  const limits = options.limits ?? LIMITS
  const subject = 'its first member'
  const reading: Reading = { taker: createTaker(tar), options, limits, subject, entries: 0 }
  try {
    for (;;) {
      options.signal?.throwIfAborted()
      const entry = await nextEntry(reading)
      if (entry === undefined) break
      yield entry
      reading.subject = `what follows ${shown(entry.name)}`
    }
    await reading.taker.skip(Number.MAX_SAFE_INTEGER)
  } catch (error) {
    throw told(error, where, reading.subject)
  } finally {
    tar.destroy()
  }
}

async function nextEntry(reading: Reading): Promise<TarEntry | undefined> {
  const { taker, limits, options } = reading
  let longName: string | undefined
  let longTarget: string | undefined
  let records: ReadonlyMap<string, Buffer> = new Map()
  for (;;) {
    const block = await taker.take(BLOCK_BYTES)
    if (block.length === 0 && options.endsSaid === true) throw new TarProblem('is cut short')
    if (block.length === 0 || isZero(block)) {
      if (block.length === 0 || (await isEnd(taker))) return undefined
      throw new TarProblem('is a damaged header')
    }
    if (block.length < BLOCK_BYTES) throw new TarProblem('is cut short')
    const raw = parseEntry(block)
    if (++reading.entries > limits.mostEntries) {
      throw new TarProblem(`is one of more than ${limits.mostEntries} members`)
    }
    if (raw.kind === 'global-pax') await extension(taker, raw)
    else if (raw.kind === 'pax') records = parseRecords(await extension(taker, raw))
    else if (raw.kind === 'long-name') longName = await longText(taker, raw)
    else if (raw.kind === 'long-target') longTarget = await longText(taker, raw)
    else {
      const said = records.size > 0 ? withRecords(raw, records) : raw
      const name = longName ?? said.name
      const target = longTarget ?? said.target
      return finish(reading, { ...said, kind: raw.kind, name, target, offset: taker.position })
    }
  }
}

/** Zeros end a tar: two blocks of them, or one that nothing follows. */
async function isEnd(taker: Taker): Promise<boolean> {
  const next = await taker.take(BLOCK_BYTES)
  return isZero(next)
}

async function finish(reading: Reading, entry: TarEntry): Promise<TarEntry> {
  const { taker, options, limits } = reading
  reading.subject = shown(entry.name)
  for (const text of [entry.name, entry.target]) {
    if (Buffer.byteLength(text) > limits.mostNameBytes) {
      throw new TarProblem(`has a name of more than ${limits.mostNameBytes} bytes`)
    }
  }
  const isKept = entry.kind === 'file' && options.keeps?.(entry) === true
  const bytes = isKept ? Buffer.from(await taker.take(entry.size)) : undefined
  const rest = padded(entry.size) - (bytes?.length ?? 0)
  if (!(await taker.skip(rest))) throw new TarProblem('is cut short')
  return bytes === undefined ? entry : { ...entry, bytes }
}

async function extension(taker: Taker, { size }: RawEntry): Promise<Buffer> {
  if (size > MOST_EXTENSION_BYTES) throw new TarProblem('has too large a header')
  const bytes = await taker.take(padded(size))
  if (bytes.length < padded(size)) throw new TarProblem('is cut short')
  return Buffer.from(bytes.subarray(0, size))
}

async function longText(taker: Taker, raw: RawEntry): Promise<string> {
  return nameFrom(untilZero(await extension(taker, raw)))
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
}

/** What the source of the bytes says stays; what is wrong with them is told with the place. */
function told(error: unknown, where: string, subject: string): unknown {
  if (!(error instanceof TarProblem)) return error
  return new StoreError('CONTENT_CORRUPT', `${where}: ${subject} ${error.message}`)
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 200))
}
