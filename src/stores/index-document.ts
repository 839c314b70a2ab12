/**
 * `index.json` as a value: which name stands for what.
 *
 * A name is the annotation `org.opencontainers.image.ref.name`, `repository:tag`. Other tools also
 * write bare tags. Those belong to the one repository of a layout: the only one that full names
 * mention, or, where there are no full names, whichever is asked for. In a layout with full names
 * of several repositories nobody can tell, and bare tags are nobody's.
 */
import { StoreError } from '../errors.ts'
import { parseDescriptor, type Descriptor } from '../oci/descriptor.ts'
import { parseDocument } from '../oci/document.ts'
import { OCI_INDEX } from '../oci/media-types.ts'
import { isRepository, isTag } from '../oci/reference.ts'

export const REF_NAME = 'org.opencontainers.image.ref.name'

export interface Entry {
  /** As it stands in the file, whatever else it says. */
  readonly raw: unknown
  /** The manifest alone, without what the entry says about it. */
  readonly content: Descriptor
  readonly name?: string
  /** What the name means; a bare tag has no repository. */
  readonly place?: { readonly repository?: string; readonly tag: string }
}

export interface LayoutIndex {
  readonly document: Readonly<Record<string, unknown>>
  readonly entries: readonly Entry[]
}

/** A manifest that gets a name, or just has to stay reachable. */
export interface Change {
  readonly content: Descriptor
  readonly name?: string
}

export const NO_INDEX: LayoutIndex = {
  document: { schemaVersion: 2, mediaType: OCI_INDEX },
  entries: [],
}

export function parseIndex(bytes: Buffer, where: string): LayoutIndex {
  return indexOf(parseDocument(bytes, where), where)
}

export function indexOf(document: LayoutIndex['document'], where: string): LayoutIndex {
  const list = document['manifests']
  if (!Array.isArray(list)) {
    throw new StoreError('CONTENT_CORRUPT', `${where} has no list of manifests`)
  }
  return { document, entries: list.map((raw, at) => parseEntry(raw, `${where}: manifests[${at}]`)) }
}

function parseEntry(raw: unknown, where: string): Entry {
  const { mediaType, digest, size, annotations } = parseDescriptor(raw, where)
  const name = annotations?.[REF_NAME]
  const place = name === undefined ? undefined : parseName(name)
  return {
    raw,
    content: { mediaType, digest, size },
    ...(name !== undefined && { name }),
    ...(place && { place }),
  }
}

/** `undefined` for names that are of no use here; their entries are kept. */
function parseName(name: string): Entry['place'] {
  if (isTag(name)) return { tag: name }
  const colon = name.lastIndexOf(':')
  const repository = name.slice(0, Math.max(0, colon))
  const tag = name.slice(colon + 1)
  return isRepository(repository) && isTag(tag) ? { repository, tag } : undefined
}

export function encodeIndex({ document, entries }: LayoutIndex): string {
  return JSON.stringify({ ...document, manifests: entries.map(({ raw }) => raw) })
}

/** The index with `changes`, in the order they were made; `undefined` where it says all that. */
export function withChanges(
  { document, entries }: LayoutIndex,
  changes: readonly Change[],
): LayoutIndex | undefined {
  const named = new Map<string, Change>()
  const nameless = new Map<string, Change>()
  for (const change of changes) {
    if (change.name === undefined) nameless.set(change.content.digest, change)
    else named.set(change.name, change)
  }
  const missing = new Map(named)
  let moved = false
  const kept = entries.flatMap(entry => {
    if (entry.name === undefined) nameless.delete(entry.content.digest)
    const change = entry.name === undefined ? undefined : named.get(entry.name)
    if (change === undefined) return [entry]
    const isFirst = missing.delete(change.name ?? '')
    if (isSame(entry.content, change.content)) return [entry]
    moved = true
    return isFirst ? [entryOf(change)] : []
  })
  const added = [...missing.values(), ...nameless.values()].map(entryOf)
  return moved || added.length > 0 ? { document, entries: [...kept, ...added] } : undefined
}

function entryOf({ content: { mediaType, digest, size }, name }: Change): Entry {
  const content = { mediaType, digest, size }
  if (name === undefined) return { raw: content, content }
  const place = parseName(name)
  const raw = { ...content, annotations: { [REF_NAME]: name } }
  return { raw, content, name, ...(place && { place }) }
}

function isSame(a: Descriptor, b: Descriptor): boolean {
  return a.digest === b.digest && a.size === b.size && a.mediaType === b.mediaType
}

/** All names of an index, by repository; `''` has the bare tags. */
export type Names = ReadonlyMap<string, ReadonlyMap<string, readonly Entry[]>>

const BARE = ''

export function namesOf({ entries }: LayoutIndex): Names {
  const names = new Map<string, Map<string, Entry[]>>()
  for (const entry of entries) {
    if (!entry.place) continue
    const { repository = BARE, tag } = entry.place
    const tags = names.get(repository) ?? new Map<string, Entry[]>()
    const same = tags.get(tag) ?? []
    same.push(entry)
    names.set(repository, tags.set(tag, same))
  }
  return names
}

export function tagsOf(names: Names, repository: string): readonly string[] | undefined {
  const tags = new Set([
    ...(names.get(repository)?.keys() ?? []),
    ...bareOf(names, repository).keys(),
  ])
  return tags.size > 0 ? [...tags] : undefined
}

interface At {
  readonly store: string
  readonly repository: string
  readonly tag: string
}

/** What a tag names. A name that stands for two things is an error, since either may be meant. */
export function findTag(names: Names, at: At): Descriptor | undefined {
  const { repository, tag } = at
  return onlyContent(
    names.get(repository)?.get(tag) ?? bareOf(names, repository).get(tag) ?? [],
    at,
  )
}

/**
 * The index without a tag, `undefined` where it has none such. A bare tag that a full name hides
 * goes with it, lest it comes to light; where that is another image, nobody can tell what to take.
 */
export function withoutTag(index: LayoutIndex, at: At): LayoutIndex | undefined {
  const { repository, tag } = at
  const names = namesOf(index)
  const full = names.get(repository)?.get(tag) ?? []
  const gone = [...full, ...(bareOf(names, repository).get(tag) ?? [])]
  if (onlyContent(gone, at) === undefined) return undefined
  return { ...index, entries: index.entries.filter(entry => !gone.includes(entry)) }
}

function onlyContent(
  entries: readonly Entry[],
  { store, repository, tag }: At,
): Descriptor | undefined {
  const [first, ...rest] = entries
  if (rest.every(({ content }) => content.digest === first?.content.digest)) return first?.content
  const digests = entries.slice(0, 5).map(({ content }) => content.digest)
  throw new StoreError('STORE_CONFLICT', `${store}/${repository}:${tag} names several images`, {
    hint: `remove all but one from index.json, or use a digest: ${digests.join(', ')}`,
  })
}

function bareOf(names: Names, repository: string): ReadonlyMap<string, readonly Entry[]> {
  const full = [...names.keys()].filter(name => name !== BARE)
  const isOnly = full.length === 0 || (full.length === 1 && full[0] === repository)
  return (isOnly ? names.get(BARE) : undefined) ?? new Map()
}
