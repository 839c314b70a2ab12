import { mkdir } from 'node:fs/promises'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import {
  blobs,
  children,
  parseManifest,
  type ImageManifest,
  type Index,
} from '../../oci/manifest.ts'
import { isForeignLayer } from '../../oci/media-types.ts'
import { replaceFile } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { verifiedBytes } from '../../util/verified.ts'
import { requireRepository, requireTags } from '../names.ts'
import { receive } from '../receive.ts'
import type { BlobSource, WriteSession } from '../store.ts'
import type { Commits } from './commit.ts'
import { located } from '../failure.ts'
import { blobFolder, blobPath, hasBlob, type Folder } from './folder.ts'
import type { Change } from '../index-document.ts'
import type { Sitting } from './presence.ts'

/** Blobs are there at once, for anybody who knows their digest; names only after `body`. */
export async function write<T>(
  folder: Folder,
  commits: Commits,
  {
    repository,
    body,
    sitting,
    call = {},
  }: {
    readonly repository: string
    readonly body: (session: WriteSession) => Promise<T>
    readonly sitting: Sitting
    readonly call?: Call | undefined
  },
): Promise<T> {
  requireRepository(repository)
  call.signal?.throwIfAborted()
  const changes: Change[] = []
  const desk: Desk = { folder, commits, sitting }
  const result = await body({
    has: content =>
      located(folder, async () => {
        await sitting.begin(call)
        return hasBlob(folder, content)
      }),
    put: (content, bytes) => located(folder, () => put(desk, { content, bytes, call })),
    async putManifest({ content, bytes }, tags) {
      requireTags(tags)
      const document = parseManifest(verifiedBytes(bytes, content), content.mediaType)
      await located(folder, async () => {
        await sitting.begin(call)
        await requireParts(folder, content, document)
        await put(desk, { content, bytes: async () => bytes, call })
      })
      changes.push(...tags.map(tag => ({ content, name: `${repository}:${tag}` })))
      // without an entry of its own nothing would reach it, nor could its subject's readers find it
      if (document.subject) changes.push({ content })
    },
  })
  if (changes.length > 0) await commits.commit(changes, call)
  return result
}

interface Desk {
  readonly folder: Folder
  readonly commits: Commits
  readonly sitting: Sitting
}

/** A layout shares its blobs, so what any of its repositories has need not be written again. */
async function put(
  { folder, commits, sitting }: Desk,
  {
    content,
    bytes,
    call: { signal },
  }: { readonly content: Descriptor; readonly bytes: BlobSource; readonly call: Call },
): Promise<'put' | 'mounted'> {
  await sitting.begin({ signal })
  if (await hasBlob(folder, content)) return 'mounted'
  await commits.prepare({ signal })
  // where there was no folder yet
  await sitting.begin({ signal })
  await mkdir(blobFolder(folder, content.digest), { recursive: true })
  const path = blobPath(folder, content.digest)
  try {
    await replaceFile(path, file => receive(file, { content, bytes, signal }), {
      signal,
      mark: folder.mark,
    })
    return 'put'
  } catch (error) {
    // a stream that was stopped says so in words of its own
    signal?.throwIfAborted()
    throw error
  }
}

/** A manifest is no use without what it names; a subject may come later, or never. */
async function requireParts(
  folder: Folder,
  content: Descriptor,
  document: ImageManifest | Index,
): Promise<void> {
  for (const part of [...blobs(document), ...children(document)]) {
    if (isForeignLayer(part.mediaType) || (await hasBlob(folder, part))) continue
    throw new StoreError(
      'CONTENT_MISSING',
      `${folder.name} has no ${part.digest}, which ${content.digest} needs`,
    )
  }
}
