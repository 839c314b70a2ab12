/**
 * The narrow waist: everything that speaks HTTP goes through here, so that authorization,
 * redirects, retries, caps, budgets per host and the request count exist once.
 */
import { rootCertificates } from 'node:tls'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Credential } from '../credentials/secret.ts'
import { isAbort, StoreError, toError, WaybillError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { pause } from '../util/pause.ts'
import { createAuthorizer, type Scope } from './auth.ts'
import { open, send, type Request } from './dispatch.ts'
import { createPace } from './pace.ts'
import { isPassing, retryDelayMs, unreachable } from './retry.ts'
import { headerOf, type Body, type Method, type Reply, type StreamReply } from './types.ts'

export interface HttpInit {
  readonly userAgent: string
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** Milliseconds since 1970, for what servers say of time. */
  readonly wallClock: () => number
  readonly random: () => number
  readonly patience?: Patience
}

/** How long a host may take before it counts as gone. */
export interface Patience {
  readonly connectMs: number
  /** Without a byte: before an answer's head, and between any two bytes of its body. */
  readonly silenceMs: number
}

export interface HostInit {
  /** As people call it: `docker.io`. */
  readonly name: string
  /** Where it is spoken to: `https://registry-1.docker.io`. */
  readonly origin: URL
  /**
   * PEM of the registry's own authority, the only one trusted for it. Token services and storage
   * that it sends us to may have certificates of it, or of the usual ones.
   */
  readonly ca?: string | undefined
  /** Requests in flight at once. */
  readonly concurrency: number
  readonly requestsPerSecond?: number | undefined
  readonly credential: (repository: string, signal?: AbortSignal) => Promise<Credential | undefined>
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
}

export interface Host {
  readonly origin: URL
  send(request: HostRequest, call?: Call): Promise<Reply>
  open(request: HostRequest, call?: Call): Promise<Reply | StreamReply>
}

export interface Http {
  host(init: HostInit): Host
  /** How many requests went out so far, to all hosts. */
  requests(): number
  close(): Promise<void>
}

const ERROR_CAP = 64 * 1024
const TOKEN_CAP = 128 * 1024
const MOST_HOPS = 5
const PATIENCE: Patience = { connectMs: 10_000, silenceMs: 60_000 }

type AnyReply = Reply | StreamReply
type Connections = InstanceType<typeof Pool>
/** How a request is put on a pool, and so whether its body is read or handed on. */
type Transport<R extends AnyReply> = (pool: Connections, request: Request) => Promise<R>
type Send<R extends AnyReply> = (settings: HostInit, request: Request) => Promise<R>
type Transports = <R extends AnyReply>(run: Transport<R>) => Send<R>

export function createHttp(init: HttpInit): Http {
  const { patience = PATIENCE } = init
  const pools = new Map<string, Connections>()
  let requests = 0

  /** Redirects and token services have pools too; a host's own settings reach only its origin. */
  function poolOf(url: URL, settings: HostInit): Connections {
    const own = settings.origin.origin === url.origin
    const key = own ? url.origin : `${url.origin} for ${settings.name}`
    const pool = pools.get(key) ?? openPool(url, settings, { own, patience })
    pools.set(key, pool)
    return pool
  }

  const transports: Transports = run => (settings, request) => {
    requests += 1
    const headers = { 'user-agent': init.userAgent, ...request.headers }
    return run(poolOf(request.url, settings), { ...request, headers })
  }

  return {
    host: settings => createHost(settings, init, transports),
    requests: () => requests,
    async close() {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    },
  }
}

function openPool(
  url: URL,
  { ca, concurrency }: HostInit,
  { own, patience }: { readonly own: boolean; readonly patience: Patience },
): Connections {
  return new Pool(url.origin, {
    connections: concurrency,
    headersTimeout: patience.silenceMs,
    bodyTimeout: patience.silenceMs,
    connect: {
      timeout: patience.connectMs,
      ...(ca !== undefined && { ca: own ? ca : [...rootCertificates, ca] }),
    },
  })
}

function createHost(settings: HostInit, init: HttpInit, transports: Transports): Host {
  const small = (cap: number) => transports((pool, request) => send(pool, request, cap))
  const authorizer = createAuthorizer({
    origin: settings.origin,
    name: settings.name,
    credential: settings.credential,
    now: init.now,
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
        },
        small(TOKEN_CAP),
      ),
  })
  const pace =
    settings.requestsPerSecond === undefined
      ? undefined
      : createPace(settings.requestsPerSecond, init.now)
  const gate = createGate()

  /** One request with its retries; statuses are the caller's to judge. */
  async function exchange<R extends AnyReply>(request: Request, run: Send<R>): Promise<R> {
    for (let made = 1; ; made++) {
      await pace?.({ signal: request.signal })
      const reply = await attempt(request, run, made)
      if (reply === undefined) continue
      if (!isPassing(reply.status) || !isReplayable(request)) return reply
      const delay = retryDelayMs(made, reply.headers, init)
      if (delay === undefined) return reply
      discard(reply)
      await pause(delay, { signal: request.signal })
    }
  }

  /** `undefined` after a broken connection that is worth another attempt, once it was waited for. */
  async function attempt<R extends AnyReply>(
    request: Request,
    run: Send<R>,
    made: number,
  ): Promise<R | undefined> {
    try {
      return await run(settings, request)
    } catch (error) {
      if (error instanceof WaybillError || isAbort(error) || request.signal?.aborted) throw error
      const delay = isReplayable(request) ? retryDelayMs(made, {}, init) : undefined
      if (delay === undefined) throw unreachable(request.url.host, error)
      await pause(delay, { signal: request.signal })
      return undefined
    }
  }

  /** Adds authorization on the host's own origin, answers challenges, follows redirects. */
  async function authorized<R extends AnyReply>(
    request: HostRequest,
    run: Send<R>,
    { signal }: Call,
  ): Promise<R> {
    let { url } = request
    let challenges = 0
    for (let hops = 0; ;) {
      const own = url.origin === settings.origin.origin
      const authorization = own ? await authorizer.authorization(request.scopes, signal) : undefined
      const headers = { ...request.headers, ...(authorization !== undefined && { authorization }) }
      const reply = await exchange(
        { method: request.method, url, headers, body: request.body, signal },
        run,
      )
      if (reply.status === 401 && own && challenges++ < 2 && isReplayable(request)) {
        const challenge = headerOf(reply.headers, 'www-authenticate') ?? ''
        if (authorizer.challenged(challenge, authorization)) continue
      }
      if (!isRedirect(reply.status, request.method)) return reply
      discard(reply)
      if (++hops > MOST_HOPS) throw misled(settings, `redirects more than ${MOST_HOPS} times`)
      url = nextUrl(settings, url, headerOf(reply.headers, 'location'))
    }
  }

  return {
    origin: settings.origin,
    send: (request, call = {}) =>
      gate(() => authorized(request, small(request.cap ?? ERROR_CAP), call)),
    open: (request, call = {}) =>
      gate(() =>
        authorized(
          request,
          transports((pool, sent) => open(pool, sent, request.cap ?? ERROR_CAP)),
          call,
        ),
      ),
  }
}

