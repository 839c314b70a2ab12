import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { startFakeRegistry } from '../fakes/registry.ts'
import {
  openHost,
  serve,
  until,
  type HostOptions,
  type OpenedHost,
  type Served,
} from '../support/http.ts'
import { noiseStream } from '../support/noise.ts'
import { openRegistryStore } from '../support/registry-store.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** One answer to a download, which sends bytes and may break off. */
type Part = (content: Buffer, request: IncomingMessage, response: ServerResponse) => void

const rangeOf = ({ headers }: IncomingMessage) =>
  Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)

/** Goes on where it is asked to, and breaks off after so many bytes. */
const breaking =
  (bytes: number): Part =>
  (content, request, response) => {
    const from = rangeOf(request)
    head(content, from, response)
    response.flushHeaders()
    response.write(content.subarray(from, from + bytes), () => response.destroy())
  }

const whole: Part = (content, request, response) => {
  const from = rangeOf(request)
  head(content, from, response)
  response.end(content.subarray(from))
}

function head(content: Buffer, from: number, response: ServerResponse): void {
  const left = content.length - from
  const range = `bytes ${from}-${content.length - 1}/${content.length}`
  if (from === 0) response.writeHead(200, { 'content-length': left })
  else response.writeHead(206, { 'content-length': left, 'content-range': range })
}

interface Download extends AsyncDisposable {
  readonly server: Served
  readonly host: OpenedHost
  open(signal?: AbortSignal): Promise<Readable>
  /** A request that has nothing to do with it. */
  look(): Promise<unknown>
  /** Resolves when the connection of the first answer is gone. */
  readonly broken: Promise<unknown>
  ranges(): readonly (string | undefined)[]
}

/** A download of `content`, answered part by part; the last one again and again. */
async function download(
  content: Buffer,
  parts: readonly Part[],
  options: HostOptions = {},
): Promise<Download> {
  let isBroken: () => void = () => undefined
  const broken = new Promise<void>(resolve => {
    isBroken = resolve
  })
  const server = await serve((request, response, nth) => {
    const part = parts[Math.min(nth, parts.length) - 1]!
    if (request.method === 'HEAD') response.end()
    else part(content, request, response.once('close', isBroken))
  })
  const host = await openHost(server.url, options)
  return {
    server,
    host,
    async open(signal) {
      const url = new URL('/blob', server.url)
      const request = { method: 'GET', url, scopes: [], size: content.length } as const
      const { body } = await host.open(request, { signal })
      if (body instanceof Readable) return body
      throw new Error(`answered ${body.toString()}`)
    },
    look: () => host.send({ method: 'HEAD', url: new URL(server.url), scopes: [] }),
    broken,
    ranges: () => server.requests.map(({ headers }) => headers.range),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const noise = (size: number) => buffer(noiseStream('download', size))

describe('a download that breaks off', () => {
  it('goes on from there, each byte sent once', async () => {
    const content = await noise(300 * KIB)
    await using d = await download(content, [breaking(1000), breaking(70_000), breaking(1), whole])
    expect((await buffer(await d.open())).equals(content)).toBe(true)
    expect(d.ranges()).toEqual([undefined, 'bytes=1000-', 'bytes=71000-', 'bytes=71001-'])
    expect(d.host.traffic()).toMatchObject({ requests: 4, retries: 3 })
  })

  it('skips what it has where Range is ignored', async () => {
    const content = await noise(300 * KIB)
    const again: Part = (bytes, _, response) => response.writeHead(200).end(bytes)
    await using d = await download(content, [breaking(100_000), again])
    expect((await buffer(await d.open())).equals(content)).toBe(true)
    expect(d.ranges()).toEqual([undefined, 'bytes=100000-'])
  })

  it.each([
    ['earlier', 'bytes 500-2047/2048'],
    ['exactly there', 'bytes 1000-2047/2048'],
  ])('goes on with a part that begins %s', async (_, range) => {
    const content = await noise(2 * KIB)
    const from = Number(/\d+/.exec(range)?.[0])
    const part: Part = (bytes, __, response) =>
      response.writeHead(206, { 'content-range': range }).end(bytes.subarray(from))
    await using d = await download(content, [breaking(1000), part])
    expect((await buffer(await d.open())).equals(content)).toBe(true)
  })

  it.each([
    ['begins later', { 'content-range': 'bytes 1001-2047/2048' }],
    ['does not say where it begins', {}],
  ])('refuses a part that %s', async (_, headers) => {
    const content = await noise(2 * KIB)
    const part: Part = (bytes, __, response) => response.writeHead(206, headers).end(bytes)
    await using d = await download(content, [breaking(1000), part])
    await expect(buffer(await d.open())).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: expect.stringContaining('from 1000 on'),
    })
    expect(d.server.requests.length).toBe(2)
  })

  it.each([
    ['in chunks that end early', undefined],
    ['with a length that is too small', 1000],
  ])('goes on after one that ends without an error, %s', async (_, length) => {
    const content = await noise(3000)
    const short: Part = (bytes, __, response) =>
      response
        .writeHead(200, length === undefined ? {} : { 'content-length': length })
        .end(bytes.subarray(0, 1000))
    await using d = await download(content, [short, whole])
    expect((await buffer(await d.open())).equals(content)).toBe(true)
    expect(d.ranges()).toEqual([undefined, 'bytes=1000-'])
  })

  it('gives up after four answers that got nowhere', async () => {
    await using d = await download(await noise(5000), [breaking(100)])
    await expect(buffer(await d.open())).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `${d.server.host} cannot be reached: the connection was closed`,
    })
    expect(d.ranges()).toEqual([undefined, 'bytes=100-', 'bytes=200-', 'bytes=300-'])
  })

  it.each([
    ['goes on as long as each answer brings a mebibyte', MIB, true],
    ['and gives up where each brings a byte less', MIB - 1, false],
  ])('%s', async (_, bytes, arrives) => {
    const content = await noise(6 * MIB)
    await using d = await download(content, [breaking(bytes)])
    const read = await buffer(await d.open()).catch(() => undefined)
    expect(read?.equals(content) ?? false).toBe(arrives)
    expect(d.server.requests.length).toBe(arrives ? 6 : 4)
  })

  it('says what the host answers when it is to go on', async () => {
    const gone: Part = (_, __, response) => response.writeHead(404).end()
    await using d = await download(await noise(5000), [breaking(100), gone])
    await expect(buffer(await d.open())).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `${d.server.host} answered 404 when a download was to go on at byte 100`,
    })
  })
})

