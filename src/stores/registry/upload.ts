/** An upload that was begun: where it goes on, what refusing it means, and how it is given up. */
import { isAbort, StoreError, WaybillError } from '../../errors.ts'
import { headerOf, type Reply } from '../../http/types.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { has } from './has.ts'
import { pushScope, refusal, type Registry } from './wire.ts'
import type { WriteInit } from './write.ts'

/** `Location` may be relative and may carry state in its query, which has to come back whole. */
export function locationOf(registry: Registry, { headers, url }: Reply): URL {
  const location = headerOf(headers, 'location') ?? ''
  if (location === '' || !URL.canParse(location, url.href)) {
    throw new StoreError('STORE_PROTOCOL', `${registry.name} opened an upload without saying where`)
  }
  const target = new URL(location, url)
  const downgrade = registry.host.origin.protocol === 'https:' && target.protocol !== 'https:'
  if (downgrade || !/^https?:$/.test(target.protocol)) {
    throw new StoreError('STORE_PROTOCOL', `${registry.name} sends uploads to ${target.origin}`)
  }
  return target
}

export function withDigest(location: URL, digest: Digest): URL {
  const target = new URL(location)
  target.searchParams.set('digest', digest)
  return target
}

/**
 * What a refused upload means. One that broke off, or whose answer was lost, is gone (404): begun
 * again, with a new one, it may succeed.
 */
export function uploadRefusal({ registry }: WriteInit, what: string, reply: Reply): StoreError {
  const refused = refusal(registry, what, reply)
  return reply.status === 404 ? anew(refused) : refused
}

/** The same refusal, as one that beginning again may get round. */
export function anew({ message, facts }: StoreError): StoreError {
  return new StoreError('STORE_UNREACHABLE', message, { facts })
}

/**
 * Whether the registry has taken the blob, by its answer to the last request of an upload. Where that
 * was sent again because an answer was lost, the upload is gone (404) and the blob is there.
 */
export async function isTaken(
  init: WriteInit,
  content: Descriptor,
  { status }: Reply,
): Promise<boolean> {
  return status === 201 || status === 204 || (status === 404 && (await has(init, content)))
}

/** How long it may take to tell a registry that an upload is given up. */
const PARTING_MS = 2_000

/** Leaves nothing behind where the registry can be told; it tidies up by itself in the end. */
export async function cancel({ registry, repository }: WriteInit, upload: Reply): Promise<void> {
  try {
    const url = locationOf(registry, upload)
    const scopes = pushScope(repository)
    // also when the run was told to stop: this is part of stopping
    await registry.host.send(
      { method: 'DELETE', url, scopes, once: true },
      { signal: AbortSignal.timeout(PARTING_MS) },
    )
  } catch (error) {
    // the failure that led here is the one to tell of
    if (!(error instanceof WaybillError) && !isAbort(error) && !isTimeout(error)) throw error
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError'
}
