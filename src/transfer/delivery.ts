/**
 * Brings one blob to every destination that needs it: from another repository of the same store
 * where it can be linked, else from the source, which is read once for all of them.
 */
import type { Readable } from 'node:stream'
import { WaybillError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isExpecting } from '../stores/expecting.ts'
import type { Store, WriteSession } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Semaphore } from '../util/concurrency.ts'
import { readVerified } from '../util/verified.ts'
import { fanOut } from './fan-out.ts'
import type { Ledger } from './ledger.ts'
import { sided } from './side.ts'

/** One repository that is being written to. */
export interface Destination {
  readonly store: Store
  readonly repository: string
  readonly session: WriteSession
  /** Counts bytes sent to it. */
  sent(bytes: number): void
}

export interface DeliveryInit {
  readonly source: { readonly store: Store; readonly repository: string }
  readonly ledger: Ledger
  /** How many blobs may stream from or to a store at once; undefined: any number. */
  readonly streams: (store: Store) => Semaphore | undefined
  /** Counts bytes read from the source. */
  readonly onBytes: (count: number) => void
  readonly call: Call
}

/** Blobs up to this size are read whole, checked, and then sent; a request's own buffers are larger. */
export const SMALL_BYTES = 128 * 1024

/** Resolves with the destinations that failed, each with its error; the others have the blob. */
export async function deliver(
  init: DeliveryInit,
  blob: Descriptor,
  destinations: readonly Destination[],
): Promise<ReadonlyMap<Destination, unknown>> {
  const { ledger } = init
  const failed = new Map<Destination, unknown>()
  // all claims are made in one turn: two images that need the same blobs in the same stores
  // could otherwise each hold what the other waits for
  const wanting = destinations
    .filter(
      ({ store, repository, session }) =>
        isExpecting(session) || !ledger.has(store.name, repository, blob.digest),
    )
    .map(destination => ({
      destination,
      claim: ledger.claim(destination.store.name, blob.digest),
    }))
  const feed = createFeed(init, blob, wanting.filter(({ claim }) => claim !== undefined).length)

  await Promise.all(
    wanting.map(async ({ destination, claim }) => {
      if (claim === undefined) {
        await ledger.released(destination.store.name, blob.digest)
        const late = await deliver(init, blob, [destination])
        for (const [key, error] of late) failed.set(key, error)
        return
      }
      try {
        await bring(init, blob, destination, feed)
      } catch (error) {
        failed.set(destination, blamed(error, feed))
      } finally {
        feed.leave(destination)
        claim.release()
      }
    }),
  )
  return failed
}

/** Bytes come from the source, so it answers for them; stores check what they are given. */
function blamed(error: unknown, feed: Feed): unknown {
  const theirs = feed.failure()
  if (theirs !== undefined) return sided('source', theirs)
  const corrupt = error instanceof WaybillError && error.code === 'CONTENT_CORRUPT'
  return sided(corrupt ? 'source' : 'destination', error)
}

/** A copy within one store: it has the blob, where the source is. */
function besides(
  source: DeliveryInit['source'],
  { store, repository }: Destination,
): string | undefined {
  const within = source.store.name === store.name && source.repository !== repository
  return within ? source.repository : undefined
}

async function bring(
  { ledger, source }: DeliveryInit,
  blob: Descriptor,
  destination: Destination,
  feed: Feed,
): Promise<void> {
  const { store, repository, session } = destination
  const elsewhere = ledger.whereIs(store.name, blob.digest) ?? besides(source, destination)
  const mayHave = elsewhere === undefined && !ledger.isAbsent(store.name, repository)
  if (!mayHave || !(await session.has(blob))) {
    const how = await session.put(blob, () => feed.join(destination), elsewhere)
    if (how === 'put') destination.sent(blob.size)
  }
  ledger.record(store.name, repository, blob.digest)
}

/** One reading of the source that starts when everybody has said whether they need it. */
interface Feed {
  join(destination: Destination): Promise<Readable | Buffer>
  leave(destination: Destination): void
  /** Why the source could not be read to its end. */
  failure(): unknown
}

interface Joined {
  readonly destination: Destination
  readonly resolve: (bytes: Readable | Buffer) => void
  readonly reject: (error: unknown) => void
}

function createFeed(init: DeliveryInit, blob: Descriptor, expected: number): Feed {
  const decided = new Set<Destination>()
  let failure: unknown
  const joined: Joined[] = []

  // a destination that fails destroys its stream, and that is no failure of the source
  const noteFailure = (error: unknown) => {
    if (error instanceof WaybillError) failure ??= error
  }
  const watch = (outputs: readonly (Readable | Buffer)[]) => {
    for (const output of outputs) if (!Buffer.isBuffer(output)) output.on('error', noteFailure)
  }

  function decide(destination: Destination): void {
    decided.add(destination)
    if (decided.size < expected || joined.length === 0) return
    const readers = joined.splice(0)
    const stores = readers.map(({ destination: { store } }) => store)
    const outputs = read(init, blob, stores)
    outputs.then(watch, noteFailure)
    readers.forEach(({ resolve, reject }, index) => {
      outputs.then(all => resolve(outputAt(all, index)), reject)
    })
  }

  return {
    join(destination) {
      return new Promise((resolve, reject) => {
        joined.push({ destination, resolve, reject })
        decide(destination)
      })
    },
    leave(destination) {
      if (!decided.has(destination)) decide(destination)
    },
    failure: () => failure,
  }
}

function outputAt(outputs: readonly (Readable | Buffer)[], index: number): Readable | Buffer {
  const output = outputs[index]
  if (output === undefined) throw new Error(`no output ${index} of ${outputs.length}`)
  return output
}

function read(
  init: DeliveryInit,
  blob: Descriptor,
  stores: readonly Store[],
): Promise<readonly (Readable | Buffer)[]> {
  return blob.size <= SMALL_BYTES
    ? readSmall(init, blob, stores.length)
    : readLarge(init, blob, stores)
}

async function readSmall(
  { source, onBytes, call }: DeliveryInit,
  blob: Descriptor,
  readers: number,
): Promise<readonly Buffer[]> {
  const bytes = await readVerified(
    await source.store.fetch(source.repository, blob, call),
    blob,
    SMALL_BYTES,
  )
  onBytes(bytes.length)
  return Array.from({ length: readers }, () => bytes)
}

async function readLarge(
  init: DeliveryInit,
  blob: Descriptor,
  stores: readonly Store[],
): Promise<readonly Readable[]> {
  const { source, onBytes, call } = init
  const release = await acquire(init, [source.store, ...stores])
  try {
    const bytes = await source.store.fetch(source.repository, blob, call)
    bytes.once('close', release)
    bytes.on('data', (chunk: Buffer) => onBytes(chunk.length))
    return fanOut(bytes, stores.length)
  } catch (error) {
    release()
    throw error
  }
}

/**
 * A stream takes a connection to every store that it touches for as long as it lasts. Permits
 * leave enough for everything short, and are taken in one order, so that no two streams wait for
 * each other.
 */
async function acquire(
  { streams, call }: DeliveryInit,
  stores: readonly Store[],
): Promise<() => void> {
  const byName = new Map(stores.map(store => [store.name, store]))
  const permits = [...byName.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(store => streams(store) ?? [])
  const held: Semaphore[] = []
  const release = () => {
    for (const permit of held.splice(0)) permit.release()
  }
  try {
    for (const permit of permits) {
      await permit.acquire(call)
      held.push(permit)
    }
    return release
  } catch (error) {
    release()
    throw error
  }
}
