/**
 * One request on one connection pool: nothing is followed, retried or authorized here.
 *
 * Works on undici's dispatch level: HEADs by the hundred are what a no-op run is made of, and each
 * layer above costs as much as the request itself.
 */
import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { StoreError, toError } from '../errors.ts'
import { continues, type Answer, type Controller, type Feed, type Sink } from './feed.ts'
import { headerOf, type Body, type Method, type Reply, type StreamReply } from './types.ts'

export interface Request {
  readonly method: Method
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Body | undefined
  readonly signal?: AbortSignal | undefined
  /** Sent anew only where the answer says that it was not carried out. */
  readonly once?: boolean | undefined
  /** Has much to do before it is answered. */
  readonly slow?: boolean | undefined
  /** How long the other side may take nothing of a streaming body. */
  readonly silenceMs: number
}

/** What has much to do, such as keeping a blob, may take so many times as long as others to say so. */
const STORING = 10

/** The answer with its body, read up to `cap` bytes. */
export function send(pool: Dispatcher, request: Request, cap: number): Promise<Reply> {
  return new Promise((resolve, reject) => {
    dispatch(pool, request, reject, answer => collect(request.url, answer, cap, resolve, reject))
  })
}

function collect(
  url: URL,
  answer: Answer,
  cap: number,
  resolve: (reply: Reply) => void,
  reject: (error: Error) => void,
): Sink {
  const chunks: Buffer[] = []
  let size = 0
  return {
    data(chunk, controller) {
      size += chunk.length
      if (size <= cap) chunks.push(chunk)
      else controller.abort(tooLarge(url, cap))
    },
    end: () => resolve({ ...answer, body: joined(chunks) }),
    fail: reject,
  }
}

/**
 * The answer as soon as its head is there; the body follows as it is read. An answer that is no
 * success has its body read up to `cap` bytes, like `send`; one that does not go on where `feed` is
 * is refused.
 */
export function open(
  pool: Dispatcher,
  request: Request,
  cap: number,
  feed: Feed,
): Promise<Reply | StreamReply> {
  return new Promise((resolve, reject) => {
    dispatch(pool, request, reject, (answer, controller) => {
      if (answer.status >= 300) return collect(request.url, answer, cap, resolve, reject)
      if (!continues(answer, feed.received)) {
        controller.abort(elsewhere(request.url, answer, feed.received))
        return { data() {}, end() {}, fail: reject }
      }
      resolve({ ...answer, body: feed.body })
      return feed.take(answer, controller)
    })
  })
}

function dispatch(
  pool: Dispatcher,
  { method, url, headers, body, signal, slow = false, silenceMs }: Request,
  reject: (reason: unknown) => void,
  start: (answer: Answer, controller: Controller) => Sink,
): void {
  if (signal?.aborted) return reject(signal.reason)
  let sink: Sink | undefined
  let running: Controller | undefined
  const abort = () => {
    if (running) running.abort(toError(signal?.reason))
    else reject(signal?.reason)
  }
  signal?.addEventListener('abort', abort, { once: true })
  const stream = streamOf(body)
  const unwatch = stream && watchForStall(stream, silenceMs, error => running?.abort(error))
  const settled = () => {
    signal?.removeEventListener('abort', abort)
    unwatch?.()
  }

  let interim = 0
  pool.dispatch(
    {
      method,
      origin: url.origin,
      path: url.pathname + url.search,
      headers: bodyHeaders(headers, body),
      body: stream ?? (Buffer.isBuffer(body) ? body : null),
      // undici closes the connection after a HEAD unless told that it is not to
      reset: false,
      ...((stream || slow) && { headersTimeout: STORING * silenceMs }),
    },
    {
      onRequestStart(controller) {
        running = controller
        if (signal?.aborted) controller.abort(toError(signal.reason))
      },
      onResponseStart(controller, status, answered) {
        // 1xx heads are not the answer, and each begins undici's patience anew
        if (status < 200) {
          interim += 1
          if (interim > MOST_INTERIM) controller.abort(neverAnswers(url))
          return
        }
        sink = start({ status, headers: answered, url }, controller)
      },
      onResponseData(controller, chunk) {
        sink?.data(chunk, controller)
      },
      onResponseEnd() {
        settled()
        sink?.end()
      },
      onResponseError(_controller, error) {
        settled()
        if (sink) sink.fail(error)
        else reject(error)
      },
    },
  )
}

/** A 100 and some 103 are what servers have reason to send (RFC 9110, section 15.2; RFC 8297). */
const MOST_INTERIM = 16

function neverAnswers({ host }: URL): StoreError {
  return new StoreError('STORE_PROTOCOL', `${host} sends one interim answer after another`)
}

function bodyHeaders(
  headers: Readonly<Record<string, string>>,
  body: Body | undefined,
): Record<string, string> {
  if (body === undefined) return { ...headers }
  const size = Buffer.isBuffer(body) ? body.length : body.size
  return { ...headers, ...(size !== undefined && { 'content-length': String(size) }) }
}

/** More than this at once could not be seen to make no progress. */
const SLICE_BYTES = 256 * 1024

function streamOf(body: Body | undefined): Readable | undefined {
  if (!Buffer.isBuffer(body)) return body?.stream
  if (body.length <= 4 * SLICE_BYTES) return undefined
  const starts = Array.from({ length: Math.ceil(body.length / SLICE_BYTES) }, (_, at) => at)
  const slices = starts.map(at => body.subarray(at * SLICE_BYTES, (at + 1) * SLICE_BYTES))
  return Readable.from(slices, { objectMode: false })
}

/** undici pauses a body while the other side takes nothing, and has no limit for how long. */
function watchForStall(
  stream: Readable,
  silenceMs: number,
  stalled: (error: Error) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  const start = () => {
    stop()
    timer = setTimeout(() => stalled(new Stalled()), silenceMs)
  }
  stream.on('pause', start).on('resume', stop)
  return () => {
    stop()
    stream.off('pause', start).off('resume', stop)
  }
}

class Stalled extends Error {
  readonly code = 'UPLOAD_STALLED'
}

function elsewhere({ host }: URL, { headers }: Answer, offset: number): StoreError {
  const range = headerOf(headers, 'content-range') ?? 'a part of its own choice'
  return new StoreError(
    'STORE_PROTOCOL',
    `${host} sent "${range}" when it was asked for the bytes from ${offset} on`,
  )
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks
  return chunks.length === 1 && only ? only : Buffer.concat(chunks)
}

function tooLarge(url: URL, cap: number): StoreError {
  return new StoreError(
    'STORE_PROTOCOL',
    `${url.host} answered more than ${cap} bytes to ${url.pathname}`,
  )
}
