/** Hosts on a local socket, and what such servers need that registries do not. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHttp } from '../../src/http/open.ts'
import { openHost, serve, until } from '../support/http.ts'

const get = (url: string) => ({ method: 'GET' as const, url: new URL(url), scopes: [] })

describe('a host on a local socket', () => {
  let folder: string
  let servers: http.Server[]
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wb-local-'))
    servers = []
  })
  afterEach(async () => {
    for (const server of servers) server.closeAllConnections()
    for (const server of servers) await new Promise(resolve => server.close(resolve))
    await rm(folder, { recursive: true, force: true })
  })

  async function listen(name: string): Promise<string> {
    const socketPath = join(folder, name)
    const server = http.createServer((_, response) => response.end(name)).listen(socketPath)
    servers.push(server)
    await once(server, 'listening')
    return socketPath
  }

  it('is itself alone, whatever its origin, and never behind a proxy', async () => {
    const client = await openHttp({
      userAgent: 'waybill-test',
      env: { HTTP_PROXY: 'http://127.0.0.1:9' },
      now: () => performance.now(),
      wallClock: () => Date.now(),
      random: () => -1,
    })
    const origin = new URL('http://engine.example')
    const credential = () => Promise.resolve(undefined)
    try {
      for (const name of ['a.sock', 'b.sock']) {
        const socketPath = await listen(name)
        const host = client.host({ name, origin, socketPath, concurrency: 1, credential })
        const { body } = await host.send(get('http://engine.example/x'))
        expect(body.toString()).toBe(name)
      }
    } finally {
      await client.close()
    }
  })

  it('may not be there', async () => {
    const socketPath = join(folder, 'gone.sock')
    await using host = await openHost('http://localhost', { socketPath })
    await expect(host.send(get('http://localhost/'))).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining('there is no such socket'),
      facts: { network: 'ENOENT' },
    })
  })
})

it.each([
  [1, 1],
  [2, 2],
  [undefined, 4],
])('is asked as often as it is said to be: %s', async (attempts, requests) => {
  await using server = await serve((_, response) => response.writeHead(503).end())
  await using host = await openHost(server.url, { attempts })
  expect((await host.send(get(server.url))).status).toBe(503)
  expect(server.requests).toHaveLength(requests)
})

it('is sent a body of no known length in chunks', async () => {
  const heads: IncomingMessage['headers'][] = []
  await using server = await serve((request, response) => {
    heads.push(request.headers)
    request.pipe(response)
  })
  await using host = await openHost(server.url)
  const stream = Readable.from(['one ', 'two'], { objectMode: false })
  const url = new URL('/load', server.url)
  const reply = await host.open({ method: 'POST', url, scopes: [], body: { stream } })
  expect(Buffer.isBuffer(reply.body) ? '' : await text(reply.body)).toBe('one two')
  expect(heads).toEqual([expect.objectContaining({ 'transfer-encoding': 'chunked' })])
  expect(heads[0]).not.toHaveProperty('content-length')
})

it('is not gone on with where an answer of no known length breaks off', async () => {
  await using server = await serve((_, response: ServerResponse) => {
    response.write('half', () => response.destroy())
  })
  await using host = await openHost(server.url)
  const reply = await host.open(get(server.url))
  const read = Buffer.isBuffer(reply.body) ? Promise.resolve() : buffer(reply.body)
  await expect(read).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
  expect(server.requests).toHaveLength(1)
})

it('is waited for longer where it has much to do', async () => {
  const held = new Map<string, ServerResponse>()
  await using server = await serve((request, response) => {
    if (request.url === '/') response.end()
    else held.set(request.url ?? '', response)
  })
  const patience = { connectMs: 1_000, silenceMs: 500 }
  await using host = await openHost(server.url, { patience, attempts: 1 })
  await host.send(get(server.url))
  const slow = host.send({ ...get(`${server.url}/slow`), slow: true })
  await until(() => held.has('/slow'))
  await expect(host.send(get(`${server.url}/quick`))).rejects.toMatchObject({
    message: expect.stringContaining('no answer came in time'),
  })
  held.get('/slow')?.end('done')
  expect((await slow).body.toString()).toBe('done')
})
