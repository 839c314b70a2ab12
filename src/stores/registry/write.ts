import type { Readable } from 'node:stream'
import { StoreError, WaybillError } from '../../errors.ts'
import { headerOf, type Body, type Reply } from '../../http/types.ts'
import { algorithmOf, isDigest, type Digest } from '../../oci/digest.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { referrerOf } from '../../oci/referrers.ts'
import { isManifestType } from '../../oci/media-types.ts'
import type { Call } from '../../util/call.ts'
import { verified, verifiedBytes } from '../../util/verified.ts'
import type { BlobSource, Manifested, WriteSession } from '../store.ts'
import {
  ACCEPT_MANIFESTS,
  apiUrl,
  isAbsence,
  pullScope,
  pushScope,
  refusal,
  type Registry,
} from './wire.ts'

/** What was learnt about a registry while writing to it; kept for the run. */
export interface Habits {
  /** Whether it takes a blob in a single POST (distribution-spec, "Single POST"). */
  singlePost: boolean | undefined
}

export interface WriteInit {
  readonly registry: Registry
  readonly habits: Habits
  readonly repository: string
  /** Adds `referrer` to the fallback tag of `subject`, for registries without the referrers API. */
  readonly referred: (subject: Digest, referrer: Descriptor, call?: Call) => Promise<void>
  readonly call?: Call | undefined
}

export function createSession(init: WriteInit): WriteSession {
  return {
    has: content => has(init, content),
    put: (content, bytes, mountFrom) => put(init, content, bytes, mountFrom),
    putManifest: (manifest, tags) => putManifest(init, manifest, tags),
  }
}

async function has(
  { registry, repository, call }: WriteInit,
  content: Descriptor,
): Promise<boolean> {
  const kind = isManifestType(content.mediaType) ? 'manifests' : 'blobs'
  const reply = await registry.host.send(
    {
      method: 'HEAD',
      url: apiUrl(registry, `${repository}/${kind}/${content.digest}`),
      scopes: pullScope(repository),
      ...(kind === 'manifests' && { headers: { accept: ACCEPT_MANIFESTS } }),
    },
    call,
  )
  if (reply.status === 200) return true
  if (isAbsence(reply)) return false
  throw refusal(registry, `looking for ${content.digest} in ${repository}`, reply)
}

async function put(
  init: WriteInit,
  content: Descriptor,
  bytes: BlobSource,
  mountFrom?: string,
): Promise<'put' | 'mounted'> {
  const mount = mountFrom === undefined ? undefined : await tryMount(init, content, mountFrom)
  if (mount?.status === 201) return 'mounted'

  const { source, broken } = checked(await bytes(), content)
  try {
    const upload = mount ?? (await postWhole(init, content, source)) ?? (await begin(init))
    if (upload.status !== 201) await finish(init, content, { upload, source })
    return 'put'
  } catch (error) {
    throw broken() ?? error
  } finally {
    if (!Buffer.isBuffer(source)) source.destroy()
  }
}

interface Checked {
  readonly source: Readable | Buffer
  /** What went wrong with the bytes themselves, which the request only suffered from. */
  readonly broken: () => Error | undefined
}

function checked(given: Readable | Buffer, content: Descriptor): Checked {
  if (Buffer.isBuffer(given)) {
    return { source: verifiedBytes(given, content), broken: () => undefined }
  }
  let failure: Error | undefined
  // a request that fails destroys what it was sending, and that is no failure of the source
  given.once('error', error => {
    if (!source.destroyed) failure ??= error
  })
  const source = verified(given, content)
  source.once('error', error => {
    if (error instanceof WaybillError) failure ??= error
  })
  return { source, broken: () => failure }
}

/**
 * 201 where the registry links the blob, 202 with an upload to go on with where it does not.
 * `undefined`: it refuses to, as for an account that may not read the other repository.
 */
async function tryMount(
  init: WriteInit,
  { digest }: Descriptor,
  from: string,
): Promise<Reply | undefined> {
  const query = `?${new URLSearchParams({ mount: digest, from }).toString()}`
  const reply = await post(init, query, pushScope(init.repository, from))
  if (reply.status === 201 || reply.status === 202) return reply
  if (reply.status >= 400 && reply.status < 500 && reply.status !== 429) return undefined
  throw postRefusal(init, `mounting ${digest} into ${init.repository}`, reply)
}

async function begin(init: WriteInit): Promise<Reply> {
  const reply = await post(init, '', pushScope(init.repository))
  if (reply.status === 202) return reply
  throw postRefusal(init, `opening an upload to ${init.repository}`, reply)
}

function post(
  { registry, repository, call }: WriteInit,
  query: string,
  scopes: readonly string[],
): Promise<Reply> {
  const url = apiUrl(registry, `${repository}/blobs/uploads/${query}`)
  return registry.host.send({ method: 'POST', url, scopes, body: Buffer.alloc(0) }, call)
}

/** Where 404 is said of an upload that is yet to begin, it is the repository that is not there. */
function postRefusal({ registry }: WriteInit, what: string, reply: Reply): StoreError {
  const refused = refusal(registry, what, reply)
  if (reply.status !== 404) return refused
  return new StoreError('CONTENT_MISSING', refused.message, {
    hint: `${registry.name} does not create repositories on push: create it there first`,
    facts: refused.facts,
  })
}