/**
 * The first request to a host goes alone: it learns the challenge for all, and when the host
 * cannot be reached those that wait fail with it instead of trying one by one.
 */
function createGate(): <T>(run: () => Promise<T>) => Promise<T> {
  let probe: Promise<void> | undefined
  let passed = false
  return async run => {
    if (passed) return run()
    if (probe !== undefined) {
      await probe
      return run()
    }
    const first = run()
    probe = first.then(ignore, error => {
      if (isUnreachable(error)) throw error
    })
    try {
      await probe
      passed = true
    } finally {
      probe = undefined
    }
    return first
  }
}

function ignore(): void {}

function isUnreachable(error: unknown): boolean {
  return error instanceof WaybillError && error.code === 'STORE_UNREACHABLE'
}

function isReplayable({ body }: { readonly body?: Body | undefined }): boolean {
  return body === undefined || Buffer.isBuffer(body)
}

function isRedirect(status: number, method: Method): boolean {
  return (method === 'GET' || method === 'HEAD') && [301, 302, 303, 307, 308].includes(status)
}

function nextUrl(settings: HostInit, from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw misled(settings, 'redirects without a readable Location')
  }
  const url = new URL(location, from)
  const downgrade = from.protocol === 'https:' && url.protocol !== 'https:'
  if (downgrade || !/^https?:$/.test(url.protocol)) {
    throw misled(settings, `redirects from ${from.protocol}// to ${url.protocol}//`)
  }
  return url
}

function misled({ name }: HostInit, what: string): StoreError {
  return new StoreError('STORE_PROTOCOL', `${name} ${what}`)
}

function discard(reply: AnyReply): void {
  if (!Buffer.isBuffer(reply.body)) reply.body.destroy(toError('not wanted'))
}
