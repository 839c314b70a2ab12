import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import type { Platform } from '../oci/platform.ts'
import { isDescribing } from '../stores/describing.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import type { HistoryEntry, ImageConfig } from './config.ts'
import { toldOf } from './described.ts'
import { readFacts } from './facts.ts'
import { findImage } from './find.ts'

export interface HistoryRow {
  /** The image that it came to, where the store has that. */
  readonly id?: Digest
  readonly created?: string
  readonly createdBy?: string
  readonly comment?: string
  /** The layer that it made, as it is stored; absent: it made none, or none that is there. */
  readonly layer?: Digest
  /** Of that layer; absent where the configuration tells of a layer that the image does not have. */
  readonly size?: number
}

export interface History {
  readonly id: Digest
  /** The newest first. */
  readonly rows: readonly HistoryRow[]
}

export async function historyOf(
  text: string,
  platform: Platform | undefined,
  bench: Bench,
  call: Call = {},
): Promise<History> {
  const found = await findImage(text, bench, call)
  const { store, content } = found
  if (isDescribing(store)) {
    await toldOf(found, store, platform, call)
    return { id: content.digest, rows: (await store.history(content.digest, call)) ?? [] }
  }
  const { variant } = await readFacts(found, { platform, manifests: bench.manifests }, call)
  const rows = joinLayers(variant?.config, variant?.manifest.layers ?? [])
  return { id: content.digest, rows: rows.toReversed() }
}

/** Entries that made a layer go with the layers, in order; what is left over of either stays. */
export function joinLayers(
  config: Pick<ImageConfig, 'history'> | undefined,
  layers: readonly Descriptor[],
): readonly HistoryRow[] {
  const left = [...layers]
  const told = (config?.history ?? []).map(entry => {
    const said = saidOf(entry)
    if (entry.emptyLayer) return { ...said, size: 0 }
    const layer = left.shift()
    return layer ? { ...said, layer: layer.digest, size: layer.size } : said
  })
  return [...told, ...left.map(({ digest, size }) => ({ layer: digest, size }))]
}

function saidOf({ created, createdBy, comment }: HistoryEntry): HistoryRow {
  return {
    ...(created !== undefined && { created }),
    ...(createdBy !== undefined && { createdBy }),
    ...(comment !== undefined && { comment }),
  }
}
