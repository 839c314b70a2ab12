/** One request with its retries, at the pace that its host bears. */
import { WaybillError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { pause } from '../util/pause.ts'
import { AddressRefused } from './addresses.ts'
import { strayed } from './connections.ts'
import type { Request } from './dispatch.ts'
import type { Repeats } from './repeats.ts'
import { isPassing, retryAfterMs, retryDelayMs, unreachable } from './retry.ts'
import type { Throttle } from './throttle.ts'
import type { Counters } from './traffic.ts'
import type { AnyReply, Reply } from './types.ts'

export type Run<R extends AnyReply> = (request: Request) => Promise<R>

export interface ExchangeInit {
  readonly name: string
  readonly wallClock: () => number
  readonly random: () => number
  readonly pace: ((call?: Call) => Promise<void>) | undefined
  readonly throttle: Throttle
  readonly repeats: Repeats
  readonly counters: Counters
  readonly attempts?: number | undefined
}

/** Statuses are the caller's to judge; a connection that stays broken throws. */
export type Exchange = <R extends AnyReply>(request: Request, run: Run<R>) => Promise<R | Reply>

const ENOUGH = 3

export function createExchange(init: ExchangeInit): Exchange {
  const { repeats, throttle, counters } = init
  /** Where the last request was given up: each is asked once there, until one is answered well. */
  const down = new Set<string>()
  /** How many requests were answered well so far. */
  let answered = 0
  /** How many were given up one after the other, because they were limited. */
  let limited = 0

  async function wait(ms: number, { signal }: Request): Promise<void> {
    await pause(ms, { signal })
    counters.waitedMs += ms
    counters.retries += 1
  }

  /** Waits until neither the host nor we hold requests back. */
  async function turn(call: Call): Promise<void> {
    for (let heldMs = Infinity; heldMs > 0;) {
      await init.pace?.(call)
      heldMs = await repeats.quiet(call)
      counters.waitedMs += heldMs
    }
  }

  async function attempt<R extends AnyReply>(request: Request, run: Run<R>): Promise<R | Reply> {
    const { signal } = request
    // what streams a body has a permit of its own, and must not wait for what feeds it
    const pass = isReplayable(request) ? await throttle.enter({ signal }) : undefined
    try {
      await turn({ signal })
      const limit = repeats.limit()
      if (limit) return limit
      const reply = await run(request)
      if (pass && reply.status === 429) throttle.tooMuch(pass)
      else if (!isPassing(reply.status)) throttle.well()
      return reply
    } finally {
      if (pass) throttle.leave()
    }
  }

  /** The error itself, where trying again is no use. */
  function judged(error: unknown, request: Request): unknown {
    if (error instanceof AddressRefused) return strayed(init.name, request.url.host)
    return error instanceof WaybillError || request.signal?.aborted ? error : undefined
  }

  /** A host that limits us is there; one that does nothing else is left alone for a while. */
  function giveIn(reply: AnyReply, nothingElse: boolean): void {
    limited = nothingElse ? limited + 1 : 0
    if (limited < ENOUGH || !Buffer.isBuffer(reply.body)) return
    limited = 0
    repeats.stopped({ ...reply, body: reply.body })
  }

  return async (request, run) => {
    const { origin } = request.url
    const repeatable = isReplayable(request) && request.once !== true
    const before = answered
    for (let made = down.has(origin) ? Infinity : 1; ; made += 1) {
      let reply
      try {
        reply = await attempt(request, run)
      } catch (error) {
        const final = judged(error, request)
        if (final !== undefined) throw final
        const delay = repeatable ? retryDelayMs(made, {}, init) : undefined
        if (delay !== undefined) {
          await wait(delay, request)
          continue
        }
        if (repeatable) down.add(origin)
        throw unreachable(request.url.host, error)
      }
      if (!isPassing(reply.status)) {
        down.delete(origin)
        answered += 1
        return reply
      }
      if (reply.repeated) return reply
      if (reply.status === 429) noteLimit(repeats, reply, init.wallClock())
      const delay = mayRepeat(request, reply) ? retryDelayMs(made, reply.headers, init) : undefined
      if (delay === undefined) {
        if (reply.status === 429) giveIn(reply, answered === before)
        else if (repeatable) down.add(origin)
        return reply
      }
      await wait(delay, request)
    }
  }
}

/** What a host asks of one request, it asks of all. */
function noteLimit(repeats: Repeats, reply: AnyReply, now: number): void {
  const asked = retryAfterMs(reply.headers, now)
  if (asked !== undefined && Buffer.isBuffer(reply.body)) {
    repeats.limited({ ...reply, body: reply.body }, asked)
  }
}

export function isReplayable({ body }: Pick<Request, 'body'>): boolean {
  return body === undefined || Buffer.isBuffer(body)
}

/** 429 says that nothing was done, which makes it safe to ask again whatever it was. */
function mayRepeat(request: Request, { status }: AnyReply): boolean {
  return isReplayable(request) && (request.once !== true || status === 429)
}
