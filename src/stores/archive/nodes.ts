import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, hexOf, isDigest, type Digest } from '../../oci/digest.ts'
import { children, MAX_MANIFEST_BYTES, parseManifest } from '../../oci/manifest.ts'
import { isManifestType } from '../../oci/media-types.ts'
import type { Members } from '../../tar/members.ts'
import { verifiedBytes } from '../../util/verified.ts'
import type { LayoutIndex } from '../index-document.ts'
import type { Reader } from './reader.ts'
import type { Content, Contents, Node, Nodes } from './types.ts'

/** Where a blob is in an OCI archive (OCI image-layout, "Blobs"). */
export function blobName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
}

export function blobsIn(members: Members): Map<Digest, Content> {
  const contents = new Map<Digest, Content>()
  for (const [name, region] of members) {
    const [folder, algorithm, hex, ...more] = name.split('/')
    const digest = `${algorithm}:${hex}`
    if (folder === 'blobs' && more.length === 0 && isDigest(digest)) contents.set(digest, region)
  }
  return contents
}

/**
 * Every manifest that the index reaches, verified. One that is not there is left out: docker saves
 * an index whole, and of its images only those that it has.
 */
export async function readNodes(
  { entries }: LayoutIndex,
  contents: Contents,
  reader: Reader,
): Promise<Nodes> {
  const nodes = new Map<Digest, Node>()
  const waiting = entries.map(({ content }) => content)
  for (const content of waiting) {
    if (!isManifestType(content.mediaType)) continue
    const known = nodes.get(content.digest)
    if (known) requireSame(known.content, content, reader.where)
    const found = known ? undefined : contents.get(content.digest)
    if (!found) continue
    const node = await readNode(content, found, reader)
    nodes.set(content.digest, node)
    waiting.push(...children(node.document))
  }
  return nodes
}

async function readNode(content: Descriptor, found: Content, reader: Reader): Promise<Node> {
  const { digest, mediaType } = content
  const name = blobName(digest)
  const bytes = 'bytes' in found ? found.bytes : await reader.read(found, MAX_MANIFEST_BYTES, name)
  try {
    const { size } = content
    const document = parseManifest(verifiedBytes(bytes, content), mediaType)
    return { content: { mediaType, digest, size }, document }
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause
    throw new StoreError(cause.code, `${reader.where}: ${name}: ${cause.message}`, {
      cause: cause.cause,
      hint: cause.hint,
    })
  }
}

/** One digest is one thing, whoever names it. */
function requireSame(known: Descriptor, content: Descriptor, where: string): void {
  if (known.mediaType === content.mediaType && known.size === content.size) return
  throw new StoreError(
    'CONTENT_CORRUPT',
    `${where}: ${content.digest} is said to be ${known.mediaType} of ${known.size} bytes, and ${content.mediaType} of ${content.size}`,
  )
}
