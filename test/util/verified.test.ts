import fc from 'fast-check'
import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { digestOf, type DigestAlgorithm } from '../../src/oci/digest.ts'
import { readAll } from '../../src/util/read-all.ts'
import { readVerified, verified, verifiedBytes } from '../../src/util/verified.ts'

function contentOf(text: string, algorithm: DigestAlgorithm = 'sha256') {
  const bytes = Buffer.from(text)
  return { mediaType: 'a/b', digest: digestOf(bytes, algorithm), size: bytes.length }
}

const stream = (...chunks: string[]) =>
  Readable.from(
    chunks.map(chunk => Buffer.from(chunk)),
    { objectMode: false },
  )

describe('verified', () => {
  it.each([
    ['hello', ['hello'], 'sha256'],
    ['hello', ['he', '', 'llo'], 'sha512'],
    ['', [], 'sha256'],
    ['', [''], 'sha512'],
  ] as const)('passes %j on in chunks %j by %s', async (text, chunks, algorithm) => {
    const bytes = verified(stream(...chunks), contentOf(text, algorithm))
    expect((await buffer(bytes)).toString()).toBe(text)
  })

  it.each([
    ['other bytes', ['hellO'], 'got sha256:'],
    ['one byte too many', ['hello', '!'], 'got more'],
    ['many bytes too many', ['hello world'], 'got more'],
    ['one byte too few', ['hell'], 'got 4 bytes'],
    ['nothing', [], 'got 0 bytes'],
  ])('refuses %s', async (_, chunks, words) => {
    const bytes = verified(stream(...chunks), contentOf('hello'))
    await expect(buffer(bytes)).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.stringMatching(`expected 5 bytes of sha256:[0-9a-f]{64}, ${words}`),
    })
  })

  it('refuses what is empty by a wrong digest', async () => {
    const { digest } = contentOf('hello')
    const bytes = verified(stream(), { mediaType: 'a/b', digest, size: 0 })
    await expect(buffer(bytes)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('never lets wrong bytes arrive whole', async () => {
    const bytes = verified(stream('hel', 'lO'), contentOf('hello'))
    const seen: string[] = []
    bytes.on('data', (chunk: Buffer) => seen.push(chunk.toString()))
    await expect(once(bytes, 'end')).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    expect(seen).toEqual(['hel'])
  })

  it('stops an endless source at the first byte too many', async () => {
    let given = 0
    const endless = new Readable({
      read() {
        given++
        this.push(Buffer.alloc(1024))
      },
    })
    await expect(buffer(verified(endless, contentOf('hello')))).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
    })
    expect(endless.destroyed).toBe(true)
    expect(given).toBeLessThan(200)
  })

  it('passes on the error of the source as it is', async () => {
    const source = new PassThrough()
    const bytes = verified(source, contentOf('hello'))
    const error = new Error('broken')
    source.write('hel')
    source.destroy(error)
    await expect(buffer(bytes)).rejects.toBe(error)
  })

  it('fails when the source ends without a word', async () => {
    const source = new PassThrough()
    const bytes = verified(source, contentOf('hello'))
    source.write('hel')
    source.destroy()
    await expect(buffer(bytes)).rejects.toThrow('Premature close')
  })

  it('destroys the source when it is destroyed', async () => {
    const source = new PassThrough()
    const bytes = verified(source, contentOf('hello'))
    const closed = new Promise(resolve => source.once('close', resolve))
    bytes.destroy()
    await closed
    expect(source.destroyed).toBe(true)
  })

  it('passes on what was promised, however it comes, and nothing else', async () => {
    const chunk = fc.uint8Array({ maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), fc.array(chunk), async (sent, promised) => {
        const [actual, expected] = [Buffer.concat(sent), Buffer.concat(promised)]
        const content = { mediaType: 'a/b', digest: digestOf(expected), size: expected.length }
        const source = Readable.from(
          sent.map(part => Buffer.from(part)),
          { objectMode: false },
        )
        const arrived = await buffer(verified(source, content)).catch(() => undefined)
        expect(arrived !== undefined).toBe(actual.equals(expected))
        expect(arrived === undefined || arrived.equals(expected)).toBe(true)
      }),
    )
  })
})

describe('readVerified', () => {
  it('gives the bytes', async () => {
    expect((await readVerified(stream('hel', 'lo'), contentOf('hello'), 5)).toString()).toBe(
      'hello',
    )
  })

  it('refuses more than the limit, whatever was promised', async () => {
    const source = stream('hel', 'lo')
    await expect(readVerified(source, contentOf('hello'), 4)).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
    })
    expect(source.destroyed).toBe(true)
  })

  it('refuses wrong bytes', async () => {
    const reading = readVerified(stream('hellO'), contentOf('hello'), 10)
    await expect(reading).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('allocates nothing for a size that was only promised', async () => {
    const content = { ...contentOf('hello'), size: Number.MAX_SAFE_INTEGER }
    await expect(readVerified(stream('hello'), content, 10)).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
    })
  })
})

it('verifiedBytes gives the bytes themselves', () => {
  const bytes = Buffer.from('hello')
  expect(verifiedBytes(bytes, contentOf('hello'))).toBe(bytes)
})

it.each(['hellO', 'hell', 'hello!', ''])('verifiedBytes refuses %j', text => {
  expect(() => verifiedBytes(Buffer.from(text), contentOf('hello'))).toThrow(/expected 5 bytes/)
})

it('readAll says what was too long', async () => {
  const reading = readAll(stream('hello', 'world'), 9, 'the answer')
  await expect(reading).rejects.toThrow('the answer has more than 9 bytes')
  expect((await readAll(stream('hello', 'world'), 10, 'it')).toString()).toBe('helloworld')
})
