/** The configuration and the manifest of what was built, as BuildKit writes them. */
import { formatRuntimeConfig, type RuntimeConfig } from '../../dockerfile/runtime-config.ts'
import type { HistoryStep } from '../../dockerfile/stage-state.ts'
import { StoreError } from '../../errors.ts'
import { isRecord, type Descriptor } from '../../oci/descriptor.ts'
import { digestOf } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../oci/media-types.ts'
import type { Manifested } from '../../stores/store.ts'
import type { NeededBase } from '../open-stages.ts'
import type { BuiltLayer } from './layer.ts'
import type { Stand } from './running.ts'

export interface ImageInit {
  readonly stand: Stand
  readonly layers: readonly Pick<BuiltLayer, 'diffId' | 'content'>[]
  readonly labels: ReadonlyMap<string, string>
  /** In seconds. */
  readonly createdAt: number
}

export interface ImageDocuments {
  readonly config: Buffer
  readonly manifest: Manifested
}

export function imageOf({ stand, layers, labels, createdAt }: ImageInit): ImageDocuments {
  const { base, state, platform } = stand
  const now = new Date(createdAt * 1000).toISOString().replace('.000Z', 'Z')
  const below = base && saidBelow(base)
  // where nothing was done, the image is as old as its base
  const created = state.history.length === 0 ? (below?.created ?? now) : now
  const config = Buffer.from(
    JSON.stringify({
      created,
      ...(state.author !== undefined && { author: state.author }),
      ...(below?.platform ?? platform),
      config: formatRuntimeConfig(labelled(state.config, labels)),
      rootfs: {
        type: 'layers',
        diff_ids: [...(base?.open.diffIds ?? []), ...layers.map(({ diffId }) => diffId)],
      },
      history: [
        ...(below?.history ?? []).map(entry => ({ created, ...entry })),
        ...state.history.map(step => historyEntry(step, created)),
      ],
    }),
  )
  const contents = [
    ...(base?.open.document.layers ?? []).map(asOci),
    ...layers.map(({ content }) => content),
  ]
  return { config, manifest: manifestOf(config, contents) }
}

function historyEntry({ createdBy, emptyLayer }: HistoryStep, created: string): Fields {
  const comment = 'buildkit.dockerfile.v0'
  return { created, created_by: createdBy, comment, ...(emptyLayer && { empty_layer: true }) }
}

function labelled(config: RuntimeConfig, labels: ReadonlyMap<string, string>): RuntimeConfig {
  return labels.size === 0
    ? config
    : { ...config, labels: new Map([...(config.labels ?? []), ...labels]) }
}

function manifestOf(config: Buffer, layers: readonly Descriptor[]): Manifested {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
      layers,
    }),
  )
  return {
    content: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length },
    bytes,
  }
}

const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'
const OCI_NAMES: Readonly<Record<string, string>> = {
  [DOCKER_LAYER]: OCI_LAYER,
  [`${DOCKER_LAYER}.gzip`]: OCI_LAYER_GZIP,
  [`${DOCKER_LAYER}.zstd`]: `${OCI_LAYER}+zstd`,
}

/** The same bytes by the name that OCI has for them. */
function asOci({ mediaType, digest, size, urls }: Descriptor): Descriptor {
  return { mediaType: OCI_NAMES[mediaType] ?? mediaType, digest, size, ...(urls && { urls }) }
}

/** What the configuration of a base image says that what is built on it says too. */
function saidBelow({ open, pinned }: NeededBase) {
  const { config, diffIds, document } = open
  if (diffIds.length !== document.layers.length) {
    const message = `the base image ${pinned} has ${document.layers.length} layers, and its configuration knows ${diffIds.length}`
    throw new StoreError('CONTENT_CORRUPT', message)
  }
  const said = parseDocument(config, `the configuration of the base image ${pinned}`)
  const { created } = said
  return {
    created: typeof created === 'string' && created !== '' ? created : undefined,
    platform: pick(said, ['architecture', 'os', 'os.version', 'os.features', 'variant']),
    history: accounted(said['history'], document.layers.length),
  }
}

type Fields = Readonly<Record<string, unknown>>

/** One entry for every layer, where its layer is: something was forgotten, or there is too much. */
function accounted(history: unknown, layers: number): readonly Fields[] {
  let left = layers
  const known = (Array.isArray(history) ? history.filter(isRecord) : []).map(entry => {
    const fields = pick(entry, ['created', 'created_by', 'author', 'comment'])
    if (entry['empty_layer'] === true || left === 0) return { ...fields, empty_layer: true }
    left -= 1
    return fields
  })
  const missing = Array.from({ length: left }, () => ({ comment: 'buildkit.exporter.image.v0' }))
  return [...known, ...missing]
}

function pick(document: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(
    keys.flatMap(key => {
      const value = document[key]
      return value === undefined || value === null || value === '' ? [] : [[key, value]]
    }),
  )
}
