/** Gets what ADD names by its address, as nobody in particular: no credentials go along. */
import type { Readable } from 'node:stream'
import { BuildError } from '../../errors.ts'
import type { Http } from '../../http/client.ts'
import type { Host } from '../../http/host.ts'
import { headerOf } from '../../http/types.ts'
import type { Fetch } from './remote.ts'

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

/** Addresses may have passwords and tokens in them. */
function refused({ origin, pathname }: URL, status: number): BuildError {
  return new BuildError('BUILD_FAILED', `${origin}${pathname} was answered with ${status}`)
}
