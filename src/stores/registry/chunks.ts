/**
 * A blob in pieces (distribution-spec, "Pushing a blob in chunks"). A piece is kept until the
 * registry has it, and one that broke off is gone on with where the registry says that it is.
 */
import type { Readable } from 'node:stream'
import { isRetryable, StoreError } from '../../errors.ts'
import { headerOf, type Reply } from '../../http/types.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { pause } from '../../util/pause.ts'
import { anew, cancel, isTaken, locationOf, uploadRefusal, withDigest } from './upload.ts'
import { pushScope } from './wire.ts'
import type { WriteInit } from './write.ts'

export interface Chunking {
  /** Blobs of more bytes go in pieces. */
  readonly aboveBytes: number
  /** Of a piece. */
  readonly chunkBytes: number
}

/** Large enough that round trips do not count, small enough to keep several in memory. */
export const CHUNKING: Chunking = { aboveBytes: 256 * 1024 * 1024, chunkBytes: 8 * 1024 * 1024 }

/** A registry that wants pieces larger than this gets the blob whole. */
const MOST_CHUNK_BYTES = 64 * 1024 * 1024
const ATTEMPTS = 4
const PAUSE_MS = 250
/** An upload that got this far since it last broke off is getting somewhere. */
const PROGRESS_BYTES = 1024 * 1024

/** Sends `source` over the upload that has `begun`, which is given up where that fails. */
export async function sendChunks(
  init: WriteInit,
  content: Descriptor,
  source: Readable,
  begun: Reply,
): Promise<void> {
  const upload: Upload = { latest: begun }
  let offset = 0
  try {
    for await (const chunk of piecesOf(source, pieceBytes(init, begun))) {
      await sendPiece(init, upload, { chunk, offset })
      offset += chunk.length
    }
    await close(init, content, upload)
  } catch (error) {
    await cancel(init, upload.latest)
    throw error
  }
}

interface Upload {
  /** The newest answer that says where it goes on. */
  latest: Reply
}

function pieceBytes({ registry, habits, chunking }: WriteInit, { headers }: Reply): number {
  const least = Number(headerOf(headers, 'oci-chunk-min-length') ?? 0)
  const bytes = Math.max(chunking.chunkBytes, Number.isSafeInteger(least) ? least : 0)
  if (bytes <= MOST_CHUNK_BYTES) return bytes
  habits.takesChunks = false
  throw wantsItWhole(registry.name, `asks for pieces of ${bytes} bytes`)
}

