/** Gets what is at any address, as nobody in particular: no credentials go along. */
import type { Readable } from 'node:stream'
import { StoreError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import type { Http } from './client.ts'
import type { Host } from './host.ts'
import { codeOfStatus } from './status.ts'
import { headerOf } from './types.ts'

export interface Fetched {
  readonly bytes: Readable
  /** The header, as it came. */
  readonly lastModified?: string
}

/** Refuses what is not found and what may not be fetched. */
export type Fetch = (url: string, call: Call) => Promise<Fetched>

const CONCURRENCY = 4

export function createFetch(http: Pick<Http, 'host'>): Fetch {
  const hosts = new Map<string, Host>()

  function hostOf({ origin, host }: URL): Host {
    const known = hosts.get(origin)
    if (known) return known
    const made = http.host({
      name: host,
      origin: new URL(origin),
      concurrency: CONCURRENCY,
      credential: () => Promise.resolve(undefined),
    })
    hosts.set(origin, made)
    return made
  }

  return async (address, call) => {
    const url = new URL(address)
    const reply = await hostOf(url).open({ method: 'GET', url, scopes: [] }, call)
    if (reply.status !== 200 || Buffer.isBuffer(reply.body)) throw refused(url, reply.status)
    const bytes: Readable = reply.body
    const lastModified = headerOf(reply.headers, 'last-modified')
    return { bytes, ...(lastModified !== undefined && { lastModified }) }
  }
}

const GONE = new Set([404, 410])

/** Addresses may have passwords and tokens in them. */
function refused({ origin, pathname }: URL, status: number): StoreError {
  const code = GONE.has(status) ? 'CONTENT_MISSING' : codeOfStatus(status)
  return new StoreError(code, `${origin}${pathname} was answered with ${status}`)
}
