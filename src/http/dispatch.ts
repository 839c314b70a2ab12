/**
 * One request on one connection pool: nothing is followed, retried or authorized here.
 *
 * Works on undici's dispatch level: HEADs by the hundred are what a no-op run is made of, and each
 * layer above costs as much as the request itself.
 */
import { Readable } from 'node:stream'
import type { Dispatcher, Pool } from 'undici'
import { StoreError, toError, WaybillError } from '../errors.ts'
import { unreachable } from './retry.ts'
import type { Body, Method, Reply, StreamReply } from './types.ts'

export interface Request {
  readonly method: Method
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Body | undefined
  readonly signal?: AbortSignal | undefined
}

const STORING_MS = 10 * 60_000

type Answer = Omit<Reply, 'body'>
type Controller = Dispatcher.DispatchController

/** What becomes of the answer: `start` sees its head, and gives the sink for its bytes. */
interface Sink {
  data(chunk: Buffer, controller: Controller): void
  end(): void
  fail(error: Error): void
}

/** The answer with its body, read up to `cap` bytes. */
export function send(pool: Pool, request: Request, cap: number): Promise<Reply> {
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
 * success has its body read up to `cap` bytes, like `send`.
 */
export function open(pool: Pool, request: Request, cap: number): Promise<Reply | StreamReply> {
  return new Promise((resolve, reject) => {
    dispatch(pool, request, reject, (answer, controller) => {
      if (answer.status >= 300) return collect(request.url, answer, cap, resolve, reject)
      let ended = false
      const body = new Readable({
        highWaterMark: 256 * 1024,
        read() {
          if (controller.paused) controller.resume()
        },
        destroy(error, done) {
          if (!ended) controller.abort(error ?? new Error('body not wanted any more'))
          done(error)
        },
      })
      resolve({ ...answer, body })
      return {
        data(chunk) {
          if (!body.push(chunk)) controller.pause()
        },
        end() {
          ended = true
          body.push(null)
        },
        fail(error) {
          ended = true
          const ours = error instanceof WaybillError || request.signal?.aborted === true
          body.destroy(ours ? error : unreachable(request.url.host, error))
        },
      }
    })
  })
}

function dispatch(
  pool: Pool,
  { method, url, headers, body, signal }: Request,
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
  const settled = () => signal?.removeEventListener('abort', abort)
  signal?.addEventListener('abort', abort, { once: true })

  pool.dispatch(
    {
      method,
      path: url.pathname + url.search,
      headers: bodyHeaders(headers, body),
      body: body === undefined || Buffer.isBuffer(body) ? (body ?? null) : body.stream,
      // undici closes the connection after a HEAD unless told that it is not to
      reset: false,
      // what keeps a blob may take its time before it says so
      ...(body !== undefined && !Buffer.isBuffer(body) && { headersTimeout: STORING_MS }),
    },
    {
      onRequestStart(controller) {
        running = controller
        if (signal?.aborted) controller.abort(toError(signal.reason))
      },
      onResponseStart(controller, status, answered) {
        // 1xx heads are not the answer
        if (status < 200) return
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

function bodyHeaders(
  headers: Readonly<Record<string, string>>,
  body: Body | undefined,
): Record<string, string> {
  if (body === undefined || Buffer.isBuffer(body)) return { ...headers }
  return { ...headers, 'content-length': String(body.size) }
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
