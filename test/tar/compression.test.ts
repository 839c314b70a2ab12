import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { deflateSync, gzipSync } from 'node:zlib'
import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compressionOf, decompressed, type Compression } from '../../src/tar/compression.ts'
import { noiseStream } from '../support/noise.ts'

const streamOf = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false })

function unpack(bytes: Buffer, compression: Compression = 'gzip', limits?: never): Promise<Buffer> {
  return buffer(decompressed(streamOf(bytes), compression, 'app.tar.gz', limits))
}

describe('the first bytes', () => {
  it.each<[string, number[], Compression | undefined]>([
    ['gzip', [0x1f, 0x8b, 8, 0, 0, 0], 'gzip'],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd, 0, 0], 'zstd'],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], 'xz'],
    ['bzip2', [0x42, 0x5a, 0x68, 0x39], 'bzip2'],
    ['nothing', [], undefined],
    ['half of it', [0x1f], undefined],
    ['a tar', [...Buffer.from('layer.')], undefined],
  ])('tell %s', (_, head, compression) => {
    expect(compressionOf(Buffer.from(head))).toBe(compression)
  })

  it('of anything are told without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 8 }), bytes => {
        expect([undefined, 'gzip', 'zstd', 'xz', 'bzip2']).toContain(compressionOf(bytes))
      }),
    )
  })
})

describe('decompressed', () => {
  it('gives back what was compressed, in one piece or in several', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1 }),
        async all => {
          const parts = all.map(bytes => gzipSync(bytes))
          expect((await unpack(Buffer.concat(parts))).equals(Buffer.concat(all))).toBe(true)
        },
      ),
      { numRuns: 50 },
    )
  })

  it.each<[string, Buffer, RegExp]>([
    ['cut short', gzipSync('hello world').subarray(0, 20), /app\.tar\.gz: .* cut short/],
    ['damaged', damage(gzipSync(Buffer.alloc(5000, 'ab'))), /app\.tar\.gz: .* damaged/],
    ['not what they seem', Buffer.concat([Buffer.of(0x1f, 0x8b), deflateSync('x')]), /damaged/],
  ])('refuses bytes that are %s', async (_, bytes, message) => {
    await expect(unpack(bytes)).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringMatching(message),
    })
  })

  it('passes on what the source says', async () => {
    const error = new Error('the line broke')
    const source = Readable.from(
      (async function* () {
        yield gzipSync('x').subarray(0, 4)
        throw error
      })(),
      { objectMode: false },
    )
    await expect(buffer(decompressed(source, 'gzip', 'x'))).rejects.toBe(error)
  })

  it('stops at a bomb, and not before', async () => {
    const limits = { freeBytes: 1000, mostRatio: 10 } as never
    const fair = gzipSync(Buffer.alloc(1000))
    expect(await unpack(fair, 'gzip', limits)).toHaveLength(1000)
    await expect(unpack(gzipSync(Buffer.alloc(1001)), 'gzip', limits)).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      message: 'app.tar.gz: it unpacks to more than 10 times its size',
    })
    const noise = await buffer(noiseStream('noise', 5000))
    expect(gzipSync(noise).length * 10).toBeGreaterThan(noise.length)
    expect(await unpack(gzipSync(noise), 'gzip', limits)).toEqual(noise)
  })

  it('lets go of the source when nobody reads on', async () => {
    const source = streamOf(gzipSync(Buffer.alloc(10_000_000)))
    const closed = new Promise(resolve => source.once('close', resolve))
    for await (const _ of decompressed(source, 'gzip', 'x')) break
    await closed
    expect(source.destroyed).toBe(true)
  })

  it('lets go of the source when nobody began to read', async () => {
    const source = streamOf(gzipSync('x'))
    const closed = new Promise(resolve => source.once('close', resolve))
    decompressed(source, 'gzip', 'x').destroy()
    await closed
    expect(source.destroyed).toBe(true)
  })

  it.each<[Compression, string]>([
    ['xz', 'unpack it first: xz -d'],
    ['bzip2', 'unpack it first: bzip2 -d'],
  ])('says what to do about %s', (compression, hint) => {
    const source = streamOf(Buffer.alloc(0))
    expect(() => decompressed(source, compression, 'app.tar')).toThrow(
      expect.objectContaining({ code: 'CONTENT_UNSUPPORTED', hint }),
    )
    expect(source.destroyed).toBe(true)
  })
})

function damage(bytes: Buffer): Buffer {
  bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 0xff
  return bytes
}

const CAN = 'createZstdDecompress' in zlib

it('unpacks zstd where Node can, and says elsewhere what can', async () => {
  // 'hello' a hundred times, as the program zstd packs it
  const packed = Buffer.from('28b52ffd04586500002868656c6c6f0100ec508b16ac2e8144', 'hex')
  expect(compressionOf(packed)).toBe('zstd')
  const unpacked = async (bytes: Buffer) => (await unpack(bytes, 'zstd')).toString()
  const whole = await unpacked(packed).catch((error: unknown) => error)
  const cut = await unpacked(packed.subarray(0, -3)).catch((error: unknown) => error)
  const hint = expect.stringMatching(/zstd -d, or run Node 22\.15/)
  const refused = expect.objectContaining({ code: 'CONTENT_UNSUPPORTED', hint })
  const damaged = expect.objectContaining({ code: 'CONTENT_CORRUPT' })
  expect([whole, cut]).toEqual(CAN ? ['hello'.repeat(100), damaged] : [refused, refused])
})
