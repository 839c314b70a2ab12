import { dirname } from 'node:path'
import { addAbortSignal, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { fallbackTag, referrerOf } from '../../oci/referrers.ts'
import type { Call } from '../../util/call.ts'
import { verifiedBytes } from '../../util/verified.ts'
import type { Bundle, BundledImage } from '../bundle.ts'
import { located } from '../failure.ts'
import { findTag, tagsOf } from '../index-document.ts'
import type { Holding, Manifested, Referring, Store } from '../store.ts'
import { sorted } from './encode.ts'
import type { Staging } from './staging.ts'
import { openContent, requireContent, type State } from './state.ts'
import type { Archive, Node } from './types.ts'

export interface ReadInit {
  readonly name: string
  readonly path: string
  readonly state: State
  /** What was put and is in no file yet can be read too. */
  readonly staging?: Staging
}

type Reading = Pick<Store, 'name' | 'tags' | 'resolve' | 'manifest' | 'fetch'> &
  Referring &
  Holding &
  Pick<Bundle, 'images'>

export function createReading(init: ReadInit): Reading {
  const { name, path, state, staging } = init
  const looking = <T>(look: (archive: Archive) => T | Promise<T>, call?: Call): Promise<T> =>
    located({ name, path: dirname(path) }, async () => look(await state.current(call)))

  return {
    name,
    tags: (repository, call) => looking(({ names }) => tagsOf(names, repository), call),
    resolve: (repository, reference, call) =>
      looking(archive => find(archive, { store: name, repository, reference })?.content, call),
    manifest: (repository, reference, call) =>
      looking(archive => readManifest(init, archive, { repository, reference }), call),
    fetch: (_, content, call) => looking(() => fetchBlob(init, content, call)),
    holds: (_, { digest, size }, call) =>
      looking(
        ({ contents }) => (staging?.sizeOf(digest) ?? contents.get(digest)?.size) === size,
        call,
      ),
    referrers: (repository, subject, call) =>
      looking(archive => referrersIn(archive, { store: name, repository, subject }), call),
    images: call => looking(archive => (archive.source ? imagesIn(archive) : undefined), call),
  }
}

interface At {
  readonly store: string
  readonly repository: string
  readonly reference: string
}

/** A name whose manifest is not in the archive names nothing: there is nothing to read. */
function find({ names, nodes }: Archive, { store, repository, reference }: At): Node | undefined {
  if (isDigest(reference)) return nodes.get(reference)
  const named = findTag(names, { store, repository, tag: reference })
  return named && nodes.get(named.digest)
}

async function readManifest(
  init: ReadInit,
  archive: Archive,
  at: Omit<At, 'store'>,
): Promise<Manifested | undefined> {
  const content = find(archive, { store: init.name, ...at })?.content
  if (!content) return undefined
  const bytes = await buffer(await fetchBlob(init, content))
  return { content, bytes: verifiedBytes(bytes, content) }
}

/** Who replaces the file that often is not to be waited for. */
const MOST_LOOKS = 5

async function fetchBlob(
  { name, state, staging }: ReadInit,
  content: Descriptor,
  call: Call = {},
): Promise<Readable> {
  const { signal } = call
  const { digest, size } = content
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const archive = await state.current(call)
    const isStaged = staging?.sizeOf(digest) === size
    const bytes = isStaged
      ? await staging.open(digest)
      : await openContent(archive, requireContent(archive, content, name))
    if (bytes === undefined) continue
    const stream = Buffer.isBuffer(bytes) ? streamOf(bytes) : bytes
    return signal ? addAbortSignal(signal, stream) : stream
  }
  throw new StoreError('STORE_CONFLICT', `${name}: the archive is replaced again and again`, {
    hint: 'run again when nobody writes it',
  })
}

function streamOf(bytes: Buffer): Readable {
  return Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false })
}

function referrersIn(
  { names, nodes }: Archive,
  {
    store,
    repository,
    subject,
  }: { readonly store: string; readonly repository: string; readonly subject: Digest },
): readonly Descriptor[] {
  const own = [...nodes.values()].flatMap(({ content, document }) =>
    document.subject?.digest === subject ? [referrerOf(content, document)] : [],
  )
  // where other tools keep what refers to a manifest
  const named = findTag(names, { store, repository, tag: fallbackTag(subject) })
  const fallback = named && nodes.get(named.digest)?.document
  const listed = fallback?.kind === 'index' ? fallback.manifests : []
  return [...new Map([...own, ...listed].map(content => [content.digest, content])).values()]
}

function imagesIn({ index, nodes }: Archive): readonly BundledImage[] {
  return sorted(index).entries.flatMap(({ content, place }): readonly BundledImage[] => {
    const node = nodes.get(content.digest)
    if (!node || (!place && node.document.subject)) return []
    return [{ content: node.content, ...place }]
  })
}
