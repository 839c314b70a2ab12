/** One engine: found and asked what it is when it is first needed, and how it is spoken to. */
import { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Http } from '../../http/client.ts'
import type { Host } from '../../http/host.ts'
import type { Body, Method, Reply } from '../../http/types.ts'
import { headerOf } from '../../http/types.ts'
import { parseDocument } from '../../oci/document.ts'
import { isPlatformPart, type Platform } from '../../oci/platform.ts'
import type { Call } from '../../util/call.ts'
import { findEndpoint, type Endpoint, type EndpointInit } from './endpoint.ts'
import { noEngine, notFound, refusal, unreachable } from './failure.ts'
import { messageIn } from './message.ts'

export interface EngineInit extends Omit<EndpointInit, 'by'> {
  /** The manifest's name for the store. */
  readonly name: string
  readonly http: Pick<Http, 'host'>
}

/** What an engine said of itself. */
export interface Facts {
  /** The API's version that it is spoken to in. */
  readonly version: Version
  /**
   * Docker's own store knows an image by its configuration; containerd's, by its manifest. Podman
   * has the former's ways, and loads only what is whole.
   */
  readonly keeps: 'classic' | 'containerd' | 'podman'
  /** What it runs: the one platform of its images, unless it keeps them in containerd's store. */
  readonly platform: Platform
}

export type Version = readonly [major: number, minor: number]

/** The newest version whose answers are known here, and the oldest that will do. */
const NEWEST: Version = [1, 48]
const OLDEST: Version = [1, 41]

export interface Ask {
  readonly method?: Method
  /** Below the version, with its query. */
  readonly path: string
  /** What it is for, as in `engine answered 500 to listing its images`. */
  readonly what: string
  readonly cap?: number
  readonly body?: Body
  readonly headers?: Readonly<Record<string, string>>
  /** Has much to do before it answers. */
  readonly slow?: boolean
}

export interface Engine {
  readonly name: string
  facts(call?: Call): Promise<Facts>
  /** Whatever it answers. */
  ask(ask: Ask, call?: Call): Promise<Reply>
  /** A success's body as it comes; anything else is an error, or `undefined` for a 404. */
  open(ask: Ask, call?: Call): Promise<Readable | undefined>
}

/** More than thousands of images with their labels. */
const LIST_CAP = 64 * 1024 * 1024
const CONCURRENCY = 16
/** An engine is there or not; but it may just have closed the connection that a look was to go by. */
const ATTEMPTS = 2

interface Connected {
  readonly endpoint: Endpoint
  readonly host: Host
  readonly facts: Facts
}

export function createEngine(init: EngineInit): Engine {
  const { name, http } = init
  let connected: Promise<Connected> | undefined

  async function connect(): Promise<Connected> {
    const endpoint = await findEndpoint({ ...init, by: `stores.${name}.host` })
    if ('tried' in endpoint) throw notFound(name, endpoint.tried)
    const { origin, socketPath, tls } = endpoint
    const host = http.host({
      name,
      origin,
      socketPath,
      tls,
      concurrency: CONCURRENCY,
      attempts: ATTEMPTS,
      credential: () => Promise.resolve(undefined),
    })
    const send = (path: string) => sendTo({ name, endpoint, host }, { path, what: 'a ping' }, {})
    return { endpoint, host, facts: await factsOf(name, send) }
  }

  /** For all who ask meanwhile, so nobody's signal stops it; what failed is tried by whoever is next. */
  async function connection({ signal }: Call): Promise<Connected> {
    signal?.throwIfAborted()
    const made = (connected ??= connect())
    try {
      return await made
    } catch (error) {
      if (connected === made) connected = undefined
      throw error
    } finally {
      signal?.throwIfAborted()
    }
  }

  return {
    name,
    facts: async (call = {}) => (await connection(call)).facts,
    async ask(ask, call = {}) {
      const { endpoint, host, facts } = await connection(call)
      const path = `/v${facts.version.join('.')}${ask.path}`
      return sendTo({ name, endpoint, host }, { ...ask, path }, call)
    },
    async open(ask, call = {}) {
      const { endpoint, host, facts } = await connection(call)
      const url = new URL(`/v${facts.version.join('.')}${ask.path}`, host.origin)
      const request = {
        scopes: [],
        once: true,
        slow: true,
        ...ask,
        method: ask.method ?? 'GET',
        url,
      }
      const told = (error: unknown) => unreachable(name, endpoint, error)
      const reply = await host.open(request, call).catch((error: unknown) => {
        throw told(error)
      })
      const { body } = reply
      if (!Buffer.isBuffer(body)) return Readable.from(retold(body, told), { objectMode: false })
      if (isAbsent({ ...reply, body })) return undefined
      throw refusal(name, ask.what, { ...reply, body })
    },
  }
}

