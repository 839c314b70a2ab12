import { algorithmOf, digestOf, hexOf, type Digest } from './digest.ts'
import type { Descriptor } from './descriptor.ts'
import { isRecord } from './descriptor.ts'
import type { ImageManifest, Index } from './manifest.ts'
import { OCI_INDEX } from './media-types.ts'

/** A manifest with a subject, as the list of that subject's referrers shows it. */
export function referrerOf(
  { mediaType, digest, size }: Descriptor,
  document: ImageManifest | Index,
): Descriptor {
  const config = document.kind === 'image' ? document.config.mediaType : undefined
  const artifactType = document.artifactType ?? config
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(document.annotations && { annotations: document.annotations }),
  }
}

/**
 * The index of a fallback tag with one more referrer, what is in it kept as it is; `undefined`
 * where it lists that one already. `current` is a document that a store has checked.
 */
export function addReferrer(
  current: Buffer | undefined,
  referrer: Descriptor,
): { readonly content: Descriptor; readonly bytes: Buffer } | undefined {
  const document: unknown = current === undefined ? undefined : JSON.parse(current.toString('utf8'))
  const base = isRecord(document) ? document : { schemaVersion: 2, mediaType: OCI_INDEX }
  const listed = Array.isArray(base['manifests']) ? base['manifests'] : []
  if (listed.some(entry => isRecord(entry) && entry['digest'] === referrer.digest)) return undefined
  const bytes = Buffer.from(JSON.stringify({ ...base, manifests: [...listed, referrer] }))
  const mediaType = typeof base['mediaType'] === 'string' ? base['mediaType'] : OCI_INDEX
  return { content: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes }
}

/** Where referrers are listed without an API (OCI distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag(subject: Digest): string {
  return `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`
}
