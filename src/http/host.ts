/**
 * One registry as everything else sees it: authorization on its own origin, answers to challenges,
 * redirects, and no request that is known to be refused.
 */
import { StoreError } from '../errors.ts'
import type { Credential } from '../credentials/secret.ts'
import type { Call } from '../util/call.ts'
import { pause } from '../util/pause.ts'
import { createAuthorizer, type Scope } from './auth.ts'
import { createExchange, isReplayable, type Run } from './exchange.ts'
import { withoutEcho } from './echo.ts'
import { createFeed, type Feed } from './feed.ts'
import { createGate } from './gate.ts'
import { createPace } from './pace.ts'
import { createPulls, type Pulls } from './pulls.ts'
import { createRepeats } from './repeats.ts'
import { isPassing, MOST_MS, retryDelayMs } from './retry.ts'
import { createThrottle } from './throttle.ts'
import type { Counters } from './traffic.ts'
import type { Leader } from './connections.ts'
import type { Request } from './dispatch.ts'
import {
  headerOf,
  type AnyReply,
  type Body,
  type Method,
  type Reply,
  type StreamReply,
} from './types.ts'

export interface HostInit extends Leader {
  readonly requestsPerSecond?: number | undefined
  /** How many pulls are to be left for others. */
  readonly pullBudget?: number | undefined
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
  /** How often a request is sent at most; a host on this machine has no bad moments to wait out. */
  readonly attempts?: number | undefined
}

export interface HostRequest {
  readonly method: Method
  /** On the host, or where an earlier answer sent us. */
  readonly url: URL
  readonly scopes: readonly Scope[]
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
  /** Most bytes of body to accept into memory; for `open`, of one that is no success. */
  readonly cap?: number
  /** Counts as a pull where pulls are counted. */
  readonly pull?: boolean
  /** Not to be sent anew where it may have been carried out. */
  readonly once?: boolean
  /** Has much to do before it is answered. */
  readonly slow?: boolean
}

export interface Host {
  readonly origin: URL
  send(request: HostRequest, call?: Call): Promise<Reply>
  /**
   * The answer as soon as its head is there. A body that breaks off before `size` bytes is gone on
   * with by Range (RFC 9110, section 14), as long as that gets anywhere; without `size` it fails.
   */
  open(request: HostRequest & { readonly size?: number }, call?: Call): Promise<Reply | StreamReply>
}

/** How a request is put on the wire. */
export interface Wire {
  send(request: Request, cap: number): Promise<Reply>
  open(request: Request, cap: number, feed: Feed): Promise<Reply | StreamReply>
}

export interface HostContext {
  readonly wire: Wire
  readonly counters: Counters
  readonly silenceMs: number
  readonly now: () => number
  readonly wallClock: () => number
  readonly random: () => number
}

const ERROR_CAP = 64 * 1024
const TOKEN_CAP = 128 * 1024
const MOST_HOPS = 5
/** A download that got this far since it last broke off is getting somewhere. */
const PROGRESS_BYTES = 1024 * 1024

