import type { Descriptor } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { blobs, children, MAX_MANIFEST_BYTES, parseManifest } from '../../oci/manifest.ts'
import { isManifestType } from '../../oci/media-types.ts'
import { openBlob, readOpen, type Folder } from './folder.ts'
import type { LayoutIndex } from '../index-document.ts'
import { readManifest } from './read.ts'

/**
 * All that `index.json` reaches. What is there and cannot be read is an error: nobody can tell what
 * it needs. What is not there needs nothing.
 */
export async function reachOfIndex(
  folder: Folder,
  { entries }: LayoutIndex,
): Promise<ReadonlySet<Digest>> {
  const reach = new Set<Digest>()
  const walked = new Set<Digest>()
  const documents = entries.map(({ content }) => content)
  for (const content of documents) {
    reach.add(content.digest)
    if (walked.has(content.digest)) continue
    walked.add(content.digest)
    if (!isManifestType(content.mediaType)) {
      for (const digest of await mentionedIn(folder, content)) reach.add(digest)
      continue
    }
    const found = await readManifest(folder, content)
    if (found === undefined) continue
    const document = parseManifest(found.bytes, content.mediaType)
    for (const { digest } of blobs(document)) reach.add(digest)
    documents.push(...children(document))
  }
  return reach
}

/** Of a kind of document that is not known, or of no document: whatever digests are in it. */
async function mentionedIn(folder: Folder, { digest }: Descriptor): Promise<readonly Digest[]> {
  const opened = await openBlob(folder, digest)
  if (opened === undefined) return []
  if (opened.size > MAX_MANIFEST_BYTES) {
    await opened.file.close()
    return []
  }
  const text = (await readOpen(folder, opened, MAX_MANIFEST_BYTES)).toString('latin1')
  const found: readonly string[] =
    text.match(/\bsha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})\b/g) ?? []
  return found.filter(isDigest)
}
