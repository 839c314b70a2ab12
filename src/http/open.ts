import { createHttp, type Http, type HttpInit } from './client.ts'
import { namesProxy } from './proxies.ts'

/** The client of a run. What speaks to proxies is loaded only where the environment names one. */
export async function openHttp(init: Omit<HttpInit, 'openProxied'>): Promise<Http> {
  if (!namesProxy(init.env)) return createHttp(init)
  const { openProxied } = await import('./proxied.ts')
  return createHttp({ ...init, openProxied })
}
