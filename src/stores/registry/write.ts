import { StoreError } from '../../errors.ts'
import { headerOf, type Reply } from '../../http/types.ts'
import { algorithmOf, isDigest, type Digest } from '../../oci/digest.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { referrerOf } from '../../oci/referrers.ts'
import type { Call } from '../../util/call.ts'
import { verifiedBytes } from '../../util/verified.ts'
import type { Manifested, WriteSession } from '../store.ts'
import { putBlob } from './blobs.ts'
import type { Chunking } from './chunks.ts'
import { has } from './has.ts'
import { apiUrl, pushScope, refusal, type Registry } from './wire.ts'

/** What was learnt about a registry while writing to it; kept for the run. */
export interface Habits {
  /** Whether it takes a blob in a single POST (distribution-spec, "Single POST"). */
  singlePost: boolean | undefined
  /** Whether it takes blobs in pieces. */
  takesChunks: boolean
  /** Blobs whose upload broke off: the next attempt is made in pieces. */
  readonly broken: Set<Digest>
}

export interface WriteInit {
  readonly registry: Registry
  readonly habits: Habits
  readonly chunking: Chunking
  readonly repository: string
  /** Adds `referrer` to the fallback tag of `subject`, for registries without the referrers API. */
  readonly referred: (subject: Digest, referrer: Descriptor, call?: Call) => Promise<void>
  readonly call?: Call | undefined
}

export function createSession(init: WriteInit): WriteSession {
  return {
    has: content => has(init, content),
    put: (content, bytes, mountFrom) => putBlob(init, content, bytes, mountFrom),
    putManifest: (manifest, tags) => putManifest(init, manifest, tags),
  }
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
