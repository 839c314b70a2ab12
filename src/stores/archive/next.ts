/** Writes an archive whole, from what the present one has and from what was put since. */
import { stat, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { blobs, children } from '../../oci/manifest.ts'
import { isForeignLayer } from '../../oci/media-types.ts'
import { packed, type PackedMember } from '../../tar/pack.ts'
import { replaceFile, sinkOf, syncFolder } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import { unless } from '../../util/errno.ts'
import { markOf, type Identity } from '../../util/holder.ts'
import { verified } from '../../util/verified.ts'
import type { LayoutIndex } from '../index-document.ts'
import { encodeEntries, encodeItems, LAYOUT_BYTES } from './encode.ts'
import { blobName } from './nodes.ts'
import type { Staging } from './staging.ts'
import { openContent } from './state.ts'
import type { Archive, Node, Nodes } from './types.ts'

export type Format = 'docker' | 'oci'

export interface NextInit {
  readonly name: string
  readonly path: string
  readonly format: Format
  readonly self: Identity
  readonly staging: Staging
}

export interface NextFile extends Call {
  readonly index: LayoutIndex
  readonly nodes: Nodes
  /** Of all blobs in it, as far as they are to be had. */
  readonly digests: Iterable<Digest>
  /** The last thing before it takes the place of the present one. */
  readonly confirm: () => Promise<void>
}

/** A manifest is no use without what it names; a subject may come later, or never. */
export function requireNode(
  { name, staging }: Pick<NextInit, 'name' | 'staging'>,
  { contents }: Archive,
  { content, document }: Node,
): void {
  const has = ({ digest, size }: Descriptor) =>
    (staging.sizeOf(digest) ?? contents.get(digest)?.size) === size
  const parts = [...blobs(document), ...children(document)]
  const lacking = parts.find(part => !isForeignLayer(part.mediaType) && !has(part))
  if (!lacking) return
  throw new StoreError(
    'CONTENT_MISSING',
    `${name} has no ${lacking.digest}, which ${content.digest} needs`,
  )
}

export async function writeNext(init: NextInit, archive: Archive, next: NextFile): Promise<void> {
  const { path, self } = init
  const { confirm, signal } = next
  const members = membersOf(init, archive, next)
  const present = await unless('ENOENT', stat(path))
  const fill = async (file: FileHandle): Promise<void> => {
    const tar = Readable.from(packed(members), { objectMode: false })
    await pipeline(tar, sinkOf(file), { ...(signal && { signal }) })
    await confirm()
  }
  try {
    await replaceFile(path, fill, {
      signal,
      mark: markOf(self),
      ...(present && { mode: present.mode & 0o777 }),
    })
  } catch (error) {
    // a stream that was stopped says so in words of its own
    signal?.throwIfAborted()
    throw error
  }
  await syncFolder(dirname(path))
}

function membersOf(
  init: NextInit,
  archive: Archive,
  { index, nodes, digests }: NextFile,
): readonly PackedMember[] {
  const sizeOf = (digest: Digest) =>
    init.staging.sizeOf(digest) ?? archive.contents.get(digest)?.size
  const blobMembers = [...digests].flatMap((digest): readonly PackedMember[] => {
    const size = sizeOf(digest)
    if (size === undefined) return []
    const content = { mediaType: '', digest, size }
    return [{ name: blobName(digest), size, open: () => openBlob(init, archive, content) }]
  })
  const items = (): Buffer => encodeItems(index, nodes, digest => sizeOf(digest) !== undefined)
  return [
    documentMember('oci-layout', LAYOUT_BYTES),
    documentMember('index.json', encodeEntries(index)),
    ...(init.format === 'docker' ? [documentMember('manifest.json', items())] : []),
    ...blobMembers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  ]
}

function documentMember(name: string, bytes: Buffer): PackedMember {
  return { name, size: bytes.length, open: async () => bytes }
}

/** Checked once more: what is damaged must not get into the next file as if it were whole. */
async function openBlob(
  { name, staging }: NextInit,
  archive: Archive,
  content: Descriptor,
): Promise<Readable> {
  const { digest } = content
  const stored = archive.contents.get(digest)
  const isStaged = staging.sizeOf(digest) !== undefined
  const bytes = isStaged
    ? await staging.open(digest)
    : stored && (await openContent(archive, stored))
  if (bytes === undefined) {
    throw new StoreError('STORE_CONFLICT', `${name}: the archive was replaced meanwhile`, {
      hint: 'run again',
    })
  }
  return verified(Buffer.isBuffer(bytes) ? Readable.from([bytes]) : bytes, content)
}
