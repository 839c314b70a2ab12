import type { Dispatcher } from 'undici'
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js'
import type { PoolOptions, TlsOptions } from './connections.ts'

/**
 * A pool by way of a proxy: a tunnel for TLS (RFC 9110, section 9.3.6), whole addresses for plain
 * HTTP. A user and password in the proxy's address go to the proxy alone.
 */
export function openProxied(
  url: URL,
  proxy: URL,
  { connect, ...shared }: PoolOptions,
  toProxy: TlsOptions,
): Dispatcher {
  return new ProxyAgent({
    ...shared,
    uri: proxy.href,
    proxyTunnel: url.protocol === 'https:',
    requestTls: connect,
    proxyTls: toProxy,
  })
}