/**
 * The blob in one request: 201 when the registry took it, 202 with an upload to go on with when it
 * did not. Tried with what can be sent again until the registry's habit is known; `undefined`
 * where it is not worth trying.
 */
async function postWhole(
  init: WriteInit,
  { digest, size }: Descriptor,
  source: Readable | Buffer,
): Promise<Reply | undefined> {
  const { registry, repository, habits, call } = init
  const small = Buffer.isBuffer(source)
  if (habits.singlePost === false || (habits.singlePost === undefined && !small)) return undefined
  const reply = await registry.host.send(
    {
      method: 'POST',
      url: apiUrl(registry, `${repository}/blobs/uploads/?digest=${encodeURIComponent(digest)}`),
      scopes: pushScope(repository),
      headers: { 'content-type': 'application/octet-stream' },
      body: small ? source : { stream: source, size },
    },
    call,
  )
  habits.singlePost = reply.status === 201
  if (reply.status === 201 || (reply.status === 202 && small)) return reply
  const what = `uploading ${digest} to ${repository}`
  if (small && NO_SINGLE_POST.has(reply.status)) return undefined
  if (reply.status !== 202) throw postRefusal(init, what, reply)
  // a stream is sent once; the next attempt knows the registry's habit
  throw new StoreError(
    'STORE_UNREACHABLE',
    `${registry.name} took no blob in one request when ${what}`,
  )
}

/** How registries answer that do not know a POST with a body; the usual way is tried then. */
const NO_SINGLE_POST = new Set([400, 404, 405, 411, 413, 415, 501])

async function finish(
  { registry, repository, call }: WriteInit,
  { digest, size }: Descriptor,
  { upload, source }: { readonly upload: Reply; readonly source: Readable | Buffer },
): Promise<void> {
  const body: Body = Buffer.isBuffer(source) ? source : { stream: source, size }
  const reply = await registry.host.send(
    {
      method: 'PUT',
      url: uploadUrl(registry, upload, digest),
      scopes: pushScope(repository),
      headers: { 'content-type': 'application/octet-stream' },
      body,
    },
    call,
  )
  if (reply.status === 201 || reply.status === 204) return
  throw uploadRefusal({ registry, repository }, digest, reply)
}

/**
 * What a refused upload means. One that broke off, or whose answer was lost, is gone (404): begun
 * again, with a new one, it may succeed.
 */
function uploadRefusal(
  { registry, repository }: Pick<WriteInit, 'registry' | 'repository'>,
  digest: Digest,
  reply: Reply,
): StoreError {
  const refused = refusal(registry, `uploading ${digest} to ${repository}`, reply)
  if (reply.status !== 404) return refused
  return new StoreError('STORE_UNREACHABLE', refused.message, { facts: refused.facts })
}

/** `Location` may be relative and may carry state in its query, which has to come back whole. */
function uploadUrl(registry: Registry, { headers, url }: Reply, digest: Digest): URL {
  const location = headerOf(headers, 'location') ?? ''
  if (location === '' || !URL.canParse(location, url.href)) {
    throw new StoreError('STORE_PROTOCOL', `${registry.name} opened an upload without saying where`)
  }
  const target = new URL(location, url)
  const downgrade = registry.host.origin.protocol === 'https:' && target.protocol !== 'https:'
  if (downgrade || !/^https?:$/.test(target.protocol)) {
    throw new StoreError('STORE_PROTOCOL', `${registry.name} sends uploads to ${target.origin}`)
  }
  target.searchParams.set('digest', digest)
  return target
}

async function putManifest(
  init: WriteInit,
  { content, bytes }: Manifested,
  tags: readonly string[],
): Promise<void> {
  verifiedBytes(bytes, content)
  const document = parseManifest(bytes, content.mediaType)
  for (const reference of tags.length === 0 ? [content.digest] : tags) {
    const reply = await sendManifest(init, content, bytes, reference)
    if (document.subject === undefined || headerOf(reply.headers, 'oci-subject')) continue
    await init.referred(document.subject.digest, referrerOf(content, document), init.call)
  }
}

/** One PUT of a manifest under one name, its bytes and digest being what the registry stored. */
export async function sendManifest(
  { registry, repository, call }: Pick<WriteInit, 'registry' | 'repository' | 'call'>,
  { mediaType, digest }: Descriptor,
  body: Buffer,
  reference: string,
): Promise<Reply> {
  const reply = await registry.host.send(
    {
      method: 'PUT',
      url: apiUrl(registry, `${repository}/manifests/${reference}`),
      scopes: pushScope(repository),
      headers: { 'content-type': mediaType },
      body,
    },
    call,
  )
  const what = `writing ${repository} ${reference}`
  if (reply.status !== 201) throw refusal(registry, what, reply)
  const stored = headerOf(reply.headers, 'docker-content-digest')
  if (stored === undefined || !isDigest(stored) || stored === digest) return reply
  if (algorithmOf(stored) !== algorithmOf(digest)) return reply
  throw new StoreError(
    'CONTENT_CORRUPT',
    `${registry.name} stored ${stored} instead of ${digest} when ${what}`,
  )
}
