/** Between `node:http` and the handlers: the log, the guard, the faults, and sending answers. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { once } from 'node:events'
import { failure, sizeOf, type Answer, type Asked } from './answer.ts'
import type { Guard } from './auth.ts'
import { instead, spoil, type ChooseFault, type Delivery, type Fault } from './faults.ts'
import { routeOf } from './routes.ts'

export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** `authorization` is its scheme alone, unless the fake was asked to show it. */
  readonly headers: IncomingMessage['headers']
  /** 0 where there was no answer (yet). */
  readonly status: number
  /** Bytes of the request's body that arrived, and of the answer's that were sent. */
  readonly received: number
  readonly sent: number
}

export interface ServingInit {
  readonly guard: Guard
  readonly fault: ChooseFault | undefined
  readonly showAuthorization: boolean
  readonly handle: (asked: Asked) => Promise<Answer>
}

export interface Serving {
  readonly listener: RequestListener
  readonly log: LoggedRequest[]
  inject(fault: ChooseFault | undefined): void
}

type Entry = { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] }

/** The connection is gone, by a fault's wish or the client's: there is nobody left to answer. */
class Gone extends Error {}

export function createServing({ guard, fault, showAuthorization, handle }: ServingInit): Serving {
  const log: Entry[] = []
  let choose = fault
  let seen = new Map<string, number>()

  function pick(asked: Asked): Fault | undefined {
    const kind = `${asked.method} ${asked.route.kind}`
    const nth = (seen.get(kind) ?? 0) + 1
    seen.set(kind, nth)
    return choose?.({ ...asked, nth })
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = entryOf(request, showAuthorization)
    const chosen: { fault: Fault | undefined } = { fault: undefined }
    const asked = askedOf(request, entry, chosen)
    const token = asked.route.kind === 'token'
    if (!token) log.push(entry)
    const refusal = token ? undefined : guard.refusal(asked)
    if (refusal) return deliver(response, entry, spoil(undefined, refusal))

    const found = pick(asked)
    chosen.fault = found
    if (found?.kind === 'delay-until') await found.promise
    if (found?.kind === 'reset' && found.afterRequestBytes === undefined) throw new Gone()
    if (found?.kind === 'forget-tokens') {
      guard.revoke()
      const forgotten = guard.refusal(asked) ?? failure(401, 'UNAUTHORIZED', 'access denied')
      return deliver(response, entry, spoil(undefined, forgotten))
    }
    if (found?.kind === 'stall' && found.after === undefined) return
    const good = instead(found) ?? (await (token ? guard.token(asked) : handle(asked)))
    if (found?.kind === 'lose-answer' || found?.kind === 'reset') throw new Gone()
    await deliver(response, entry, spoil(found, good))
  }

  return {
    log,
    inject(next) {
      choose = next
      seen = new Map()
    },
    listener(request, response) {
      const { socket } = request
      serve(request, response).catch((error: unknown) => {
        socket.resetAndDestroy()
        // anything else is a bug of the fake, and should not look like one of what is tested
        if (!(error instanceof Gone))
          setImmediate(() => {
            throw error
          })
      })
    },
  }
}

function entryOf({ method = '', url = '', headers }: IncomingMessage, shown: boolean): Entry {
  const { pathname, searchParams } = new URL(url, 'http://fake')
  const { authorization } = headers
  const scheme = authorization?.split(' ')[0]
  return {
    method,
    path: pathname,
    query: searchParams,
    headers: shown || scheme === undefined ? headers : { ...headers, authorization: scheme },
    status: 0,
    received: 0,
    sent: 0,
  }
}

function askedOf(
  request: IncomingMessage,
  entry: Entry,
  chosen: { fault: Fault | undefined },
): Asked {
  const { method, path, query } = entry
  return {
    method,
    path,
    query,
    headers: request.headers,
    route: routeOf(path),
    origin: `http://${request.headers.host}`,
    body: bodyOf(request, entry, chosen),
  }
}

async function* bodyOf(
  request: IncomingMessage,
  entry: Entry,
  chosen: { readonly fault: Fault | undefined },
): AsyncGenerator<Buffer> {
  const { fault } = chosen
  const most = fault?.kind === 'reset' ? (fault.afterRequestBytes ?? 0) : Infinity
  try {
    const chunks: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false })
    for await (const chunk of chunks) {
      const room = most - entry.received
      entry.received += chunk.length
      yield chunk.subarray(0, Math.min(chunk.length, Math.max(0, room)))
      if (entry.received >= most) throw new Gone()
    }
  } catch (error) {
    if (error instanceof Gone || request.errored || request.destroyed) throw new Gone()
    throw error
  }
}

async function deliver(response: ServerResponse, entry: Entry, delivery: Delivery): Promise<void> {
  const { answer, end, bytes } = delivery
  const { body } = answer
  const size = sizeOf(body)
  const empty = answer.status === 204
  entry.status = answer.status
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(Number.isFinite(size) && !empty && { 'content-length': size }),
  })
  if (end !== 'whole') response.flushHeaders()
  if (entry.method !== 'HEAD' && !empty) {
    await sendBody(response, entry, Buffer.isBuffer(body) ? [body] : body.open(), bytes)
  }
  if (end === 'whole') response.end()
  // what was written should still arrive, so this is no reset
  if (end === 'cut') response.socket?.end()
}

async function sendBody(
  response: ServerResponse,
  entry: Entry,
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  most: number,
): Promise<void> {
  for await (const chunk of chunks) {
    const piece = chunk.subarray(0, Math.min(chunk.length, most - entry.sent))
    if (response.destroyed) throw new Gone()
    entry.sent += piece.length
    if (piece.length > 0 && !response.write(piece)) await drained(response)
    if (entry.sent >= most) return
  }
}

async function drained(response: ServerResponse): Promise<void> {
  const gone = new AbortController()
  const closed = once(response, 'close', { signal: gone.signal }).then(() => {
    throw new Gone()
  })
  try {
    await Promise.race([once(response, 'drain', { signal: gone.signal }), closed])
  } finally {
    gone.abort()
    closed.catch(() => undefined)
  }
}
