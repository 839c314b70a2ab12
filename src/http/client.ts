/**
 * The narrow waist: everything that speaks HTTP goes through here, so that authorization,
 * redirects, retries, caps, budgets per host and the request count exist once.
 */
import type { Traffic } from '../util/traffic.ts'
import {
  createConnections,
  type ConnectionsInit,
  type OpenProxied,
  type Patience,
} from './connections.ts'
import { open, send } from './dispatch.ts'
import { createHost, type Host, type HostInit, type Wire } from './host.ts'
import type { Pulls } from './pulls.ts'
import { createCounters, type Counters } from './traffic.ts'
import { usualAuthorities } from './trust.ts'

export interface HttpInit {
  readonly userAgent: string
  /** Milliseconds that never go back. */
  readonly now: () => number
  /** Milliseconds since 1970, for what servers say of time. */
  readonly wallClock: () => number
  readonly random: () => number
  /** Names proxies and the system's authorities. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly patience?: Patience
  readonly look?: ConnectionsInit['look']
  readonly openProxied?: OpenProxied
}

export interface Http {
  host(init: HostInit): Host
  /** What went out so far, by host in the order of their names. */
  traffic(): readonly Traffic[]
  close(): Promise<void>
}

const PATIENCE: Patience = { connectMs: 10_000, silenceMs: 60_000 }

export function createHttp(init: HttpInit): Http {
  const { userAgent, patience = PATIENCE, env, look, openProxied } = init
  let authorities: readonly string[] | undefined
  const connections = createConnections({
    patience,
    env,
    authorities: () => (authorities ??= usualAuthorities(env)),
    look,
    openProxied,
  })
  const hosts: (readonly [name: string, counters: Counters, pulls: Pulls])[] = []

  function wireOf(settings: HostInit, counters: Counters): Wire {
    const prepared = <T>(request: T & { headers: Readonly<Record<string, string>> }) => {
      counters.requests += 1
      return { ...request, headers: { 'user-agent': userAgent, ...request.headers } }
    }
    return {
      send: (request, cap) => send(connections.to(request.url, settings), prepared(request), cap),
      open: (request, cap, feed) =>
        open(connections.to(request.url, settings), prepared(request), cap, feed),
    }
  }

  return {
    host(settings) {
      const counters = createCounters()
      const { silenceMs } = patience
      const wire = wireOf(settings, counters)
      const { pulls, ...host } = createHost(settings, { ...init, wire, counters, silenceMs })
      hosts.push([settings.name, counters, pulls])
      return host
    },
    traffic: () =>
      hosts
        .map(([host, { requests, retries, waitedMs }, { left }]) => ({
          host,
          requests,
          retries,
          waitedMs: Math.round(waitedMs),
          ...(left !== undefined && { pullsLeft: left }),
        }))
        .toSorted((a, b) => (a.host < b.host ? -1 : 1)),
    close: () => connections.close(),
  }
}
