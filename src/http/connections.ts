/**
 * Pools of connections: one for each origin that a host is, or sends us to. Our certificate is shown
 * to the host's own origin alone; its authorities count for where it sends us too, and nowhere else.
 */
import type { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import tls, { type SecureContext, type SecureContextOptions } from 'node:tls'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import { InputError, StoreError, toError } from '../errors.ts'
import { guardedLookup, literalReach, mayReach, notingLookup, type Reach } from './addresses.ts'
import { proxyFor } from './proxies.ts'
import type { OwnTls } from './trust.ts'

/** How long a host may take before it counts as gone. */
export interface Patience {
  readonly connectMs: number
  /** Without a byte: before an answer's head, and between any two bytes of its body. */
  readonly silenceMs: number
}

export interface ConnectionsInit {
  readonly patience: Patience
  /** For the variables that name proxies. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** PEM; asked only where TLS is spoken. */
  readonly authorities: () => readonly string[]
  /** How names become addresses; absent: as the system has it. */
  readonly look?: typeof lookup | undefined
  /** Opens a pool by way of a proxy; absent where the environment names none. */
  readonly openProxied?: OpenProxied | undefined
}

/** What all pools have in common, and how the origin is connected to. */
export interface PoolOptions {
  readonly connections: number
  readonly headersTimeout: number
  readonly bodyTimeout: number
  readonly connect: TlsOptions & { readonly lookup?: LookupFunction; readonly socketPath?: string }
}

export interface TlsOptions {
  readonly timeout: number
  readonly secureContext?: SecureContext
}

export type OpenProxied = (
  url: URL,
  proxy: URL,
  options: PoolOptions,
  toProxy: TlsOptions,
) => Dispatcher

/** The host that leads to an origin, be it its own or not. */
export interface Leader {
  readonly name: string
  readonly origin: URL
  /** The local socket that it listens on, whatever its origin says. */
  readonly socketPath?: string | undefined
  /** Requests in flight at once. */
  readonly concurrency: number
  readonly tls?: OwnTls | undefined
  /** Hosts that it may send us to, whatever their addresses. */
  readonly trusts?: readonly string[] | undefined
}

export interface Connections {
  to(url: URL, leader: Leader): Dispatcher
  close(): Promise<void>
}

/** Nobody's settings. */
const USUAL: Pick<Leader, 'name' | 'tls'> = { name: '' }

export function createConnections(init: ConnectionsInit): Connections {
  const pools = new Map<string, Dispatcher>()
  const contexts = new Map<string, SecureContext>()
  const reaches = new Map<string, Set<Reach>>()

  /** Which kinds of addresses the leader itself was seen to have. */
  function reachesOf({ origin }: Leader): Set<Reach> {
    const known = reaches.get(origin.origin)
    if (known) return known
    const literal = literalReach(origin)
    const seen = new Set(literal === undefined ? [] : [literal])
    reaches.set(origin.origin, seen)
    return seen
  }

  /** Made once: a context costs more than the connection that it is for. */
  function contextOf(leader: Pick<Leader, 'name' | 'tls'>, own: boolean): SecureContext {
    const { ca = [], only = false, identity } = leader.tls ?? {}
    const key = leader.tls ? `${leader.name} ${own}` : ''
    const known = contexts.get(key)
    if (known) return known
    const trusted = own && only ? ca : [...init.authorities(), ...ca]
    const context = makeContext(leader.name, { ca: [...trusted], ...(own && identity) })
    contexts.set(key, context)
    return context
  }

  function open(url: URL, leader: Leader, own: boolean): Dispatcher {
    const { patience, env, look, openProxied } = init
    const trusted = own || (leader.trusts?.includes(url.host) ?? false)
    if (!trusted) refuseLiteral(url, leader, reachesOf(leader))
    const timeout = patience.connectMs
    const secure = url.protocol === 'https:' && { secureContext: contextOf(leader, own) }
    const options: PoolOptions = {
      connections: leader.concurrency,
      headersTimeout: patience.silenceMs,
      bodyTimeout: patience.silenceMs,
      connect: { timeout, ...secure },
    }
    const { socketPath } = leader
    if (own && socketPath !== undefined) {
      return new Pool(url.origin, { ...options, connect: { ...options.connect, socketPath } })
    }
    const proxy = openProxied && proxyFor(url, env)
    if (openProxied && proxy) {
      const toProxy = proxy.protocol === 'https:' && { secureContext: contextOf(USUAL, false) }
      return openProxied(url, proxy, options, { timeout, ...toProxy })
    }
    const from = reachesOf(leader)
    const watched = own ? notingLookup(from, look) : guardedLookup(from, look)
    const lookup = own || !trusted ? watched : look
    const connect = lookup ? { ...options.connect, lookup } : options.connect
    return new Pool(url.origin, { ...options, connect })
  }

  return {
    to(url, leader) {
      const own = leader.origin.origin === url.origin
      const local = leader.socketPath === undefined ? '' : ` at ${leader.socketPath}`
      const key = own ? `${url.origin}${local}` : `${url.origin} for ${leader.name}`
      const pool = pools.get(key) ?? open(url, leader, own)
      pools.set(key, pool)
      return pool
    },
    async close() {
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      pools.clear()
    },
  }
}

function makeContext(name: string, options: SecureContextOptions): SecureContext {
  try {
    return tls.createSecureContext(options)
  } catch (cause) {
    const whose = name === '' ? 'the authorities of the system' : `registries.${name}.tls`
    throw new InputError('BAD_ARGUMENT', `${whose} cannot be used: ${toError(cause).message}`, {
      hint: 'certificates and keys are PEM, and a key fits the certificate beside it',
    })
  }
}

function refuseLiteral(url: URL, leader: Leader, from: ReadonlySet<Reach>): void {
  const reach = literalReach(url)
  if (reach === undefined || mayReach(reach, from)) return
  throw strayed(leader.name, url.host)
}

/** The error for an address that a host may not send us to. */
export function strayed(name: string, host: string): StoreError {
  return new StoreError(
    'STORE_PROTOCOL',
    `${name} sends us to ${host}, an address that is not for the public`,
    {
      hint: `if that is meant to be, say so: registries: { '${name}': { trusts: ['${host}'] } }`,
      facts: { host: name },
    },
  )
}
