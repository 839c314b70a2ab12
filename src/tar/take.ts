/** Takes bytes off a stream in the lengths that are asked for, and knows how far it is. */
import type { Readable } from 'node:stream'

export interface Taker {
  /** How many bytes were taken or skipped so far. */
  readonly position: number
  /** So many bytes, or fewer where the stream ends; valid until the next call. */
  take(length: number): Promise<Buffer>
  /** Whether there were so many. */
  skip(length: number): Promise<boolean>
}

export function createTaker(stream: Readable): Taker {
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)
  let position = 0

  async function next(): Promise<Buffer | undefined> {
    const { done, value } = await chunks.next()
    return done ? undefined : value
  }

  function cut(length: number): Buffer {
    const taken = held.subarray(0, length)
    held = held.subarray(length)
    position += taken.length
    return taken
  }

  return {
    get position() {
      return position
    },
    async take(length) {
      const parts: Buffer[] = []
      let missing = length - held.length
      while (missing > 0) {
        const chunk = await next()
        if (chunk === undefined) break
        parts.push(chunk)
        missing -= chunk.length
      }
      if (parts.length > 0) held = Buffer.concat([held, ...parts])
      return cut(length)
    },
    async skip(length) {
      let left = length
      while (left > held.length) {
        left -= held.length
        position += held.length
        const chunk = await next()
        held = chunk ?? Buffer.alloc(0)
        if (chunk === undefined) return false
      }
      cut(left)
      return true
    },
  }
}
