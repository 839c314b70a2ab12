/**
 * Gzip on as many cores as there are: pieces of a fixed length are compressed beside each other,
 * each knowing the end of the one before, and make one stream, as pigz does.
 *
 * Equal bytes become equal bytes, with one and the same build of zlib. Another version of Node, or
 * of the processor, may compress them otherwise: what a layer is, its diff id says.
 */
import { crc32, deflateRaw, constants, type ZlibOptions } from 'node:zlib'
import { promisify } from 'node:util'

const PIECE_BYTES = 512 * 1024
const WINDOW_BYTES = 32 * 1024
const AT_ONCE = 4
/** Little slower than the lowest, and most of what the highest gets. */
const LEVEL = 4

const deflated: (bytes: Buffer, options: ZlibOptions) => Promise<Buffer> = promisify(deflateRaw)

/** No name and no time; made on a system that is not told (RFC 1952, 2.3). */
const HEADER = Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff])

export async function* gzipped(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield HEADER
  const underWay: Promise<Buffer>[] = []
  let before: Buffer | undefined
  let crc = 0
  let size = 0
  try {
    for await (const { piece, isLast } of piecesOf(bytes)) {
      crc = crc32(piece, crc)
      size += piece.length
      const done = deflated(piece, optionsFor(before, isLast))
      // whoever waits for it hears of it; until then it is not to look unhandled
      done.catch(() => undefined)
      underWay.push(done)
      before = piece
      if (underWay.length >= AT_ONCE) yield* next(underWay)
    }
    while (underWay.length > 0) yield* next(underWay)
  } finally {
    await Promise.allSettled(underWay)
  }
  yield trailerOf(crc, size)
}

async function* next(underWay: Promise<Buffer>[]): AsyncGenerator<Buffer> {
  const first = underWay.shift()
  if (first) yield await first
}

function optionsFor(before: Buffer | undefined, isLast: boolean): ZlibOptions {
  const finishFlush = isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH
  const dictionary = before?.subarray(-WINDOW_BYTES)
  return { level: LEVEL, finishFlush, ...(dictionary && { dictionary }) }
}

interface Piece {
  readonly piece: Buffer
  readonly isLast: boolean
}

/** The same pieces however the bytes come. The last may be empty, and is if there are none. */
async function* piecesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  let held: Buffer[] = []
  let size = 0
  for await (const chunk of bytes) {
    held.push(chunk)
    size += chunk.length
    if (size < PIECE_BYTES) continue
    let rest = Buffer.concat(held)
    for (; rest.length >= PIECE_BYTES; rest = rest.subarray(PIECE_BYTES)) {
      yield { piece: rest.subarray(0, PIECE_BYTES), isLast: false }
    }
    held = [rest]
    size = rest.length
  }
  yield { piece: Buffer.concat(held), isLast: true }
}

function trailerOf(crc: number, size: number): Buffer {
  const trailer = Buffer.alloc(8)
  trailer.writeUInt32LE(crc, 0)
  trailer.writeUInt32LE(size % 2 ** 32, 4)
  return trailer
}
