/** How one registry is spoken to: addresses, scopes, and what its refusals mean. */
import { StoreError, type ErrorCode } from '../../errors.ts'
import type { Host } from '../../http/host.ts'
import { leftAloneMs } from '../../http/retry.ts'
import { codeOfStatus } from '../../http/status.ts'
import { headerOf, type Reply } from '../../http/types.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { MANIFEST_TYPES } from '../../oci/media-types.ts'

/** What the store's files share: the registry's name in plans and errors, and the way to it. */
export interface Registry {
  readonly name: string
  readonly host: Host
  readonly now: () => number
}

export const ACCEPT_MANIFESTS = MANIFEST_TYPES.join(', ')

export function apiUrl({ host }: Registry, path: string): URL {
  return new URL(`/v2/${path}`, host.origin)
}

export function pullScope(repository: string): string[] {
  return [`repository:${repository}:pull`]
}

export function pushScope(repository: string, mountFrom?: string): string[] {
  const push = `repository:${repository}:pull,push`
  return mountFrom === undefined ? [push] : [push, `repository:${mountFrom}:pull`]
}

/** Deleting is an action of its own, which pushing does not include. */
export function deleteScope(repository: string): string[] {
  return [`repository:${repository}:pull,delete`]
}

/** Where registries that are not what their name says live. */
export function originOf(
  name: string,
  settings: { readonly http?: boolean; readonly tls?: unknown } = {},
): URL {
  if (name === 'docker.io') return new URL('https://registry-1.docker.io')
  const plain = settings.http ?? (settings.tls === undefined && isLoopback(name))
  return new URL(`${plain ? 'http' : 'https'}://${name}`)
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '')
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** An HTML page says that no registry answered, so its 404 says nothing about the content. */
export function isAbsence({ status, headers }: Pick<Reply, 'status' | 'headers'>): boolean {
  return status === 404 && !(headerOf(headers, 'content-type') ?? '').startsWith('text/html')
}

/** The error for an answer that was not expected to `what`, such as `listing the tags of a/b`. */
export function refusal(
  registry: Registry,
  what: string,
  reply: Pick<Reply, 'status' | 'headers' | 'body' | 'repeated'>,
): StoreError {
  const { status } = reply
  const code = codeOfStatus(status)
  const said = saidBy(reply.body)
  const answered = reply.repeated
    ? `answered ${status} to the like before, and was not asked again when ${what}`
    : `answered ${status} to ${what}`
  const message = `${registry.name} ${answered}${said === '' ? '' : `: ${said}`}`
  return new StoreError(code, message, {
    hint: hintFor(code, registry.name),
    facts: { status, host: registry.host.origin.host, repeated: reply.repeated === true },
    retryAfterMs: leftAloneMs(reply, registry.now()),
  })
}

function hintFor(code: ErrorCode, name: string): string | undefined {
  if (code === 'STORE_UNAUTHORIZED') {
    return `log in with "waybill login ${name}", or give registries.${name}.auth; some registries answer so for a repository that does not exist`
  }
  if (code === 'STORE_DENIED') return `the account used for ${name} may not do this`
  if (code === 'STORE_RATE_LIMITED') {
    return `wait, log in for a higher limit, or lower registries.${name}.limits.requestsPerSecond`
  }
  return undefined
}

/** The registry's own words (distribution-spec, error codes), shortened. */
function saidBy(body: Buffer): string {
  const { code, message, detail } = firstError(body)
  const words = [code, message, typeof detail === 'string' ? detail : undefined]
  return words
    .filter(word => typeof word === 'string' && word !== '')
    .join(' ')
    .slice(0, 300)
}

/** The code of the first error in an answer's body, such as `UNSUPPORTED`. */
export function errorCode({ body }: Pick<Reply, 'body'>): string | undefined {
  const { code } = firstError(body)
  return typeof code === 'string' ? code : undefined
}

function firstError(body: Buffer): Readonly<Record<string, unknown>> {
  const document = parseJson(body)
  const errors = isRecord(document) ? document['errors'] : undefined
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  return isRecord(first) ? first : {}
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}
