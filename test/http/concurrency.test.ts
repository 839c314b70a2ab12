import type { ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { HostRequest } from '../../src/http/host.ts'
import { createThrottle, type Pass } from '../../src/http/throttle.ts'
import { ask } from '../support/registry-client.ts'
import { openHost, serve, until, type Answering } from '../support/http.ts'

const get = (url: string, path = '/x'): HostRequest => ({
  method: 'GET',
  url: new URL(path, url),
  scopes: [],
})

describe('a throttle', () => {
  /** Enters as often as there is room. */
  async function fill(throttle: ReturnType<typeof createThrottle>): Promise<readonly Pass[]> {
    const passes: Pass[] = []
    const stop = new AbortController()
    for (;;) {
      const entering = throttle.enter({ signal: stop.signal })
      const full = new Promise<undefined>(resolve => setImmediate(resolve, undefined))
      const pass = await Promise.race([entering, full])
      if (pass === undefined) {
        stop.abort()
        await entering.catch(() => undefined)
        return passes
      }
      passes.push(pass)
    }
  }

  async function room(throttle: ReturnType<typeof createThrottle>): Promise<number> {
    const passes = await fill(throttle)
    for (const _ of passes) throttle.leave()
    return passes.length
  }

  it('has room for as many as it is allowed', async () => {
    expect(await room(createThrottle(5))).toBe(5)
  })

  it('is cut in half once for all that were in flight, and again for what came after', async () => {
    const throttle = createThrottle(8)
    const first = await fill(throttle)
    for (const pass of first) throttle.tooMuch(pass)
    for (const _ of first) throttle.leave()
    expect(await room(throttle)).toBe(4)
    const second = await fill(throttle)
    for (const pass of second) throttle.tooMuch(pass)
    for (const _ of second) throttle.leave()
    expect(await room(throttle)).toBe(2)
  })

  it('never lets nobody in', async () => {
    const throttle = createThrottle(3)
    for (let cut = 0; cut < 5; cut++) {
      throttle.tooMuch(await throttle.enter())
      throttle.leave()
    }
    expect(await room(throttle)).toBe(1)
  })

  it('grows by one for each round that went well, up to what is allowed', async () => {
    const throttle = createThrottle(4)
    throttle.tooMuch(await throttle.enter())
    throttle.leave()
    const sizes: number[] = []
    for (let good = 0; good < 8; good++) {
      sizes.push(await room(throttle))
      throttle.well()
    }
    expect(sizes).toEqual([2, 2, 3, 3, 3, 4, 4, 4])
  })

  it('begins a round anew after a cut', async () => {
    const throttle = createThrottle(4)
    throttle.tooMuch(await throttle.enter())
    throttle.well()
    throttle.leave()
    throttle.tooMuch(await throttle.enter())
    throttle.leave()
    expect(await room(throttle)).toBe(1)
    throttle.well()
    expect(await room(throttle)).toBe(2)
  })
})

describe('requests to a host', () => {
  it('are in flight as many at once as is allowed, and no more', async () => {
    const waiting: ServerResponse[] = []
    let most = 0
    await using server = await serve((_, response, nth) => {
      if (nth === 1) return void response.end()
      waiting.push(response)
      most = Math.max(most, waiting.length)
    })
    await using host = await openHost(server.url, { concurrency: 4 })
    const all = Promise.all(Array.from({ length: 21 }, () => host.send(get(server.url))))
    for (let left = 20; left > 0;) {
      await until(() => waiting.length === Math.min(4, left))
      left -= waiting.length
      for (const response of waiting.splice(0)) response.end()
    }
    expect((await all).every(({ status }) => status === 200)).toBe(true)
    expect(most).toBe(4)
  })

  it('are fewer at once after it said that they are too many', async () => {
    const waiting: ServerResponse[] = []
    let most = 0
    await using server = await serve((_, response, nth) => {
      if (nth === 1) return void response.end()
      waiting.push(response)
      most = Math.max(most, waiting.length)
    })
    await using host = await openHost(server.url, { concurrency: 8 })
    const all = Promise.all(Array.from({ length: 12 }, () => host.send(get(server.url))))
    await until(() => waiting.length === 8)
    for (const response of waiting.splice(0)) response.writeHead(429, { 'retry-after': '0' }).end()
    most = 0
    for (let left = 11; left > 0;) {
      await until(() => waiting.length >= Math.min(4, left))
      left -= waiting.length
      for (const response of waiting.splice(0)) response.end()
    }
    expect((await all).every(({ status }) => status === 200)).toBe(true)
    // one more for each round that went well
    expect(most).toBeLessThanOrEqual(6)
    expect(host.traffic()).toMatchObject({ requests: 20, retries: 8 })
  })

  it('are no more again for answers that say that it is not well', async () => {
    const waiting: ServerResponse[] = []
    await using server = await serve(({ url }, response) => {
      if (url === '/x') waiting.push(response)
      else response.writeHead(Number(url?.slice(1))).end()
    })
    await using host = await openHost(server.url, { concurrency: 2 })
    for (const status of [200, 429, 503, 503]) await host.send(get(server.url, `/${status}`))
    const all = Promise.all([host.send(get(server.url)), host.send(get(server.url))])
    await until(() => waiting.length > 0)
    // somebody else comes and goes meanwhile
    for (let others = 0; others < 3; others++)
      await ask(server.host, { method: 'GET', path: '/200' })
    expect(waiting.length).toBe(1)
    waiting.pop()?.end()
    await until(() => waiting.length > 0)
    waiting.pop()?.end()
    await all
  })

  it('that feed each other do not wait for one another, however few may be in flight', async () => {
    const bytes = Buffer.alloc(2 * 1024 * 1024, 'x')
    let arrived: Buffer | undefined
    await using server = await serve((request, response) => {
      const from = /\d+/.exec(request.headers.range ?? '')?.[0]
      if (request.url === '/limited') response.writeHead(429).end()
      else if (request.method === 'PUT') {
        void buffer(request).then(body => {
          arrived = body
          response.writeHead(201).end()
        })
      } else if (from === undefined) {
        response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy())
      } else {
        const head = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }
        response.writeHead(206, head).end(bytes.subarray(Number(from)))
      }
    })
    await using host = await openHost(server.url, { concurrency: 2 })
    const size = bytes.length
    const { body } = await host.open({ ...get(server.url), size })
    // from here on there is room for one
    expect(await host.send(get(server.url, '/limited'))).toMatchObject({ status: 429 })
    const put = { ...get(server.url), method: 'PUT', body: { stream: body as Readable, size } }
    expect(await host.send(put as HostRequest)).toMatchObject({ status: 201 })
    expect(arrived?.equals(bytes)).toBe(true)
  })
})

