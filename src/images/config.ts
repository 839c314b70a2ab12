/** An image's configuration as it is read: a program's, of which nothing can be relied on. */
import { isRecord } from '../oci/descriptor.ts'
import { parseDocument } from '../oci/document.ts'
import { parseDigest, type Digest, isDigest } from '../oci/digest.ts'

/** What made a layer, or changed only the configuration (`emptyLayer`). */
export interface HistoryEntry {
  readonly created?: string
  readonly createdBy?: string
  readonly comment?: string
  readonly emptyLayer: boolean
}

export interface ImageConfig {
  /** A time, as it is written; absent where it is none. */
  readonly created?: string
  readonly author?: string
  readonly os?: string
  readonly architecture?: string
  readonly variant?: string
  readonly osVersion?: string
  /** What containers are started with: `Env`, `Cmd`, `Labels` and so on, as it is there. */
  readonly config: Readonly<Record<string, unknown>>
  readonly labels: ReadonlyMap<string, string>
  readonly diffIds: readonly Digest[]
  readonly history: readonly HistoryEntry[]
}

const WHAT = "the image's configuration"

/** What has the wrong type is left out: it says nothing, and an image works without it. */
export function parseConfig(bytes: Uint8Array): ImageConfig {
  const document = parseDocument(bytes, WHAT)
  const { created, author, os, architecture, variant, rootfs, history } = document
  const osVersion = document['os.version']
  const config = isRecord(document['config']) ? document['config'] : {}
  const labels = isRecord(config['Labels']) ? Object.entries(config['Labels']) : []
  const diffIds = isRecord(rootfs) ? listOf(rootfs['diff_ids']) : []
  return {
    ...(isTime(created) && { created }),
    ...(isText(author) && { author }),
    ...(isText(os) && { os }),
    ...(isText(architecture) && { architecture }),
    ...(isText(variant) && { variant }),
    ...(isText(osVersion) && { osVersion }),
    config,
    labels: new Map(
      labels.filter((label): label is [string, string] => typeof label[1] === 'string'),
    ),
    diffIds: diffIds
      .filter((id): id is string => typeof id === 'string' && isDigest(id))
      .map(parseDigest),
    history: listOf(history).filter(isRecord).map(parseEntry),
  }
}

function parseEntry(entry: Readonly<Record<string, unknown>>): HistoryEntry {
  const { created, created_by: createdBy, comment } = entry
  return {
    ...(isTime(created) && { created }),
    ...(isText(createdBy) && { createdBy }),
    ...(isText(comment) && { comment }),
    emptyLayer: entry['empty_layer'] === true,
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
