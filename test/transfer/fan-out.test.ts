import { buffer } from 'node:stream/consumers'
import { PassThrough, Readable } from 'node:stream'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { fanOut } from '../../src/transfer/fan-out.ts'

const chunks = (count: number, size = 64 * 1024) =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(size, index))

describe('fanOut', () => {
  it('gives every reader every byte', async () => {
    const outputs = fanOut(Readable.from(chunks(40)), 3)
    const read = await Promise.all(outputs.map(output => buffer(output)))
    for (const bytes of read) expect(bytes.equals(Buffer.concat(chunks(40)))).toBe(true)
  })

  it('reads no further ahead than its slowest reader', async () => {
    let given = 0
    const source = Readable.from(
      (function* () {
        for (const chunk of chunks(1000)) {
          given += 1
          yield chunk
        }
      })(),
    )
    const [fast, slow] = fanOut(source, 2)
    fast!.resume()
    await once(slow!, 'readable')
    await new Promise(resolve => setImmediate(resolve))
    expect(given).toBeLessThan(50)
    slow!.resume()
    await Promise.all([once(fast!, 'end'), once(slow!, 'end')])
    expect(given).toBe(1000)
  })

  it('lets one reader drop out alone', async () => {
    const [first, second] = fanOut(Readable.from(chunks(100)), 2)
    first!.destroy()
    expect((await buffer(second!)).length).toBe(100 * 64 * 1024)
  })

  it('lets the source go when nobody reads', async () => {
    const source = new PassThrough()
    const outputs = fanOut(source, 2)
    for (const output of outputs) output.destroy()
    await once(source, 'close')
    expect(source.destroyed).toBe(true)
  })

  it('fails everybody with the source', async () => {
    const source = new PassThrough()
    const outputs = fanOut(source, 2)
    const read = Promise.allSettled(outputs.map(output => buffer(output)))
    source.destroy(new Error('cut'))
    expect(await read).toMatchObject([
      { reason: { message: 'cut' } },
      { reason: { message: 'cut' } },
    ])
  })
})
