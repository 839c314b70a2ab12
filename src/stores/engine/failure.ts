/** What goes wrong with an engine, in words that say what to do about it. */
import { StoreError, type ErrorCode } from '../../errors.ts'
import { inWords } from '../../http/retry.ts'
import type { Reply } from '../../http/types.ts'
import type { Endpoint } from './endpoint.ts'
import { messageIn } from './message.ts'

const ANOTHER = 'name another with DOCKER_HOST, a docker context, or the host of the store'

/** The error where no engine is to be found at all. */
export function notFound(name: string, tried: readonly string[]): StoreError {
  return new StoreError(
    'STORE_UNREACHABLE',
    `${name}: no engine was found: there is no socket at ${tried.join(', ')}`,
    { hint: `start docker or podman, or ${ANOTHER}` },
  )
}

/** Who was to be spoken to, and who said so; what is no broken connection stays as it is. */
export function unreachable(name: string, endpoint: Endpoint, error: unknown): unknown {
  const { host, by } = endpoint
  if (!(error instanceof StoreError) || error.code !== 'STORE_UNREACHABLE') return error
  if (error.facts['host'] === undefined) return error
  const denied = error.facts['network'] === 'EACCES'
  const words = error.cause === undefined ? 'the answer was cut short' : inWords(error.cause)
  return new StoreError(
    denied ? 'STORE_DENIED' : 'STORE_UNREACHABLE',
    `${name} cannot be reached at ${host} (from ${by}): ${words}`,
    {
      cause: error.cause,
      facts: error.facts,
      hint: hintFor(String(error.facts['network']), endpoint),
    },
  )
}

const NOBODY = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT'])

function hintFor(network: string, { origin }: Endpoint): string {
  if (network === 'EACCES') {
    return `whoever is in the group that owns the socket may use it; else ${ANOTHER}`
  }
  // an engine hangs up on whoever it does not know
  if (origin.protocol === 'https:' && !NOBODY.has(network)) {
    return 'its certificates are those of DOCKER_CERT_PATH, of the docker context, or of the store'
  }
  return `is the engine running? If it is elsewhere, ${ANOTHER}`
}

/** The error for whatever answers where an engine should. */
export function noEngine(
  name: string,
  { status, body }: Pick<Reply, 'status' | 'body'>,
): StoreError {
  const secure = status === 400 && body.includes('HTTPS')
  return new StoreError(
    'STORE_PROTOCOL',
    secure
      ? `${name} speaks TLS, and was not spoken to so`
      : `what answers as ${name} (${status}) is no Docker Engine`,
    {
      hint: secure
        ? 'DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH, a docker context, or the tls of the store say by which certificates'
        : ANOTHER,
    },
  )
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'STORE_DENIED',
  403: 'STORE_DENIED',
  404: 'CONTENT_MISSING',
  409: 'STORE_CONFLICT',
  502: 'STORE_UNREACHABLE',
  503: 'STORE_UNREACHABLE',
  504: 'STORE_UNREACHABLE',
}

/** The error for an answer that was not expected to `what`, such as `listing its images`. */
export function refusal(
  name: string,
  what: string,
  { status, body }: Pick<Reply, 'status' | 'body'>,
): StoreError {
  const said = messageIn(body) ?? ''
  return new StoreError(
    CODES[status] ?? 'STORE_PROTOCOL',
    `${name} answered ${status} to ${what}${said === '' ? '' : `: ${said}`}`,
    { facts: { status } },
  )
}

/** What an engine says when it could not load what it was given. */
export function notLoaded(name: string, said: string): StoreError {
  const full = /no space left on device|disk quota exceeded/i.test(said)
  return new StoreError(
    full ? 'STORE_DENIED' : 'CONTENT_UNSUPPORTED',
    `${name} did not load the image: ${said}`,
    { hint: full ? 'free some space where the engine keeps its images, and run again' : undefined },
  )
}
