import type { Dispatcher } from 'undici'
import connect from 'undici/lib/api/api-connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
import { StoreError } from '../errors.ts'
import type { PoolOptions, TlsOptions } from './connections.ts'
import { inWords } from './retry.ts'

/**
 * A pool by way of a proxy: a tunnel for TLS (RFC 9110, section 9.3.6), whole addresses for plain
 * HTTP. A user and password in the proxy's address go to the proxy alone.
 */
export function openProxied(
  url: URL,
  proxy: URL,
  { connect: requestTls, ...shared }: PoolOptions,
  toProxy: TlsOptions,
): Dispatcher {
  const token = authorizationOf(proxy)
  const agent = new ProxyAgent({
    ...shared,
    uri: proxy.origin,
    ...(token !== undefined && { token }),
    proxyTunnel: url.protocol === 'https:',
    requestTls,
    proxyTls: toProxy,
    factory: (origin, options) => new Pool(origin, Object.assign({}, shared, options)),
    clientFactory: (origin, options) => tunneller(origin, options, toProxy),
  })
  return agent.compose(
    dispatch => (options, handler) =>
      dispatch(options, {
        ...handler,
        onResponseError: (controller, error) =>
          handler.onResponseError?.(controller, told(error, url.host, proxy.host)),
      }),
  )
}

/** `connect` is one of the methods that undici's front door adds to every dispatcher. */
function tunneller(origin: URL, options: object, { timeout }: TlsOptions): Dispatcher {
  // a tunnel is part of connecting, and takes no longer
  const pool = new Pool(origin, Object.assign({ headersTimeout: timeout }, options))
  return Object.assign(pool, { connect })
}

function authorizationOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** What an error has to do with the proxy, in words that say so; any other one as it is. */
function told(error: Error, host: string, proxy: string): Error {
  const code = 'code' in error ? String(error.code) : ''
  if (NOT_CONNECTED.has(code)) return new Error(`${inWords(error)}, to the proxy ${proxy}`)
  // undici has the status of a proxy's refusal in its words alone
  const status = OF_REFUSALS.has(code) ? /\((\d{3})\)/.exec(error.message)?.[1] : undefined
  if (status === undefined) return error
  if (status !== '407') return new Error(`the proxy ${proxy} answered ${status}`)
  return new StoreError(
    'STORE_UNREACHABLE',
    `${host} cannot be reached: the proxy ${proxy} asks who we are (407)`,
    {
      hint: 'give its user and password in the variable that names it: http://user:password@proxy:3128',
      facts: { host },
    },
  )
}

/** It is the proxy that we connect to, and nothing else. */
const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
])

const OF_REFUSALS = new Set(['UND_ERR_ABORTED', 'UND_ERR_INVALID_ARG'])
