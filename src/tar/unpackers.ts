/** What takes a compression off, where Node itself does not, or not all of it. */
import { Duplex, Readable, Transform } from 'node:stream'
import { Decompress } from 'fzstd'
import xz from 'xz-decompress'

/** The bytes are not what they should be, or end too soon. */
export class UnpackingError extends Error {
  constructor(isShort: boolean) {
    super(isShort ? 'unexpected end' : 'damaged')
  }
}

/** Node's own, from 22.15 on, passes over all that follows the first of several frames. */
export function unzstd(): Duplex {
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      done(attempt(() => unpacking.push(chunk)))
    },
    flush(done) {
      done(attempt(() => unpacking.push(new Uint8Array(0), true)))
    },
  })
  const unpacking = new Decompress(bytes => stream.push(Buffer.from(bytes)))
  return stream
}

/** It says what is wrong in words only. */
function attempt(work: () => void): UnpackingError | null {
  try {
    work()
    return null
  } catch (error) {
    return new UnpackingError(/EOF/.test(String(error)))
  }
}

/** liblzma's `XZ_BUF_ERROR`: there should be more. */
const SHORT = /error code 8$/

export function unxz(): Duplex {
  return Duplex.from(async function* (packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const bytes = Readable.toWeb(Readable.from(packed, { objectMode: false }))
    try {
      for await (const chunk of new xz.XzReadableStream(bytes)) yield Buffer.from(chunk)
    } catch (error) {
      const isTheirs = error instanceof Error && error.message.startsWith('get_next_output')
      throw isTheirs ? new UnpackingError(SHORT.test(error.message)) : error
    }
  })
}
