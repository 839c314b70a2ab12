import type { Readable } from 'node:stream'
import { addAbortSignal } from 'node:stream'
import { StoreError } from '../../errors.ts'
import { isRecord, type Descriptor } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { MAX_MANIFEST_BYTES } from '../../oci/manifest.ts'
import { isManifestType, OCI_INDEX, OCI_MANIFEST } from '../../oci/media-types.ts'
import type { Call } from '../../util/call.ts'
import { verifiedBytes } from '../../util/verified.ts'
import type { Manifested } from '../store.ts'
import { hasBlob, openBlob, readOpen, streamOf, type Folder } from './folder.ts'
import { findTag } from '../index-document.ts'
import type { IndexFile } from './index-file.ts'

/**
 * What a tag or digest names. A name whose manifest is gone, or not of its length, names nothing:
 * there is nothing to read, and putting it again makes it whole.
 */
export async function resolve(
  folder: Folder,
  indexFile: IndexFile,
  { repository, reference }: { readonly repository: string; readonly reference: string },
): Promise<Descriptor | undefined> {
  const { index, names } = await indexFile.read()
  if (!isDigest(reference)) {
    const named = findTag(names, { store: folder.name, repository, tag: reference })
    return named && (await hasBlob(folder, named)) ? named : undefined
  }
  const listed = index.entries.find(({ content }) => content.digest === reference)?.content
  if (listed && isManifestType(listed.mediaType) && (await hasBlob(folder, listed))) return listed
  return (await unlisted(folder, reference))?.content
}

/** A manifest that no entry of `index.json` names, but an index may: its bytes say what it is. */
async function unlisted(folder: Folder, digest: Digest): Promise<Manifested | undefined> {
  const opened = await openBlob(folder, digest)
  if (!opened) return undefined
  if (opened.size > MAX_MANIFEST_BYTES) {
    await opened.file.close()
    return undefined
  }
  const bytes = await readOpen(folder, opened, MAX_MANIFEST_BYTES)
  verifiedBytes(bytes, { mediaType: '', digest, size: bytes.length })
  const mediaType = mediaTypeOf(bytes)
  if (mediaType === undefined) return undefined
  return { content: { mediaType, digest, size: bytes.length }, bytes }
}

/** Only OCI's own manifests may leave their type out. */
function mediaTypeOf(bytes: Buffer): string | undefined {
  const document = parseJson(bytes)
  if (!isRecord(document)) return undefined
  const { mediaType, manifests, config, layers } = document
  if (typeof mediaType === 'string') return isManifestType(mediaType) ? mediaType : undefined
  if (Array.isArray(manifests)) return OCI_INDEX
  return isRecord(config) && Array.isArray(layers) ? OCI_MANIFEST : undefined
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** The bytes of a manifest, checked; `undefined` where it is gone. */
export async function readManifest(
  folder: Folder,
  content: Descriptor,
): Promise<Manifested | undefined> {
  const opened = await openBlob(folder, content.digest)
  if (!opened) return undefined
  const bytes = await readOpen(folder, opened, MAX_MANIFEST_BYTES)
  return { content, bytes: verifiedBytes(bytes, content) }
}

export async function fetchBlob(
  folder: Folder,
  { digest, size }: Descriptor,
  { signal }: Call = {},
): Promise<Readable> {
  signal?.throwIfAborted()
  const opened = await openBlob(folder, digest)
  if (!opened) throw new StoreError('CONTENT_MISSING', `${folder.name} has no ${digest}`)
  if (opened.size !== size) {
    await opened.file.close()
    throw new StoreError(
      'CONTENT_CORRUPT',
      `${folder.name}: ${digest} has ${opened.size} bytes, not ${size}`,
      { hint: 'remove the file under blobs/ and run again: what is missing is fetched again' },
    )
  }
  const stream = streamOf(folder, opened)
  return signal ? addAbortSignal(signal, stream) : stream
}
