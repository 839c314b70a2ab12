import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { StoreError, toError, WaybillError } from '../errors.ts'
import { unreachable } from './retry.ts'
import { headerOf, type Reply } from './types.ts'

export type Answer = Omit<Reply, 'body'>
export type Controller = Dispatcher.DispatchController

/** What becomes of an answer's bytes. */
export interface Sink {
  data(chunk: Buffer, controller: Controller): void
  end(): void
  fail(error: Error): void
}

/** The bytes of one piece of content, over as many answers as it takes. */
export interface Feed {
  /** Must be consumed or destroyed. */
  readonly body: Readable
  readonly received: number
  /** Aborts when nobody wants the bytes any more. */
  readonly unwanted: AbortSignal
  /** The next answer to take bytes from; what it sends once more is passed over. */
  take(answer: Answer, controller: Controller): Sink
  /** Ends it all: nothing is to follow. */
  fail(error: unknown): void
}

export interface FeedInit {
  /** How many bytes there are to be. */
  readonly size: number
  /** Called when an answer broke off before that; what it does must lead to `take` or `fail`. */
  readonly broke: (error: StoreError) => void
}

const BUFFER_BYTES = 256 * 1024

export function createFeed({ size, broke }: FeedInit): Feed {
  const stop = new AbortController()
  let received = 0
  let current: Controller | undefined
  const body = new Readable({
    highWaterMark: BUFFER_BYTES,
    read() {
      if (current?.paused) current.resume()
    },
    destroy(error, done) {
      current?.abort(error ?? new Error('body not wanted any more'))
      stop.abort()
      done(error)
    },
  })

  function take(answer: Answer, controller: Controller): Sink {
    current = controller
    let skip = received - startOf(answer)
    return {
      data(chunk) {
        const fresh = skip > 0 ? chunk.subarray(skip) : chunk
        skip -= chunk.length - fresh.length
        if (fresh.length === 0) return
        received += fresh.length
        if (!body.push(fresh)) controller.pause()
      },
      end() {
        current = undefined
        if (received < size) broke(cutShort(answer.url))
        else body.push(null)
      },
      fail(error) {
        current = undefined
        if (body.destroyed) return
        if (error instanceof WaybillError || error.name === 'AbortError') body.destroy(error)
        else broke(unreachable(answer.url.host, error))
      },
    }
  }

  return {
    body,
    get received() {
      return received
    },
    unwanted: stop.signal,
    take,
    fail: error => void body.destroy(toError(error)),
  }
}

/** At which byte an answer begins (RFC 9110, section 14.4); one that ignores Range begins anew. */
function startOf({ status, headers }: Answer): number {
  const range = headerOf(headers, 'content-range') ?? ''
  return status === 206 ? Number(/^bytes (\d{1,15})-/.exec(range)?.[1] ?? Number.NaN) : 0
}

/** Whether an answer can be gone on with from byte `offset`. */
export function continues(answer: Answer, offset: number): boolean {
  return startOf(answer) <= offset
}

function cutShort({ host }: URL): StoreError {
  return new StoreError(
    'STORE_UNREACHABLE',
    `${host} cannot be reached: the answer was cut short`,
    {
      facts: { host },
    },
  )
}