describe('a host that wants to be left alone', () => {
  /** Answers the second request with 429, and notes when the others come. */
  const limiting = (retryAfter: string, arrivals: number[]): Answering => {
    return (_, response, nth) => {
      arrivals.push(performance.now())
      if (nth === 2) response.writeHead(429, { 'retry-after': retryAfter })
      response.end()
    }
  }

  it('is not asked anything until then, by those that waited already either', async () => {
    const arrivals: number[] = []
    const date = 'Sun, 01 Mar 2026 00:00:01 GMT'
    await using server = await serve(limiting(date, arrivals))
    await using host = await openHost(server.url, {
      concurrency: 1,
      wallClock: () => Date.parse(date) - 200,
    })
    await host.send(get(server.url))
    const replies = await Promise.all(Array.from({ length: 4 }, () => host.send(get(server.url))))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const [, limited = 0, ...later] = arrivals
    expect(later.length).toBe(4)
    expect(Math.min(...later) - limited).toBeGreaterThanOrEqual(199)
    const { retries, waitedMs } = host.traffic()
    expect(retries).toBe(1)
    expect(waitedMs).toBeGreaterThanOrEqual(400)
  })

  it('is waited for up to half a minute, and until it is over', async () => {
    let clock = 0
    await using server = await serve(limiting('30', []))
    await using host = await openHost(server.url, { now: () => clock })
    await host.send(get(server.url))
    const stop = new AbortController()
    const limited = host.send(get(server.url), { signal: stop.signal })
    await until(() => server.requests.length === 2)
    const waits = host.send(get(server.url), { signal: stop.signal })
    stop.abort()
    await expect(limited).rejects.toMatchObject({ name: 'AbortError' })
    await expect(waits).rejects.toMatchObject({ name: 'AbortError' })
    expect(server.requests.length).toBe(2)
    clock = 30_000
    expect(await host.send(get(server.url))).toMatchObject({ status: 200 })
  })

  it('for longer is not asked at all, not even by those that wait their turn', async () => {
    let clock = 0
    await using server = await serve(limiting('31', []))
    await using host = await openHost(server.url, { concurrency: 1, now: () => clock })
    await host.send(get(server.url))
    const replies = await Promise.all(Array.from({ length: 5 }, () => host.send(get(server.url))))
    expect(replies.map(({ status, repeated }) => [status, repeated ?? false])).toEqual([
      [429, false],
      ...Array.from({ length: 4 }, () => [429, true]),
    ])
    expect(server.requests.length).toBe(2)
    clock = 30_999
    expect(await host.send(get(server.url))).toMatchObject({ status: 429 })
    clock = 31_000
    expect(await host.send(get(server.url))).toMatchObject({ status: 200 })
    expect(server.requests.length).toBe(3)
  })
})

