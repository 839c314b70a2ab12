import { answer, failure, type Answer, type Asked } from './answer.ts'
import type { Behaviour } from './options.ts'
import { descriptorsAt, documentOf, hashOf, type State, type StoredManifest } from './state.ts'

const CAP = 4 * 1024 * 1024

export interface At {
  readonly repository: string
  readonly reference: string
}

export async function handleManifest(
  state: State,
  behaviour: Behaviour,
  asked: Asked,
  at: At,
): Promise<Answer> {
  switch (asked.method) {
    case 'GET':
    case 'HEAD':
      return readManifest(state, behaviour, asked, at)
    case 'PUT':
      return putManifest(state, behaviour, asked, at)
    case 'DELETE':
      return deleteManifest(state, behaviour, at)
    default:
      return failure(405, 'UNSUPPORTED', 'the operation is unsupported')
  }
}

function readManifest(state: State, { strictAccept }: Behaviour, asked: Asked, at: At): Answer {
  const found = state.manifest(at.repository, at.reference)
  if (!found) return unknown(`unknown manifest ${at.reference}`)
  const accept = asked.headers.accept ?? ''
  if (strictAccept && !accept.includes(found.mediaType)) {
    return unknown(`accept header does not support ${found.mediaType}`)
  }
  return answer(
    200,
    {
      'content-type': found.mediaType,
      'docker-content-digest': found.digest,
      etag: `"${found.digest}"`,
    },
    found.bytes,
  )
}

async function putManifest(
  state: State,
  { tooLargeStatus, referrers }: Behaviour,
  asked: Asked,
  { repository, reference }: At,
): Promise<Answer> {
  const bytes = await readCapped(asked.body)
  if (!bytes) return failure(tooLargeStatus, 'MANIFEST_INVALID', 'request body too large')
  const mediaType = asked.headers['content-type'] ?? ''
  const document = documentOf(bytes)
  if (
    !document ||
    (document['mediaType'] ?? mediaType) !== mediaType ||
    !mediaType.endsWith('+json')
  ) {
    return failure(400, 'MANIFEST_INVALID', `not a manifest of type ${mediaType}`)
  }
  if (reference.includes(':') && hashOf(bytes, reference.split(':')[0] ?? '') !== reference) {
    return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
  }
  const missing = missingFrom(state, repository, document)
  if (missing !== undefined) {
    return failure(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`)
  }
  const digest = state.putManifest(repository, reference, mediaType, bytes)
  const [subject] = descriptorsAt(document, 'subject')
  return answer(201, {
    location: `/v2/${repository}/manifests/${digest}`,
    'docker-content-digest': digest,
    ...(subject && referrers && { 'oci-subject': String(subject['digest']) }),
  })
}

/** What the manifest names and the repository lacks: a blob, or an index's child. */
function missingFrom(
  state: State,
  repository: string,
  document: Record<string, unknown>,
): string | undefined {
  const blobs = [...descriptorsAt(document, 'config'), ...descriptorsAt(document, 'layers')]
    .filter(({ urls }) => urls === undefined)
    .map(({ digest }) => String(digest))
    .filter(digest => state.blob(repository, digest) === undefined)
  const children = descriptorsAt(document, 'manifests')
    .map(({ digest }) => String(digest))
    .filter(digest => state.manifest(repository, digest) === undefined)
  return [...blobs, ...children][0]
}

function deleteManifest(
  state: State,
  { deletes }: Behaviour,
  { repository, reference }: At,
): Answer {
  const found: StoredManifest | undefined = state.manifest(repository, reference)
  const byDigest = reference.includes(':')
  if (deletes === false) return failure(405, 'UNSUPPORTED', 'the operation is unsupported')
  if (deletes === 'digest' && !byDigest) {
    return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
  }
  if (!found) return unknown(`unknown manifest ${reference}`)
  const { manifests, tags } = state.repository(repository)
  if (!byDigest) {
    tags.delete(reference)
    return answer(202)
  }
  manifests.delete(found.digest)
  for (const [tag, digest] of tags) if (digest === found.digest) tags.delete(tag)
  return answer(202)
}

function unknown(message: string): Answer {
  return failure(404, 'MANIFEST_UNKNOWN', message)
}

async function readCapped(body: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size <= CAP) chunks.push(chunk)
  }
  return size > CAP ? undefined : Buffer.concat(chunks)
}