async function* retold(body: Readable, told: (error: unknown) => unknown): AsyncGenerator<Buffer> {
  try {
    yield* body
  } catch (error) {
    throw told(error)
  }
}

async function sendTo(
  { name, endpoint, host }: { readonly name: string } & Pick<Connected, 'endpoint' | 'host'>,
  { path, method = 'GET', what: _, ...ask }: Ask,
  call: Call,
): Promise<Reply> {
  const url = new URL(path, host.origin)
  const once = method !== 'GET'
  try {
    return await host.send({ scopes: [], cap: LIST_CAP, ...ask, once, method, url }, call)
  } catch (error) {
    throw unreachable(name, endpoint, error)
  }
}

async function factsOf(name: string, send: (path: string) => Promise<Reply>): Promise<Facts> {
  const ping = await send('/_ping')
  const theirs = parseVersion(headerOf(ping.headers, 'api-version') ?? '')
  if (ping.status !== 200 || theirs === undefined) throw noEngine(name, ping)
  const version = negotiated(name, theirs)
  const about = async (what: string) => {
    const reply = await send(`/v${version.join('.')}/${what}`)
    if (reply.status !== 200) throw refusal(name, `GET /${what}`, reply)
    return parseDocument(reply.body, `what ${name} says of itself`)
  }
  const podman = headerOf(ping.headers, 'libpod-api-version') !== undefined
  const [{ Os: os, Arch: architecture }, { DriverStatus: status }] = [
    await about('version'),
    await about('info'),
  ]
  if (!isPlatformPart(os) || !isPlatformPart(architecture)) throw noEngine(name, ping)
  return {
    version,
    keeps: podman ? 'podman' : isContainerd(status) ? 'containerd' : 'classic',
    platform: { os, architecture },
  }
}

/** The lesser of what they speak and what we do. */
function negotiated(name: string, theirs: Version): Version {
  if (isBefore(theirs, OLDEST)) {
    throw new StoreError(
      'STORE_UNSUPPORTED',
      `${name} speaks version ${theirs.join('.')} of the Engine API`,
      { hint: `${OLDEST.join('.')} is the oldest that will do: Docker 20.10 and later have it` },
    )
  }
  return isBefore(theirs, NEWEST) ? theirs : NEWEST
}

/** `1.41`; `undefined` for anything else. */
export function parseVersion(text: string): Version | undefined {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})$/.exec(text) ?? []
  return major === undefined ? undefined : [Number(major), Number(minor)]
}

export function isBefore([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major === otherMajor ? minor < otherMinor : major < otherMajor
}

function isContainerd(status: unknown): boolean {
  const pairs: readonly unknown[] = Array.isArray(status) ? status : []
  return pairs.some(
    pair =>
      Array.isArray(pair) &&
      pair[0] === 'driver-type' &&
      String(pair[1]).startsWith('io.containerd.snapshotter'),
  )
}

/** Its own words for what it does not have; a path that it does not know is none. */
export function isAbsent({ status, body }: Pick<Reply, 'status' | 'body'>): boolean {
  if (status !== 404) return false
  const said = messageIn(body)
  return said !== undefined && said !== 'page not found'
}
