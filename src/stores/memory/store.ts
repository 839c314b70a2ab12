/** Lives as long as its process. As in a registry, each repository has content of its own. */
import { addAbortSignal, Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { blobs, children, MAX_MANIFEST_BYTES, parseManifest } from '../../oci/manifest.ts'
import { isForeignLayer } from '../../oci/media-types.ts'
import { referrerOf } from '../../oci/referrers.ts'
import type { Call } from '../../util/call.ts'
import { readVerified, verifiedBytes } from '../../util/verified.ts'
import { requireFree } from '../keepers.ts'
import { requireReference, requireRepository, requireTags } from '../names.ts'
import type { BlobSource, Holding, Manifested, Referring, Store, WriteSession } from '../store.ts'

interface Repository {
  readonly contents: Map<Digest, Buffer>
  readonly manifests: Map<Digest, Manifested>
  readonly tags: Map<string, Digest>
}

type Repositories = Map<string, Repository>

export async function openMemory({
  name,
}: {
  readonly name: string
}): Promise<Store & Referring & Holding> {
  const repositories: Repositories = new Map()

  function manifest(repository: string, reference: string): Manifested | undefined {
    const found = repositories.get(repository)
    const digest = isDigest(reference) ? reference : found?.tags.get(reference)
    return digest && found?.manifests.get(digest)
  }

  return {
    name,
    tags: async repository => {
      const found = repositories.get(repository)
      return found && found.manifests.size > 0 ? [...found.tags.keys()] : undefined
    },
    resolve: async (repository, reference) => manifest(repository, reference)?.content,
    manifest: async (repository, reference) => manifest(repository, reference),
    fetch: async (repository, { digest }, { signal } = {}) => {
      const bytes = repositories.get(repository)?.contents.get(digest)
      if (!bytes) throw missing(name, repository, digest)
      const stream = Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false })
      return signal ? addAbortSignal(signal, stream) : stream
    },
    holds: async (repository, content) => isThere(repositories.get(repository), content),
    referrers: async (repository, subject) => {
      const all = [...(repositories.get(repository)?.manifests.values() ?? [])]
      return all.flatMap(({ content, bytes }) => {
        const document = parseManifest(bytes, content.mediaType)
        return document.subject?.digest === subject ? [referrerOf(content, document)] : []
      })
    },
    write: (repository, body, call) => write(name, repositories, { repository, body, call }),
    remove: async (repository, reference, { signal } = {}) => {
      requireReference(repository, reference)
      signal?.throwIfAborted()
      const found = repositories.get(repository)
      if (isDigest(reference)) removeManifest(found, reference, `${name}/${repository}`)
      else found?.tags.delete(reference)
    },
    close: async () => {},
  }
}

async function write<T>(
  name: string,
  repositories: Repositories,
  {
    repository,
    body,
    call = {},
  }: {
    readonly repository: string
    readonly body: (session: WriteSession) => Promise<T>
    readonly call?: Call | undefined
  },
): Promise<T> {
  requireRepository(repository)
  call.signal?.throwIfAborted()
  const target = repositories.get(repository) ?? emptyRepository()
  repositories.set(repository, target)
  const named: (readonly [string, Digest])[] = []
  const result = await body({
    has: async content => isThere(target, content),
    async put(content, bytes, mountFrom) {
      const linked = repositories.get(mountFrom ?? '')?.contents.get(content.digest)
      target.contents.set(content.digest, linked ?? (await receive(content, bytes, call)))
      return linked ? 'mounted' : 'put'
    },
    async putManifest({ content, bytes }, tags) {
      requireTags(tags)
      const document = parseManifest(verifiedBytes(bytes, content), content.mediaType)
      const parts = [...blobs(document), ...children(document)]
      const lacking = parts.find(part => !isForeignLayer(part.mediaType) && !isThere(target, part))
      if (lacking) throw missing(name, repository, lacking.digest)
      const { mediaType, digest, size } = content
      target.contents.set(digest, bytes)
      target.manifests.set(digest, { content: { mediaType, digest, size }, bytes })
      named.push(...tags.map(tag => [tag, digest] as const))
    },
  })
  call.signal?.throwIfAborted()
  for (const [tag, digest] of named) target.tags.set(tag, digest)
  return result
}

function removeManifest(repository: Repository | undefined, digest: Digest, where: string): void {
  if (!repository?.manifests.has(digest)) return
  const { contents, manifests, tags } = repository
  const naming = [...tags].flatMap(([tag, named]) => (named === digest ? [tag] : []))
  const needing = [...manifests.values()].flatMap(({ content, bytes }) => {
    const parts = children(parseManifest(bytes, content.mediaType))
    return parts.some(part => part.digest === digest) ? [content.digest] : []
  })
  requireFree(`${where}@${digest}`, { naming, needing }, 'remove its tags instead')
  manifests.delete(digest)
  contents.delete(digest)
}

/** Nothing large is kept in memory by mistake: tests that need more want another store. */
const MAX_BLOB_BYTES = 64 * MAX_MANIFEST_BYTES

async function receive(content: Descriptor, bytes: BlobSource, { signal }: Call): Promise<Buffer> {
  const source = await bytes()
  if (Buffer.isBuffer(source)) return verifiedBytes(source, content)
  if (signal) addAbortSignal(signal, source)
  try {
    return await readVerified(source, content, MAX_BLOB_BYTES)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}

function emptyRepository(): Repository {
  return { contents: new Map(), manifests: new Map(), tags: new Map() }
}

function isThere(repository: Repository | undefined, { digest, size }: Descriptor): boolean {
  return repository?.contents.get(digest)?.length === size
}

function missing(name: string, repository: string, digest: Digest): StoreError {
  return new StoreError('CONTENT_MISSING', `${name}/${repository} has no ${digest}`)
}
