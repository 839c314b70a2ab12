import { StoreError } from '../../errors.ts'
import type { Host } from '../../http/host.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isIndexType } from '../../oci/media-types.ts'
import { addReferrer, fallbackTag } from '../../oci/referrers.ts'
import type { Call } from '../../util/call.ts'
import type { Listing } from '../listing.ts'
import type { Referring, Store } from '../store.ts'
import { listRepositories } from './catalog.ts'
import { CHUNKING, type Chunking } from './chunks.ts'
import { fetchBlob, manifest, resolve } from './read.ts'
import { createReferrers } from './referrers.ts'
import { createRemoval } from './remove.ts'
import { listTags } from './tags.ts'
import type { Registry } from './wire.ts'
import { createSession, sendManifest, type Habits } from './write.ts'

/** A remote registry (OCI distribution 1.1, Docker v2). `host` stays the caller's to close. */
export function openRegistry(init: {
  readonly name: string
  readonly host: Host
  readonly now: () => number
  readonly chunking?: Chunking
}): Store & Referring & Listing {
  const registry: Registry = init
  const { chunking = CHUNKING } = init
  const habits: Habits = { singlePost: undefined, takesChunks: true, broken: new Set() }
  const referrers = createReferrers(registry)
  const referred = createFallback(registry)
  const remove = createRemoval(registry)
  return {
    name: init.name,
    repositories: call => listRepositories(registry, call),
    tags: (repository, call) => listTags(registry, repository, call),
    resolve: (repository, reference, call) => resolve(registry, repository, reference, call),
    manifest: (repository, reference, call) => manifest(registry, repository, reference, call),
    fetch: (repository, content, call) => fetchBlob(registry, repository, content, call),
    referrers: (repository, subject, call) =>
      referrers.of(repository, subject, call?.subjects ?? 1, call),
    async write(repository, body, call) {
      call?.signal?.throwIfAborted()
      return body(
        createSession({
          registry,
          habits,
          chunking,
          repository,
          referred: (subject, referrer) => referred(repository, subject, referrer, call),
          call,
        }),
      )
    },
    remove,
    close: () => Promise.resolve(),
  }
}

type Referred = (
  repository: string,
  subject: Digest,
  referrer: Descriptor,
  call?: Call,
) => Promise<void>

/**
 * Keeps the fallback tag's index: read, add, write, one after the other for each subject. Two
 * programs at once can lose an entry; the specification has no remedy, and the next run adds it.
 */
function createFallback(registry: Registry): Referred {
  const turns = new Map<string, Promise<void>>()
  return (repository, subject, referrer, call) => {
    const tag = fallbackTag(subject)
    const key = `${repository}:${tag}`
    const add = () => addToTag(registry, { repository, tag, referrer }, call)
    // a turn that failed was its caller's to hear of; the next one does not depend on it
    const turn = (turns.get(key) ?? Promise.resolve()).then(add, add)
    turns.set(key, turn)
    return turn
  }
}

async function addToTag(
  registry: Registry,
  { repository, tag, referrer }: { repository: string; tag: string; referrer: Descriptor },
  call?: Call,
): Promise<void> {
  const current = await manifest(registry, repository, tag, call)
  if (current && !isIndexType(current.content.mediaType)) {
    throw new StoreError(
      'STORE_CONFLICT',
      `${registry.name}/${repository}:${tag} is an image, not the list of referrers its name is for`,
      { hint: 'move or remove that tag' },
    )
  }
  const next = addReferrer(current?.bytes, referrer)
  if (next !== undefined) {
    await sendManifest({ registry, repository, call }, next.content, next.bytes, tag)
  }
}
