import { StoreError } from '../errors.ts'
import { headerOf, type Headers } from './types.ts'

/** Answers that may be better next time (spec section 7). */
const PASSING = new Set([408, 429, 500, 502, 503, 504])
const ATTEMPTS = 4
const BASE_MS = 250
/** The longest a request waits for a server's sake. */
export const MOST_MS = 30_000

export interface RetryInit {
  readonly wallClock: () => number
  readonly random: () => number
  readonly attempts?: number | undefined
}

export function isPassing(status: number): boolean {
  return PASSING.has(status)
}

/**
 * How long to wait before attempt `made + 1`, or `undefined` to give up. A server's `Retry-After`
 * decides up to a cap; beyond the cap waiting is the caller's business, not a request's.
 */
export function retryDelayMs(
  made: number,
  headers: Headers,
  { wallClock, random, attempts = ATTEMPTS }: RetryInit,
): number | undefined {
  if (made >= attempts) return undefined
  const asked = retryAfterMs(headers, wallClock())
  if (asked !== undefined && asked > MOST_MS) return undefined
  const backoff = Math.min(BASE_MS * 2 ** (made - 1), MOST_MS)
  return Math.max(asked ?? 0, backoff * (0.5 + random() / 2))
}

/** `Retry-After` in both its forms (RFC 9110, section 10.2.3), as milliseconds from `now`. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const text = headerOf(headers, 'retry-after')
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

/**
 * How long whoever tries again is to wait. A host waits by itself for what its 429 asks, up to the
 * cap, so that is nobody else's business.
 */
export function leftAloneMs(
  { status, headers }: { readonly status: number; readonly headers: Headers },
  now: number,
): number | undefined {
  const asked = retryAfterMs(headers, now)
  return status === 429 && asked !== undefined && asked <= MOST_MS ? undefined : asked
}

/** A broken connection as an error that names the host and what happened. */
export function unreachable(host: string, cause: unknown): StoreError {
  const code = codeOf(cause)
  return new StoreError('STORE_UNREACHABLE', `${host} cannot be reached: ${inWords(cause)}`, {
    cause,
    hint: hintFor(code, host),
    facts: { host, ...(code !== undefined && { network: code }) },
  })
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while sending',
  ENOTFOUND: 'there is no such host',
  ENOENT: 'there is no such socket',
  ENOTSOCK: 'it is no socket',
  EACCES: 'permission was denied',
  EAI_AGAIN: 'its name could not be looked up',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'no answer came in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stalled',
  UPLOAD_STALLED: 'it takes no more of what is sent',
  UND_ERR_SOCKET: 'the connection was closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut short',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
}

/** What broke a connection. */
export function inWords(cause: unknown): string {
  return WORDS[codeOf(cause) ?? ''] ?? (cause instanceof Error ? cause.message : String(cause))
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code } = cause as Error & { code?: unknown }
  return typeof code === 'string' ? code : undefined
}

const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

function hintFor(code: string | undefined, host: string): string | undefined {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return `if it is meant to be plain HTTP, say so: registries: { '${host}': { http: true } }`
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return 'is the host spelled right, and is there a network here? HTTPS_PROXY names a proxy'
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `call it by a name that its certificate is for; ${host} is none of them`
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'is the clock of this machine right? If so, the registry needs a new certificate'
  }
  if (code !== undefined && UNKNOWN_AUTHORITY.has(code)) {
    return `trust its authority with registries: { '${host}': { tls: { ca: ./ca.pem } } }`
  }
  if (code?.startsWith('ERR_SSL_') && /ALERT.*(?:CERTIFICATE|HANDSHAKE)/.test(code)) {
    return `it may ask who we are: registries: { '${host}': { tls: { cert: ./us.pem, key: ./us.key } } }`
  }
  return undefined
}
