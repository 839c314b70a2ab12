/** What of an archive is needed, and which entries of its index are. */
import type { Digest } from '../../oci/digest.ts'
import { blobs, children } from '../../oci/manifest.ts'
import { isRecord } from '../../oci/descriptor.ts'
import type { Entry, LayoutIndex } from '../index-document.ts'
import type { Nodes } from './types.ts'

/** Everything that `roots` lead to, themselves included. */
export function reachOf(roots: Iterable<Digest>, nodes: Nodes): ReadonlySet<Digest> {
  const reached = new Set(roots)
  for (const digest of reached) {
    const document = nodes.get(digest)?.document
    if (!document) continue
    for (const part of [...blobs(document), ...children(document)]) reached.add(part.digest)
  }
  return reached
}

/**
 * The index without entries that only keep a manifest which is kept anyway. Those of referrers
 * stay: by them they are found.
 */
export function withoutIdle(index: LayoutIndex, nodes: Nodes): LayoutIndex {
  const below = new Set(
    index.entries.flatMap(({ content, name }) => [
      ...(name === undefined ? [] : [content.digest]),
      ...belowOf(content.digest, nodes),
    ]),
  )
  const entries = index.entries.filter(entry => {
    const { digest } = entry.content
    const isReferrer = nodes.get(digest)?.document.subject !== undefined
    return !isPlain(entry) || isReferrer || !below.has(digest)
  })
  return { ...index, entries }
}

function belowOf(digest: Digest, nodes: Nodes): readonly Digest[] {
  const document = nodes.get(digest)?.document
  const direct = document ? children(document).map(child => child.digest) : []
  return [...reachOf(direct, nodes)]
}

/** Whether it says nothing but what it is. */
function isPlain({ raw, name }: Entry): boolean {
  return name === undefined && !(isRecord(raw) && 'annotations' in raw)
}
