import { dirname } from 'node:path'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import type { Call } from '../../util/call.ts'
import { verifiedBytes } from '../../util/verified.ts'
import { located } from '../failure.ts'
import type { Change } from '../index-document.ts'
import { requireRepository, requireTags } from '../names.ts'
import type { BlobSource, Manifested, WriteSession } from '../store.ts'
import type { CommitInit, Wanted } from './commit.ts'
import { requireNode } from './next.ts'
import type { Node } from './types.ts'

export interface Writing<T> {
  readonly repository: string
  readonly body: (session: WriteSession) => Promise<T>
  readonly call?: Call | undefined
}

export type SessionInit = Pick<CommitInit, 'name' | 'path' | 'staging' | 'state'>

/** Runs `body`, and hands on what it wants of the next file, of which nothing is there yet. */
export async function runSession<T>(
  { name, path, staging, state }: SessionInit,
  { repository, body, call = {} }: Writing<T>,
  pinned: Set<Digest>,
): Promise<Omit<Wanted, 'release'> & { readonly result: T }> {
  requireRepository(repository)
  call.signal?.throwIfAborted()
  const changes: Change[] = []
  const nodes = new Map<Digest, Node>()
  const where = { name, path: dirname(path) }

  async function has({ digest, size }: Descriptor): Promise<boolean> {
    const { contents } = await state.current(call)
    const isThere = (staging.sizeOf(digest) ?? contents.get(digest)?.size) === size
    if (isThere) pinned.add(digest)
    return isThere
  }

  async function put(content: Descriptor, bytes: BlobSource): Promise<'put' | 'mounted'> {
    if (await has(content)) return 'mounted'
    await staging.put(content, bytes, call)
    pinned.add(content.digest)
    return 'put'
  }

  async function putManifest(manifest: Manifested, tags: readonly string[]): Promise<void> {
    requireTags(tags)
    const { mediaType, digest, size } = manifest.content
    const content = { mediaType, digest, size }
    const document = parseManifest(verifiedBytes(manifest.bytes, content), mediaType)
    requireNode({ name, staging }, await state.current(call), { content, document })
    await put(content, async () => manifest.bytes)
    nodes.set(digest, { content, document })
    changes.push(...tags.map(tag => ({ content, name: `${repository}:${tag}` })))
    // without an entry of its own nothing might reach it; one that is not needed goes at the commit
    if (tags.length === 0 || document.subject) changes.push({ content })
  }

  const result = await body({
    has: content => located(where, () => has(content)),
    put: (content, bytes) => located(where, () => put(content, bytes)),
    putManifest: (manifest, tags) => located(where, () => putManifest(manifest, tags)),
  })
  call.signal?.throwIfAborted()
  return { result, changes, nodes }
}
