/**
 * Archives of docker before 1.10: no `manifest.json`, but `repositories`, and a folder for each
 * layer with its tar and what it was made with. The uppermost layer's `json` is the image's
 * configuration but for what is added to it here, as docker did when it met such an image.
 */
import { StoreError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseDocument } from '../../oci/document.ts'
import { MAX_CONFIG_BYTES } from '../../oci/manifest.ts'
import { assemble, type Loaded, type Parts } from './docker.ts'
import { createLayers, type Layer } from './layers.ts'
import { requireDockerName, type Name } from './names.ts'
import { requireMember, type Reader } from './reader.ts'

export const REPOSITORIES_FILE = 'repositories'
const MOST_BYTES = 1024 * 1024
/** Docker's own limit was 127. */
const MOST_LAYERS = 1000
const ID = /^[0-9a-f]{64}$/

interface Step {
  readonly id: string
  readonly json: Readonly<Record<string, unknown>>
}

export async function readLegacy(reader: Reader): Promise<Loaded> {
  const readLayer = createLayers(reader)
  const images: Parts[] = []
  for (const [id, names] of await readRepositories(reader)) {
    const steps = await readSteps(reader, id)
    const layers: Layer[] = []
    for (const step of steps) layers.push(await readLayer(`${step.id}/layer.tar`, step.id))
    images.push({ config: configOf(steps, layers), layers, names })
  }
  return assemble(images, `${reader.where}: ${REPOSITORIES_FILE}`)
}

/** The names of each uppermost layer. */
async function readRepositories(reader: Reader): Promise<ReadonlyMap<string, readonly Name[]>> {
  const where = `${reader.where}: ${REPOSITORIES_FILE}`
  const region = requireMember(reader, REPOSITORIES_FILE, 'the archive')
  const bytes = await reader.read(region, MOST_BYTES, REPOSITORIES_FILE)
  const images = new Map<string, Name[]>()
  for (const [repository, tags] of Object.entries(parseDocument(bytes, where))) {
    if (!isRecord(tags)) throw malformed(`${where}: ${JSON.stringify(repository)} has no tags`)
    for (const [tag, id] of Object.entries(tags)) {
      if (typeof id !== 'string' || !ID.test(id)) {
        throw malformed(`${where}: ${JSON.stringify(tag)} names no layer`)
      }
      const names = images.get(id) ?? []
      images.set(id, [...names, requireDockerName(`${repository}:${tag}`, where)])
    }
  }
  return images
}

/** A layer and those below it, the lowest first. */
async function readSteps(reader: Reader, top: string): Promise<readonly Step[]> {
  const steps: Step[] = []
  for (let id: string | undefined = top; id !== undefined;) {
    if (steps.length >= MOST_LAYERS) {
      throw malformed(`${reader.where}: ${top} has more than ${MOST_LAYERS} layers below it`)
    }
    const json = await readJson(reader, id)
    steps.unshift({ id, json })
    id = parentOf(json, `${reader.where}: ${id}/json`)
  }
  return steps
}

async function readJson(reader: Reader, id: string): Promise<Step['json']> {
  const name = `${id}/json`
  const region = requireMember(reader, name, REPOSITORIES_FILE)
  const bytes = await reader.read(region, MAX_CONFIG_BYTES, name)
  return parseDocument(bytes, `${reader.where}: ${name}`)
}

function parentOf({ parent }: Step['json'], where: string): string | undefined {
  if (parent === undefined || parent === null || parent === '') return undefined
  if (typeof parent === 'string' && ID.test(parent)) return parent
  throw malformed(`${where} has a parent that is no layer`)
}

/** What only the old form has a use for. */
const DROPPED = new Set(['id', 'parent', 'Size', 'parent_id', 'layer_id', 'throwaway'])

/** Keys are sorted, as docker wrote them. */
function configOf(steps: readonly Step[], layers: readonly Layer[]): Buffer {
  const kept = Object.entries(steps.at(-1)?.json ?? {}).filter(([key]) => !DROPPED.has(key))
  const added = {
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: steps.map(historyOf),
  }
  const config = { ...Object.fromEntries(kept), ...added }
  const sorted = Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.from(JSON.stringify(Object.fromEntries(sorted)))
}

function historyOf({ json }: Step): Readonly<Record<string, unknown>> {
  const { created, author, comment, container_config: container } = json
  const command = isRecord(container) ? container['Cmd'] : undefined
  return {
    ...(typeof created === 'string' && { created }),
    ...(isText(author) && { author }),
    ...(Array.isArray(command) && { created_by: command.join(' ') }),
    ...(isText(comment) && { comment }),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function malformed(message: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', message, { hint: 'make the archive anew' })
}
