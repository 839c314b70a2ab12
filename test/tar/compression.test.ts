import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
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

  it('says what to do about bzip2', () => {
    const source = streamOf(Buffer.alloc(0))
    expect(() => decompressed(source, 'bzip2', 'app.tar')).toThrow(
      expect.objectContaining({ code: 'CONTENT_UNSUPPORTED', hint: 'unpack it first: bzip2 -d' }),
    )
    expect(source.destroyed).toBe(true)
  })
})

function damage(bytes: Buffer): Buffer {
  bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 0xff
  return bytes
}

/** 'hello' a hundred times, as the programs pack it. */
const HELLO = 'hello'.repeat(100)
const PACKED = {
  zstd: '28b52ffd04586500002868656c6c6f0100ec508b16ac2e8144',
  xz: 'fd377a585a000004e6d6b446020021011c00000010cf58cce001f3000d5d00341949ee8ea9cfaf11830000000000000013b0a088edd5e458000129f40300000050d9f74cb1c467fb020000000004595a',
} as const

describe.each(['zstd', 'xz'] as const)('%s', compression => {
  const packed = Buffer.from(PACKED[compression], 'hex')
  const unpacked = async (...parts: Buffer[]) =>
    (await unpack(Buffer.concat(parts), compression)).toString()

  it('is taken off, however many pieces it comes in', async () => {
    expect(compressionOf(packed)).toBe(compression)
    expect(await unpacked(packed)).toBe(HELLO)
    expect(await unpacked(packed, packed)).toBe(HELLO + HELLO)
    const bytes = Readable.from(
      Array.from(packed, byte => Buffer.of(byte)),
      { objectMode: false },
    )
    expect((await buffer(decompressed(bytes, compression, 'x'))).toString()).toBe(HELLO)
  })

  it('that ends too soon, anywhere, is told of', async () => {
    for (let length = 8; length < packed.length; length++) {
      await expect(unpacked(packed.subarray(0, length))).rejects.toMatchObject({
        code: 'CONTENT_CORRUPT',
      })
    }
  })

  it('with other bytes in it, or behind it, gives nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(packed.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, bits) => {
          const bytes = Buffer.from(packed)
          bytes[at] = (bytes[at] ?? 0) ^ bits
          const found = await unpacked(bytes).catch((error: unknown) => error)
          const isRefused = found instanceof StoreError && found.code.startsWith('CONTENT_')
          // zstd has no sum of its own in this sample, and may give other bytes
          expect(isRefused || found === HELLO || compression === 'zstd').toBe(true)
        },
      ),
    )
    await expect(unpacked(packed, Buffer.from('something'))).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
    })
  })

  it('passes on what is wrong with where it comes from', async () => {
    const bytes = new Readable({ read: () => {} })
    bytes.push(packed.subarray(0, 20))
    const wrong = new StoreError('STORE_UNREACHABLE', 'gone')
    const plain = buffer(decompressed(bytes, compression, 'x'))
    bytes.destroy(wrong)
    await expect(plain).rejects.toBe(wrong)
  })

  it('lets go of the source when nobody reads on', async () => {
    const source = streamOf(packed)
    const closed = new Promise(resolve => source.once('close', resolve))
    for await (const _ of decompressed(source, compression, 'x')) break
    await closed
    expect(source.destroyed).toBe(true)
  })
})
