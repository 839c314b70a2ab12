import { createHash } from 'node:crypto'
import { StoreError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { isDigest, parseDigest, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'

/** The layers that an image's configuration names, as they are unpacked, lowest first. */
export function parseDiffIds(config: Buffer): readonly Digest[] {
  const what = "the image's configuration"
  const rootfs = parseDocument(config, what)['rootfs']
  const listed: unknown = isRecord(rootfs) ? rootfs['diff_ids'] : undefined
  // Go writes an empty list as null
  if (listed === null) return []
  if (!Array.isArray(listed)) throw new StoreError('CONTENT_CORRUPT', `${what} names no layers`)
  return listed.map((id: unknown) => {
    if (typeof id === 'string' && isDigest(id)) return id
    throw new StoreError('CONTENT_CORRUPT', `${what} names a layer by what is no digest`)
  })
}

/** For each layer, what names it together with all below it (OCI image-spec, "Layer ChainID"). */
export function chainIds(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = []
  for (const id of diffIds) {
    const below = chain.at(-1)
    chain.push(below === undefined ? id : digestOfText(`${below} ${id}`))
  }
  return chain
}

function digestOfText(text: string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`)
}
