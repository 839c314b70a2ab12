import { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import { headerOf, type Reply } from '../../http/types.ts'
import { algorithmOf, digestOf, isDigest, type Digest } from '../../oci/digest.ts'
import { isRecord, type Descriptor } from '../../oci/descriptor.ts'
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts'
import { isManifestType } from '../../oci/media-types.ts'
import type { Call } from '../../util/call.ts'
import type { Manifested } from '../store.ts'
import { ACCEPT_MANIFESTS, apiUrl, isAbsence, parseJson, pullScope, refusal } from './wire.ts'
import type { Registry } from './wire.ts'

/** One HEAD; a GET where the registry's HEAD does not say enough. */
export async function resolve(
  registry: Registry,
  repository: string,
  reference: string,
  call?: Call,
): Promise<Descriptor | undefined> {
  const reply = await ask(registry, 'HEAD', repository, reference, call)
  if (isAbsence(reply)) return undefined
  const told = reply.status === 200 ? descriptorOf(reply) : undefined
  if (told === undefined) {
    // a refusal stays one: what GET would say then is not an answer to this question
    if (!POOR_HEAD.has(reply.status))
      throw refusal(registry, `looking at ${repository} ${reference}`, reply)
    return (await manifest(registry, repository, reference, call))?.content
  }
  if (isDigest(reference) && told.digest !== reference) {
    throw new StoreError(
      'CONTENT_CORRUPT',
      `${registry.name}/${repository} answers ${told.digest} for ${reference}`,
    )
  }
  return told
}

/** Answers of registries whose HEAD lacks what their GET tells, or that know no HEAD. */
const POOR_HEAD = new Set([200, 400, 405, 501])

/** What a HEAD tells, where it tells all of it. */
function descriptorOf({ headers }: Reply): Descriptor | undefined {
  const digest = headerOf(headers, 'docker-content-digest') ?? ''
  const mediaType = mediaTypeOf(headers)
  const size = Number(headerOf(headers, 'content-length') ?? Number.NaN)
  if (!isDigest(digest) || !isManifestType(mediaType)) return undefined
  if (!Number.isSafeInteger(size) || size <= 0) return undefined
  return { mediaType, digest, size }
}

function mediaTypeOf(headers: Reply['headers']): string {
  return (headerOf(headers, 'content-type') ?? '').split(';')[0]?.trim() ?? ''
}

/** One GET, and one more when the bytes are not what they should be: some proxies cut. */
export async function manifest(
  registry: Registry,
  repository: string,
  reference: string,
  call?: Call,
): Promise<Manifested | undefined> {
  const first = await getManifest(registry, repository, reference, call)
  if (!(first instanceof StoreError)) return first
  const second = await getManifest(registry, repository, reference, call)
  if (second instanceof StoreError) throw second
  return second
}

async function getManifest(
  registry: Registry,
  repository: string,
  reference: string,
  call?: Call,
): Promise<Manifested | undefined | StoreError> {
  const reply = await ask(registry, 'GET', repository, reference, call)
  if (isAbsence(reply)) return undefined
  const where = `${registry.name}/${repository}`
  if (reply.status !== 200) throw refusal(registry, `reading ${repository} ${reference}`, reply)
  const bytes = reply.body
  const expected = isDigest(reference) ? reference : claimedDigest(reply, where)
  const digest = digestOf(bytes, expected === undefined ? 'sha256' : algorithmOf(expected))
  if (expected !== undefined && digest !== expected) {
    return new StoreError(
      'CONTENT_CORRUPT',
      `${where} sent ${bytes.length} bytes of ${digest} for ${reference} instead of ${expected}`,
    )
  }
  const mediaType = documentType(reply, `${where} ${reference}`)
  return { content: { mediaType, digest, size: bytes.length }, bytes }
}

function claimedDigest({ headers }: Reply, where: string): Digest | undefined {
  const claimed = headerOf(headers, 'docker-content-digest')
  if (claimed === undefined || isDigest(claimed)) return claimed
  throw new StoreError('STORE_PROTOCOL', `${where} answered with a digest that is none`)
}

/** The answer's type; where a registry serves manifests as plain JSON, the document's own. */
function documentType(reply: Reply, where: string): string {
  const mediaType = mediaTypeOf(reply.headers)
  if (isManifestType(mediaType)) return mediaType
  if (mediaType.includes('manifest.v1+')) {
    throw new StoreError('CONTENT_UNSUPPORTED', `${where} is an image of the old schema 1`, {
      hint: 'pull it with a docker that still reads schema 1, and push it again',
    })
  }
  const document = parseJson(reply.body)
  const own = isRecord(document) ? document['mediaType'] : undefined
  if (typeof own === 'string' && isManifestType(own)) return own
  throw new StoreError('CONTENT_UNSUPPORTED', `${where} is "${mediaType}", not an image`)
}

function ask(
  registry: Registry,
  method: 'GET' | 'HEAD',
  repository: string,
  reference: string,
  call?: Call,
): Promise<Reply> {
  return registry.host.send(
    {
      method,
      url: apiUrl(registry, `${repository}/manifests/${reference}`),
      headers: { accept: ACCEPT_MANIFESTS },
      scopes: pullScope(repository),
      cap: MAX_MANIFEST_BYTES,
      pull: method === 'GET',
    },
    call,
  )
}

export async function fetchBlob(
  registry: Registry,
  repository: string,
  content: Descriptor,
  call?: Call,
): Promise<Readable> {
  const reply = await registry.host.open(
    {
      method: 'GET',
      url: apiUrl(registry, `${repository}/blobs/${content.digest}`),
      scopes: pullScope(repository),
      size: content.size,
    },
    call,
  )
  const { body, status, headers } = reply
  if (body instanceof Readable && status === 200) return body
  if (body instanceof Readable) body.destroy()
  const error = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  if (isAbsence(reply)) {
    throw new StoreError(
      'CONTENT_MISSING',
      `${registry.name}/${repository} has no ${content.digest}`,
    )
  }
  throw refusal(registry, `reading ${content.digest} of ${repository}`, {
    status,
    headers,
    body: error,
  })
}
