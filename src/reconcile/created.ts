import { WaybillError } from '../errors.ts'
import { MAX_CONFIG_BYTES, parseManifest, type Index } from '../oci/manifest.ts'
import { isRecord } from '../oci/descriptor.ts'
import type { Manifested, Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { readVerified } from '../util/verified.ts'

/**
 * When the image says that it was made, or the first of an index; `undefined` where none says, as
 * with artifacts and what is too old to be read. What is damaged throws.
 */
export async function createdMs(
  store: Store,
  repository: string,
  tag: string,
  call: Call,
): Promise<number | undefined> {
  try {
    const found = await store.manifest(repository, tag, call)
    const image = found && (await imageOf(found, store, repository, call))
    if (!image || image.config.size > MAX_CONFIG_BYTES) return undefined
    const config = await store.fetch(repository, image.config, call)
    return readCreated(await readVerified(config, image.config, MAX_CONFIG_BYTES))
  } catch (error) {
    if (error instanceof WaybillError && error.code === 'CONTENT_UNSUPPORTED') return undefined
    throw error
  }
}

async function imageOf(found: Manifested, store: Store, repository: string, call: Call) {
  const document = parseManifest(found.bytes, found.content.mediaType)
  if (document.kind === 'image') return document
  const first = firstImage(document)
  const child = first && (await store.manifest(repository, first.digest, call))
  const inner = child && parseManifest(child.bytes, child.content.mediaType)
  return inner?.kind === 'image' ? inner : undefined
}

/** Attestations are for the platform `unknown`. */
function firstImage({ manifests }: Index) {
  return manifests.find(({ platform }) => platform?.os !== 'unknown')
}

/** A configuration may be anything: an artifact has no date in it. */
function readCreated(bytes: Buffer): number | undefined {
  try {
    const document: unknown = JSON.parse(bytes.toString('utf8'))
    const created = isRecord(document) ? document['created'] : undefined
    const ms = typeof created === 'string' ? Date.parse(created) : NaN
    return Number.isNaN(ms) ? undefined : ms
  } catch {
    return undefined
  }
}
