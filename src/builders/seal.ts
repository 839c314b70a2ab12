/**
 * How an image tells what it was built from.
 *
 * Its configuration has the key of the build as a label. Labels are handed on to images that are
 * made from it, so a second label seals the first: the digest of all the rest of the configuration,
 * which is another one in every image that is made from this.
 */
import { isRecord, parseStrings } from '../oci/descriptor.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { parseDocument } from '../oci/document.ts'
import { canonicalJson } from '../util/canonical-json.ts'

export const KEY_LABEL = 'dev.waybill.build-key'
export const SEAL_LABEL = 'dev.waybill.build-seal'

type Config = Readonly<Record<string, unknown>>

/** The configuration of an image with the labels; what it said of builds before goes. */
export function seal(bytes: Uint8Array, key: Digest): Buffer {
  const document = parseDocument(bytes, 'the configuration of what was built')
  const config = { ...runtimeOf(document), Labels: { ...labelsOf(document), [KEY_LABEL]: key } }
  const keyed = { ...document, config }
  const labels = { ...config.Labels, [SEAL_LABEL]: sealOf(keyed) }
  return Buffer.from(JSON.stringify({ ...keyed, config: { ...config, Labels: labels } }))
}

/** The key of the build that made this very image; nothing for one that was made from it. */
export function keyIn(bytes: Uint8Array): string | undefined {
  const document = parseDocument(bytes, 'the configuration of an image')
  const labels = labelsOf(document)
  return labels[SEAL_LABEL] === sealOf(document) ? labels[KEY_LABEL] : undefined
}

function sealOf(document: Config): Digest {
  const { [SEAL_LABEL]: _, ...Labels } = labelsOf(document)
  const config = { ...runtimeOf(document), Labels }
  return digestOf(Buffer.from(canonicalJson({ ...document, config })))
}

function runtimeOf({ config }: Config): Config {
  return isRecord(config) ? config : {}
}

function labelsOf(document: Config): Readonly<Record<string, string>> {
  return parseStrings(runtimeOf(document)['Labels'] ?? {}) ?? {}
}
