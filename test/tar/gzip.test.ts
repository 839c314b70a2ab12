import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gzipped } from '../../src/tar/gzip.ts'
import { noiseStream } from '../support/noise.ts'

const PIECE = 512 * 1024

async function zip(bytes: Buffer, chunk = 60_000): Promise<Buffer> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
  }
  return buffer(Readable.from(gzipped(chunks())))
}

const words = (size: number): Buffer =>
  Buffer.from(
    'what is in a layer is mostly text and repeats itself\n'.repeat(Math.ceil(size / 53)),
  ).subarray(0, size)

describe.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 5 * PIECE + 7])('%i bytes', size => {
  it('are there again, and are the same however they came', async () => {
    const zipped = await zip(words(size))
    expect(gunzipSync(zipped).equals(words(size))).toBe(true)
    expect((await zip(words(size), 1_000_001)).equals(zipped)).toBe(true)
  })
})

it('gets smaller what can, and little larger what cannot', async () => {
  const noise = await buffer(noiseStream('gzip', 2 * PIECE))
  expect((await zip(noise)).length).toBeLessThan(noise.length * 1.001)
  expect((await zip(words(2 * PIECE))).length).toBeLessThan(PIECE / 20)
})

it('is one member without name or time, so that all readers take it whole', async () => {
  const zipped = await zip(words(3 * PIECE))
  expect(zipped.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff')
  expect(zipped.readUInt32LE(zipped.length - 4)).toBe(3 * PIECE)
})

it('fails as its source does', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield words(3 * PIECE)
    throw new Error('gone')
  }
  await expect(buffer(Readable.from(gzipped(broken())))).rejects.toThrow('gone')
})

it('holds for bytes of any kind', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 3000 }),
      fc.integer({ min: 1, max: 500 }),
      async (bytes, chunk) => {
        expect(gunzipSync(await zip(Buffer.from(bytes), chunk)).equals(bytes)).toBe(true)
      },
    ),
    { numRuns: 50 },
  )
})