describe('a download that is stopped', () => {
  /** So long that only a stop ends the wait. */
  const patient: HostOptions = { random: () => 10_000 }

  it('does not go on when told to stop while it waits', async () => {
    await using d = await download(await noise(5000), [breaking(100), whole], patient)
    const stop = new AbortController()
    const body = await d.open(stop.signal)
    const read = buffer(body)
    await d.broken
    stop.abort()
    await expect(read).rejects.toMatchObject({ name: 'AbortError' })
    expect(d.server.requests.length).toBe(1)
  })

  it('does not go on when nobody wants it any more while it waits', async () => {
    let isWaiting = false
    const random = () => {
      isWaiting = true
      // 25 ms at first, 50 ms after the next failure
      return -0.8
    }
    const parts = [breaking(100), breaking(100), breaking(100), whole]
    await using d = await download(await noise(5000), parts, { random })
    const body = (await d.open()).resume()
    await until(() => isWaiting)
    body.destroy()
    // takes longer than the first one would have waited
    await buffer(await d.open())
    expect(d.ranges()).toEqual([undefined, undefined, 'bytes=100-', 'bytes=200-'])
    expect(d.host.traffic()).toMatchObject({ requests: 4, retries: 2 })
  })

  it('frees its connection when the consumer lets go in the middle', async () => {
    const endless: Part = (content, _, response) => {
      head(content, 0, response)
      response.write(content.subarray(0, content.length / 2))
    }
    const content = await noise(MIB)
    await using d = await download(content, [endless, whole], { concurrency: 1 })
    const body = await d.open()
    await once(body, 'readable')
    body.destroy()
    await d.broken
    // the only connection there is
    expect((await buffer(await d.open())).equals(content)).toBe(true)
    expect(d.ranges()).toEqual([undefined, undefined])
  })

  it('reads no faster than it is read', async () => {
    const content = await noise(24 * MIB)
    let sent = 0
    const counting: Part = (bytes, _, response) => {
      head(bytes, 0, response)
      Readable.from(slices(bytes))
        .on('data', (slice: Buffer) => (sent += slice.length))
        .pipe(response)
    }
    await using d = await download(content, [counting])
    const body = await d.open()
    await once(body, 'readable')
    for (let looks = 0; looks < 50; looks++) await d.look()
    expect(sent).toBeLessThan(content.length)
    expect((await buffer(body)).equals(content)).toBe(true)
  })
})

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 64 * KIB) yield bytes.subarray(at, at + 64 * KIB)
}

describe('going on', () => {
  it('gets a new token where the old one expired meanwhile', async () => {
    const bytes = await noise(200 * KIB)
    const content = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length }
    await using fake = await startFakeRegistry({
      auth: { kind: 'bearer', anonymous: ['pull'] },
      fault: ({ route, nth }) => {
        if (route.kind !== 'blob' || nth > 1) return undefined
        fake.revokeTokens()
        return { kind: 'truncate', after: 1000 }
      },
    })
    fake.putBlob('acme/app', bytes)
    await using ours = await openRegistryStore(fake.host)
    const body = await ours.store.fetch('acme/app', content)
    expect((await buffer(body)).equals(bytes)).toBe(true)
    expect(fake.grants.length).toBe(2)
    expect(fake.log.map(({ status }) => status)).toEqual([401, 200, 401, 206])
  })

  it('follows the redirect anew, since such addresses expire', async () => {
    const content = await noise(5000)
    await using storage = await serve((request, response, nth) =>
      (nth === 1 ? breaking(100) : whole)(content, request, response),
    )
    const away: Part = (_, request, response) =>
      response
        .writeHead(307, { location: `${storage.url}/signed-${request.headers.range ?? 'first'}` })
        .end()
    await using d = await download(content, [away])
    expect((await buffer(await d.open())).equals(content)).toBe(true)
    expect(storage.requests.map(({ url, headers }) => [url, headers.range])).toEqual([
      ['/signed-first', undefined],
      ['/signed-bytes=100-', 'bytes=100-'],
    ])
  })
})