export function createHost(
  settings: HostInit,
  context: HostContext,
): Host & { readonly pulls: Pulls } {
  const { wire, counters, silenceMs, now } = context
  const { name, origin, concurrency, requestsPerSecond } = settings
  const pulls = createPulls(name, settings.pullBudget)
  const repeats = createRepeats(now, MOST_MS)
  const pace = requestsPerSecond === undefined ? undefined : createPace(requestsPerSecond, now)
  const exchange = createExchange({
    ...context,
    name,
    pace,
    throttle: createThrottle(concurrency),
    repeats,
    attempts: settings.attempts,
  })
  const gate = createGate()
  const authorizer = createAuthorizer({
    origin,
    name,
    trusts: settings.trusts ?? [],
    credential: settings.credential,
    now,
    wallClock: context.wallClock,
    fetchToken: ({ url, headers, form, signal }) =>
      exchange(
        {
          method: form ? 'POST' : 'GET',
          url,
          headers: {
            ...headers,
            ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
          },
          ...(form && { body: Buffer.from(form.toString()) }),
          signal,
          silenceMs,
        },
        request => wire.send(request, TOKEN_CAP),
      ),
  })

  /** Adds authorization on the host's own origin, answers challenges, follows redirects. */
  async function authorized<R extends AnyReply>(
    request: HostRequest,
    run: Run<R>,
    { signal }: Call,
  ): Promise<R | Reply> {
    const { method, body, once, slow } = request
    let { url } = request
    let challenges = 0
    for (let hops = 0; ;) {
      const own = url.origin === origin.origin
      const authorization = own ? await authorizer.authorization(request.scopes, signal) : undefined
      const headers = { ...request.headers, ...(authorization !== undefined && { authorization }) }
      const sent = { method, url, headers, body, signal, once, slow, silenceMs }
      const reply = await exchange(sent, run)
      if (own) pulls.saw(reply.headers)
      if (reply.status === 401 && own && challenges++ < 2) {
        const challenge = headerOf(reply.headers, 'www-authenticate') ?? ''
        if (authorizer.challenged(challenge, authorization)) {
          if (isReplayable(request)) continue
          throw outdated(name)
        }
      }
      if (own) note(request, reply)
      if (!isRedirect(reply.status, method)) return unechoed(reply, authorization)
      if (++hops > MOST_HOPS) throw misled(name, `redirects more than ${MOST_HOPS} times`)
      url = nextUrl(name, url, headerOf(reply.headers, 'location'))
    }
  }

  function note(request: HostRequest, { body, ...answer }: AnyReply): void {
    if (isRefusal(answer) && Buffer.isBuffer(body)) repeats.refused(request, { ...answer, body })
    else if (!isPassing(answer.status)) repeats.allowed(request)
  }

  async function counted<R extends AnyReply>(
    request: HostRequest,
    run: Run<R>,
    call: Call,
  ): Promise<R | Reply> {
    return gate<R | Reply>(async () => {
      const known = repeats.limit() ?? repeats.known(request)
      if (known) return known
      const ask = () => authorized(request, run, call)
      return request.pull === true ? pulls.pull(ask) : ask()
    })
  }

  /** Goes on with a body that broke off, until it is whole or gets nowhere any more. */
  function resuming(
    request: HostRequest,
    run: (feed: Feed) => Run<Reply | StreamReply>,
    call: Call,
  ) {
    let failures = 0
    let reached = 0
    return async (feed: Feed, error: StoreError): Promise<void> => {
      failures = feed.received - reached >= PROGRESS_BYTES ? 1 : failures + 1
      reached = feed.received
      const delay = retryDelayMs(failures, {}, context)
      if (delay === undefined) return feed.fail(error)
      const signal = call.signal ? AbortSignal.any([call.signal, feed.unwanted]) : feed.unwanted
      try {
        await pause(delay, { signal })
        counters.waitedMs += delay
        counters.retries += 1
        const range = `bytes=${feed.received}-`
        const headers = { ...request.headers, range }
        const reply = await authorized({ ...request, headers }, run(feed), { signal })
        if (Buffer.isBuffer(reply.body)) feed.fail(notContinued(name, reply, feed.received))
      } catch (failure) {
        feed.fail(failure)
      }
    }
  }

  return {
    origin,
    pulls,
    send: (request, call = {}) =>
      counted(request, sent => wire.send(sent, request.cap ?? ERROR_CAP), call),
    open(request, call = {}) {
      const cap = request.cap ?? ERROR_CAP
      const run = (feed: Feed) => (sent: Request) => wire.open(sent, cap, feed)
      const { size } = request
      const resume = resuming(request, run, call)
      const feed = createFeed({
        size: size ?? 0,
        broke: error => (size === undefined ? feed.fail(error) : void resume(feed, error)),
      })
      return counted(request, run(feed), call)
    },
  }
}

function unechoed<R extends AnyReply>(reply: R | Reply, authorization: string | undefined) {
  const { body, status } = reply
  if (authorization === undefined || status < 400 || !Buffer.isBuffer(body)) return reply
  return { ...reply, body: withoutEcho(body, authorization) }
}

/** Of a stream that cannot be sent again by us; whoever has its source begins anew. */
function outdated(name: string): StoreError {
  return new StoreError(
    'STORE_UNREACHABLE',
    `${name} asked for another token when a body was under way to it`,
    { facts: { host: name } },
  )
}

function notContinued(name: string, { status }: AnyReply, at: number): StoreError {
  return new StoreError(
    'STORE_UNREACHABLE',
    `${name} answered ${status} when a download was to go on at byte ${at}`,
    { facts: { host: name, status } },
  )
}

function isRefusal({ status }: Pick<AnyReply, 'status'>): boolean {
  return status === 401 || status === 403
}

function isRedirect(status: number, method: Method): boolean {
  return (method === 'GET' || method === 'HEAD') && [301, 302, 303, 307, 308].includes(status)
}

function nextUrl(name: string, from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw misled(name, 'redirects without a readable Location')
  }
  const url = new URL(location, from)
  const downgrade = from.protocol === 'https:' && url.protocol !== 'https:'
  if (downgrade || !/^https?:$/.test(url.protocol)) {
    throw misled(name, `redirects from ${from.protocol}// to ${url.protocol}//`)
  }
  return url
}

function misled(name: string, what: string): StoreError {
  return new StoreError('STORE_PROTOCOL', `${name} ${what}`)
}
