/** A server of a few lines, and our client on it. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Patience } from '../../src/http/connections.ts'
import type { Host, HostInit } from '../../src/http/host.ts'
import { openHttp } from '../../src/http/open.ts'
import type { Traffic } from '../../src/util/traffic.ts'

export interface Served extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string
  readonly url: string
  /** Every request, in the order of arrival. */
  readonly requests: readonly http.IncomingMessage[]
}

/** `nth` counts requests from 1. */
export type Answering = (
  request: http.IncomingMessage,
  response: http.ServerResponse,
  nth: number,
) => void

export async function serve(answer: Answering, server = http.createServer()): Promise<Served> {
  const requests: http.IncomingMessage[] = []
  // also what an upgrade has taken out of the server's own hands
  const sockets = new Set<Socket>()
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response) => {
    requests.push(request)
    answer(request, response, requests.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    url: `http://${host}`,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

export interface HostOptions extends Partial<HostInit> {
  readonly now?: () => number
  readonly wallClock?: () => number
  /** -1: retries do not wait at all. */
  readonly random?: () => number
  readonly patience?: Patience
  readonly env?: Readonly<Record<string, string>>
}

export interface OpenedHost extends AsyncDisposable, Host {
  traffic(): Traffic
}

/** The host at `url`, with a client of its own. */
export async function openHost(url: string, options: HostOptions = {}): Promise<OpenedHost> {
  const {
    now = () => performance.now(),
    wallClock = () => Date.now(),
    random = () => -1,
    patience,
    env = {},
    ...settings
  } = options
  const client = await openHttp({
    userAgent: 'waybill-test',
    now,
    wallClock,
    random,
    env,
    ...(patience && { patience }),
  })
  const origin = new URL(url)
  const host = client.host({
    name: origin.host,
    origin,
    concurrency: 8,
    credential: () => Promise.resolve(undefined),
    ...settings,
  })
  return {
    ...host,
    traffic: () => client.traffic()[0]!,
    [Symbol.asyncDispose]: () => client.close(),
  }
}

/** Resolves when `isSo`, at the latest by the test's own time-out. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve))
}
