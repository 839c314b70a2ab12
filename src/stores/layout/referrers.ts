/**
 * Which manifests refer to another one. Those are looked for among the entries of `index.json`,
 * and in the index that other tools keep under a tag made of the subject's digest.
 */
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, hexOf, type Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { isManifestType } from '../../oci/media-types.ts'
import { referrerOf } from '../../oci/referrers.ts'
import { mapLimit } from '../../util/concurrency.ts'
import type { Folder } from './folder.ts'
import { findTag, type LayoutIndex } from '../index-document.ts'
import type { IndexFile, IndexState } from './index-file.ts'
import { readManifest } from './read.ts'

interface Referrer {
  readonly subject: Digest
  readonly shown: Descriptor
}

export type FindReferrers = (repository: string, subject: Digest) => Promise<readonly Descriptor[]>

export function createReferrers(folder: Folder, indexFile: IndexFile): FindReferrers {
  // what a digest names never changes, so each manifest is read once
  const known = new Map<Digest, Referrer | undefined>()

  let last: { readonly index: LayoutIndex; readonly all: Promise<readonly Referrer[]> } | undefined

  async function learn(content: Descriptor): Promise<Referrer | undefined> {
    if (known.has(content.digest)) return known.get(content.digest)
    const found = await readManifest(folder, content)
    if (!found) return undefined
    const document = parseManifest(found.bytes, content.mediaType)
    const subject = document.subject?.digest
    const referrer = subject && { subject, shown: referrerOf(content, document) }
    known.set(content.digest, referrer)
    return referrer
  }

  async function survey({ entries }: LayoutIndex): Promise<readonly Referrer[]> {
    const manifests = entries.filter(({ content }) => isManifestType(content.mediaType))
    const referrers = await mapLimit(manifests, 8, ({ content }) => learn(content))
    return referrers.filter(found => found !== undefined)
  }

  return async (repository, subject) => {
    const state = await indexFile.read()
    if (last?.index !== state.index) last = { index: state.index, all: survey(state.index) }
    const own = (await last.all).filter(found => found.subject === subject)
    const listed = await fallback(folder, state, { repository, subject })
    const all = [...own.map(({ shown }) => shown), ...listed]
    return [...new Map(all.map(content => [content.digest, content])).values()]
  }
}

/** OCI distribution-spec, "Referrers Tag Schema". */
async function fallback(
  folder: Folder,
  { names }: IndexState,
  { repository, subject }: { readonly repository: string; readonly subject: Digest },
): Promise<readonly Descriptor[]> {
  const tag = `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`
  const content = findTag(names, { store: folder.name, repository, tag })
  const found = content && (await readManifest(folder, content))
  if (!found) return []
  const document = parseManifest(found.bytes, found.content.mediaType)
  return document.kind === 'index' ? document.manifests : []
}
