import { StoreError } from '../../errors.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { isIndexType } from '../../oci/media-types.ts'
import type { Call } from '../../util/call.ts'
import { mapLimit } from '../../util/concurrency.ts'
import { reachOf, requireFree } from '../keepers.ts'
import { requireReference } from '../names.ts'
import type { Commits, Edit } from './commit.ts'
import type { Folder } from './folder.ts'
import { withoutTag, type Entry, type LayoutIndex } from '../index-document.ts'
import type { IndexFile } from './index-file.ts'
import { readManifest, resolve } from './read.ts'

/**
 * Takes entries out of `index.json`: those of a tag, or those that keep a manifest without naming
 * it. No blob goes, since repositories share them and others may be about to name them.
 */
export async function remove(
  folder: Folder,
  { indexFile, commits }: { readonly indexFile: IndexFile; readonly commits: Commits },
  {
    repository,
    reference,
    call,
  }: { readonly repository: string; readonly reference: string; readonly call: Call | undefined },
): Promise<void> {
  requireReference(repository, reference)
  call?.signal?.throwIfAborted()
  const at = { repository, reference }
  if (isDigest(reference) && (await resolve(folder, indexFile, at)) === undefined) return
  const edit: Edit = isDigest(reference)
    ? index => withoutManifest(folder, index, { repository, digest: reference })
    : index => withoutTag(index, { store: folder.name, repository, tag: reference })
  // where there is nothing to remove, there is no lock to take, and no folder to make
  if ((await edit((await indexFile.read()).index)) === undefined) return
  await commits.edit(edit, call)
}

/** Blobs are shared, so it is the names of the whole layout that keep one. */
async function withoutManifest(
  folder: Folder,
  index: LayoutIndex,
  { repository, digest }: { readonly repository: string; readonly digest: Digest },
): Promise<LayoutIndex | undefined> {
  const others = index.entries.filter(({ content }) => content.digest !== digest)
  const own = index.entries.filter(({ content }) => content.digest === digest)
  const indexes = others.filter(({ content }) => isIndexType(content.mediaType))
  const needing = await mapLimit(indexes, 8, async entry =>
    (await reaches(folder, entry, digest)) ? [entry.name ?? entry.content.digest] : [],
  )
  requireFree(
    `${folder.name}/${repository}@${digest}`,
    { naming: own.flatMap(({ name }) => name ?? []), needing: needing.flat() },
    'remove its tags instead',
  )
  return own.length > 0 ? { ...index, entries: others } : undefined
}

async function reaches(folder: Folder, { content }: Entry, digest: Digest): Promise<boolean> {
  const index = await readManifest(folder, content)
  if (index) return (await reachOf(index, child => readManifest(folder, child))).has(digest)
  throw new StoreError(
    'CONTENT_MISSING',
    `${folder.name}: what ${content.digest} needs cannot be told: it is not there`,
  )
}