describe('a host that is down', () => {
  const dead: Answering = ({ socket }) => socket.destroy()

  it('is asked four times, and then once for each request until it is back', async () => {
    let isDown = true
    await using server = await serve((request, response, nth) =>
      isDown ? dead(request, response, nth) : void response.end(),
    )
    await using host = await openHost(server.url)
    const counts: number[] = []
    for (let request = 0; request < 3; request++) {
      await expect(host.send(get(server.url))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
      counts.push(server.requests.length)
    }
    expect(counts).toEqual([4, 5, 6])
    isDown = false
    await host.send(get(server.url))
    isDown = true
    await expect(host.send(get(server.url))).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    expect(server.requests.length).toBe(6 + 1 + 4)
  })

  it('is asked once for many that come together', async () => {
    await using server = await serve(dead)
    await using host = await openHost(server.url)
    const all = await Promise.allSettled(
      Array.from({ length: 50 }, () => host.send(get(server.url))),
    )
    expect(all.every(({ status }) => status === 'rejected')).toBe(true)
    expect(server.requests.length).toBe(4)
  })

  it.each([
    ['a request that may not be sent twice fails', { method: 'PATCH', once: true } as const],
    ['a limit lasts longer than our patience', {}],
  ])('is not what it is when %s', async (_, more) => {
    let failures = 0
    await using server = await serve((request, response, nth) => {
      if (request.method === 'PATCH') return dead(request, response, nth)
      if (request.url === '/limited') return void response.writeHead(429).end()
      if (request.url === '/shaky' && failures++ === 0) return dead(request, response, nth)
      return void response.end()
    })
    await using host = await openHost(server.url)
    await host.send(get(server.url))
    const body = Buffer.from('piece')
    await host.send({ ...get(server.url, '/limited'), body, ...more }).catch(() => undefined)
    // what fails after that has its retries
    expect(await host.send(get(server.url, '/shaky'))).toMatchObject({ status: 200 })
  })
})

describe('the count of a host', () => {
  it('has every request, those that were sent again, and no wait where there was none', async () => {
    await using server = await serve((_, response, nth) =>
      response.writeHead(nth === 2 ? 503 : 200).end(),
    )
    await using host = await openHost(server.url, { random: () => -1 })
    for (let request = 0; request < 3; request++) await host.send(get(server.url))
    expect(host.traffic()).toEqual({
      host: server.host,
      requests: 4,
      retries: 1,
      waitedMs: 0,
    })
  })

  it('has the waits before what was sent again', async () => {
    await using server = await serve((_, response, nth) =>
      response.writeHead(nth === 1 ? 503 : 200).end(),
    )
    // 250 ms, times a half and half of this
    await using host = await openHost(server.url, { random: () => -0.8 })
    await host.send(get(server.url))
    expect(host.traffic()).toMatchObject({ requests: 2, retries: 1, waitedMs: 25 })
  })
})