/** The same buffer again and again: a piece is only good until the next one is asked for. */
async function* piecesOf(source: Readable, bytes: number): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(bytes)
  let filled = 0
  for await (const read of source) {
    const chunk: Buffer = Buffer.isBuffer(read) ? read : Buffer.from(read)
    for (let at = 0; at < chunk.length;) {
      const copied = chunk.copy(piece, filled, at)
      at += copied
      filled += copied
      if (filled < bytes) continue
      yield piece
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}

interface Piece {
  readonly chunk: Buffer
  /** Where in the blob it begins. */
  readonly offset: number
}

/** Sends one piece, in parts if need be. */
async function sendPiece(init: WriteInit, upload: Upload, piece: Piece): Promise<void> {
  const end = piece.offset + piece.chunk.length
  let at = piece.offset
  for (let failures = 0; at < end;) {
    const { answer, lost } = await patch(init, upload, piece, at)
    const status = answer ?? (await ask(init, upload, lost, failures))
    upload.latest = goingOn(upload, status)
    const reached = positionOf(init, status, piece, answer ? end : at)
    const advances = reached === end || reached - at >= PROGRESS_BYTES
    failures = advances ? 0 : failures + 1
    if (failures >= ATTEMPTS) throw lost ?? stuck(init, reached)
    at = reached
  }
}

/** Not every registry says again where an upload goes on. */
function goingOn({ latest }: Upload, answer: Reply): Reply {
  if (headerOf(answer.headers, 'location') !== undefined) return answer
  const { location } = latest.headers
  return { ...answer, url: latest.url, headers: { ...answer.headers, location } }
}

/** The registry's answer where it took the piece, or why it cannot be told whether it did. */
async function patch(
  init: WriteInit,
  { latest }: Upload,
  { chunk, offset }: Piece,
  at: number,
): Promise<{ readonly answer?: Reply; readonly lost?: unknown }> {
  const { registry, repository, habits, call } = init
  try {
    const reply = await registry.host.send(
      {
        method: 'PATCH',
        url: locationOf(registry, latest),
        scopes: pushScope(repository),
        headers: {
          'content-type': 'application/octet-stream',
          'content-range': `${at}-${offset + chunk.length - 1}`,
        },
        body: chunk.subarray(at - offset),
        once: true,
      },
      call,
    )
    if (reply.status === 202 || reply.status === 201) return { answer: reply }
    if (at === 0 && NO_CHUNKS.has(reply.status)) {
      habits.takesChunks = false
      throw wantsItWhole(registry.name, `answered ${reply.status} to a piece of a blob`)
    }
    const refused = uploadRefusal(init, `uploading a piece of a blob to ${repository}`, reply)
    if (reply.status === 416 || (isRetryable(refused) && reply.status !== 404)) {
      return { lost: refused }
    }
    throw refused
  } catch (error) {
    if (!isRetryable(error) || isFinal(error)) throw error
    return { lost: error }
  }
}

/** How registries answer that do not know PATCH; the blob is sent whole then. */
const NO_CHUNKS = new Set([400, 404, 405, 411, 415, 501])

/** Nothing is to be gone on with, though beginning anew may help. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof StoreError && (error.facts['status'] === 404 || error.facts['whole'] === true)
  )
}

/** Asks how far the upload is, after a pause that grows. */
async function ask(
  init: WriteInit,
  { latest }: Upload,
  lost: unknown,
  failures: number,
): Promise<Reply> {
  const { registry, repository, call } = init
  await pause(PAUSE_MS * 2 ** failures, call)
  const reply = await registry.host.send(
    { method: 'GET', url: locationOf(registry, latest), scopes: pushScope(repository) },
    call,
  )
  if (reply.status !== 204 && reply.status !== 202 && reply.status !== 200) {
    throw reply.status === 404
      ? uploadRefusal(init, `asking how far an upload to ${repository} is`, reply)
      : lost
  }
  return reply
}

/** How many bytes the registry has. docker-registry calls none at all `0-0`. */
function positionOf(init: WriteInit, { headers }: Reply, piece: Piece, silent: number): number {
  const range = headerOf(headers, 'range')
  if (range === undefined) return silent
  const last = /^(?:bytes[= ])?0-(\d{1,15})$/.exec(range.trim())?.[1]
  const position = last === undefined || (last === '0' && piece.offset === 0) ? 0 : Number(last) + 1
  if (position >= piece.offset && position <= piece.offset + piece.chunk.length) return position
  throw new StoreError(
    'STORE_UNREACHABLE',
    `${init.registry.name} says "${range}" of an upload of which it was sent ${piece.offset} bytes and a piece`,
    { facts: { host: init.registry.host.origin.host } },
  )
}

/** The last request: the digest, and no more bytes. */
async function close(init: WriteInit, content: Descriptor, { latest }: Upload): Promise<void> {
  const { registry, repository, call } = init
  const { digest } = content
  const reply = await registry.host.send(
    {
      method: 'PUT',
      url: withDigest(locationOf(registry, latest), digest),
      scopes: pushScope(repository),
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.alloc(0),
    },
    call,
  )
  if (await isTaken(init, content, reply)) return
  const refused = uploadRefusal(init, `closing the upload of ${digest} to ${repository}`, reply)
  // the bytes were checked on their way, so it is the registry that put them together wrong
  throw reply.status === 400 ? anew(refused) : refused
}

function stuck({ registry, repository }: WriteInit, at: number): StoreError {
  return new StoreError(
    'STORE_UNREACHABLE',
    `${registry.name} takes no more than ${at} bytes of an upload to ${repository}`,
    { facts: { host: registry.host.origin.host } },
  )
}

function wantsItWhole(name: string, what: string): StoreError {
  return new StoreError('STORE_UNREACHABLE', `${name} ${what}; the blob has to be sent whole`, {
    facts: { whole: true },
  })
}
