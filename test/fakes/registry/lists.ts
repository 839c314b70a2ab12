import { answer, failure, jsonAnswer, notFound, type Answer, type Asked } from './answer.ts'
import type { Behaviour } from './options.ts'
import { descriptorsAt, documentOf, hashOf, type State, type StoredManifest } from './state.ts'

export function listTags(
  state: State,
  behaviour: Behaviour,
  asked: Asked,
  repository: string,
): Answer {
  const tags = state.repositories.get(repository)?.tags
  if (!tags) return failure(404, 'NAME_UNKNOWN', 'repository name not known to registry')
  const { entries, headers } = page(ordered([...tags.keys()], behaviour), behaviour, asked)
  const none = tags.size === 0 && !behaviour.paging
  return jsonAnswer({ name: repository, tags: none ? null : entries }, headers)
}

export function listCatalog(state: State, behaviour: Behaviour, asked: Asked): Answer {
  const names = [...state.repositories.keys()].toSorted()
  // even a registry whose tag listings have no pages has pages here
  const { entries, headers } = page(names, { ...behaviour, paging: true }, asked)
  return jsonAnswer({ repositories: entries }, headers)
}

export function listReferrers(
  state: State,
  { referrers }: Behaviour,
  { query }: Asked,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): Answer {
  if (!referrers) return notFound()
  const wanted = query.get('artifactType')
  const all = [...(state.repositories.get(repository)?.manifests.values() ?? [])].flatMap(found =>
    referrerTo(digest, found),
  )
  const type = 'application/vnd.oci.image.index.v1+json'
  const manifests = all.filter(({ artifactType }) => wanted === null || artifactType === wanted)
  return jsonAnswer(
    { schemaVersion: 2, mediaType: type, manifests },
    { 'content-type': type, ...(wanted !== null && { 'oci-filters-applied': 'artifactType' }) },
  )
}

interface Referrer {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly artifactType: unknown
  readonly annotations: unknown
}

function referrerTo(subject: string, { mediaType, digest, bytes }: StoredManifest): Referrer[] {
  const document = documentOf(bytes)
  if (!document || descriptorsAt(document, 'subject')[0]?.['digest'] !== subject) return []
  const artifactType =
    document['artifactType'] ?? descriptorsAt(document, 'config')[0]?.['mediaType']
  const { annotations } = document
  return [{ mediaType, digest, size: bytes.length, artifactType, annotations }]
}

function ordered(names: readonly string[], { order }: Behaviour): readonly string[] {
  if (order === 'sorted') return names.toSorted()
  const key = (name: string) => hashOf(Buffer.from(name), 'sha256')
  return names
    .map(name => ({ name, key: key(name) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ name }) => name)
}

function page(
  names: readonly string[],
  { paging, pageSize, links }: Behaviour,
  { query, path, origin }: Asked,
): { readonly entries: readonly string[]; readonly headers: Record<string, string> } {
  if (!paging) return { entries: names, headers: {} }
  const asked = query.get('n')
  const size = Math.min(asked === null ? Number.POSITIVE_INFINITY : Number(asked), pageSize)
  const last = query.get('last')
  const start = last === null ? 0 : after(names, last)
  const entries = names.slice(start, start + size)
  const more = entries.length > 0 && start + entries.length < names.length
  if (!more) return { entries, headers: {} }
  const rest = new URLSearchParams({ last: entries.at(-1) ?? '', n: String(size) })
  const base = links === 'absolute' ? origin : ''
  return { entries, headers: { link: `<${base}${path}?${rest.toString()}>; rel="next"` } }
}

/** Where `last` is, or where it would be were it still there (in a sorted listing). */
function after(names: readonly string[], last: string): number {
  const at = names.indexOf(last)
  if (at >= 0) return at + 1
  const greater = names.findIndex(name => name > last)
  return greater < 0 ? names.length : greater
}

export function answerBase(): Answer {
  return answer(
    200,
    { 'content-type': 'application/json', 'docker-distribution-api-version': 'registry/2.0' },
    Buffer.from('{}'),
  )
}
