import { Readable } from 'node:stream'
import { compressionOf, decompressed, MAGIC_BYTES } from './compression.ts'

/** A tar without the compression that its first bytes show. */
export async function plainTar(bytes: Readable, where: string): Promise<Readable> {
  const { head, whole } = await peeked(bytes)
  const compression = compressionOf(head)
  return compression === undefined ? whole : decompressed(whole, compression, where)
}

/** The first bytes of a stream, as many as tell how it is compressed, and all of it still. */
export async function peeked(
  bytes: Readable,
): Promise<{ readonly head: Buffer; readonly whole: Readable }> {
  const chunks: AsyncIterator<Buffer> = bytes[Symbol.asyncIterator]()
  const parts: Buffer[] = []
  for (let size = 0; size < MAGIC_BYTES;) {
    const { done, value } = await chunks.next()
    if (done) break
    parts.push(value)
    size += value.length
  }
  const head = Buffer.concat(parts)
  async function* again(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head
      for (;;) {
        const { done, value } = await chunks.next()
        if (done) return
        yield value
      }
    } finally {
      bytes.destroy()
    }
  }
  const whole = Readable.from(again(), { objectMode: false })
  // a generator that nobody began to read does not clean up
  return { head, whole: whole.once('close', () => bytes.destroy()) }
}
