/**
 * Docker's own archives, from before 25 and from podman: a configuration and layers, and no
 * manifest. It is made here, in one way only, so the same archive has the same digests everywhere.
 */
import { StoreError } from '../../errors.ts'
import { isRecord, type Descriptor } from '../../oci/descriptor.ts'
import { digestOf, isDigest, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts'
import { MAX_CONFIG_BYTES } from '../../oci/manifest.ts'
import { indexOf, NO_INDEX, REF_NAME, type LayoutIndex } from '../index-document.ts'
import { ITEMS_FILE, readItems, type Item } from './items.ts'
import { createLayers, type Layer, type ReadLayer } from './layers.ts'
import { formatName, type Name } from './names.ts'
import { requireMember, type Reader } from './reader.ts'
import type { Content } from './types.ts'

export interface Loaded {
  readonly index: LayoutIndex
  readonly contents: ReadonlyMap<Digest, Content>
}

/** An image in parts, as archives without manifests have it. */
export interface Parts {
  readonly config: Buffer
  readonly layers: readonly Layer[]
  readonly names: readonly Name[]
}

export async function readDocker(reader: Reader): Promise<Loaded> {
  const layers = createLayers(reader)
  const images: Parts[] = []
  for (const item of await readItems(reader)) images.push(await readItem(reader, item, layers))
  return assemble(images, `${reader.where}: ${ITEMS_FILE}`)
}

async function readItem(
  reader: Reader,
  { config: name, names, layers }: Item,
  readLayer: ReadLayer,
): Promise<Parts> {
  const config = await readConfig(reader, name)
  const where = `${reader.where}: ${name}`
  const diffIds = diffIdsOf(config, where)
  if (diffIds.length !== layers.length) {
    throw new StoreError(
      'CONTENT_CORRUPT',
      `${where} has ${diffIds.length} layers, and ${ITEMS_FILE} has ${layers.length} of it`,
    )
  }
  const read: Layer[] = []
  for (const [at, layer] of layers.entries()) {
    const found = await readLayer(layer, ITEMS_FILE)
    if (found.diffId !== diffIds[at]) {
      throw new StoreError(
        'CONTENT_CORRUPT',
        `${reader.where}: ${layer} is ${found.diffId} unpacked, and not ${diffIds[at]}`,
        { hint: 'the archive is damaged: copy or make it anew' },
      )
    }
    read.push(found)
  }
  return { config, layers: read, names }
}

const BY_DIGEST = /(?:^|\/)(?:sha256:)?(?<hex>[0-9a-f]{64})(?:\.json)?$/

/** The configuration, which has to be what its name says where that is a digest. */
export async function readConfig(reader: Reader, name: string): Promise<Buffer> {
  const region = requireMember(reader, name, ITEMS_FILE)
  const bytes = await reader.read(region, MAX_CONFIG_BYTES, name)
  const said = BY_DIGEST.exec(name)?.groups?.['hex']
  const digest = digestOf(bytes)
  if (said === undefined || digest === `sha256:${said}`) return bytes
  throw new StoreError('CONTENT_CORRUPT', `${reader.where}: ${name} is ${digest}`, {
    hint: 'the archive is damaged: copy or make it anew',
  })
}

function diffIdsOf(config: Buffer, where: string): readonly Digest[] {
  const { rootfs } = parseDocument(config, where)
  const list = isRecord(rootfs) ? rootfs['diff_ids'] : undefined
  if (list === null) return []
  if (Array.isArray(list) && list.every(id => typeof id === 'string' && isDigest(id))) return list
  throw new StoreError('CONTENT_CORRUPT', `${where} has no list of diff_ids`)
}

/** The images as if they had come with manifests, and by their names. */
export function assemble(images: readonly Parts[], where: string): Loaded {
  const contents = new Map<Digest, Content>()
  const named = new Map<string, Digest>()
  const manifests = images.flatMap(image => {
    const manifest = manifestOf(image, contents)
    for (const name of image.names.map(formatName)) {
      const other = named.get(name)
      if (other !== undefined && other !== manifest.digest) throw ambiguous(where, name)
      named.set(name, manifest.digest)
    }
    return entriesOf(manifest, image.names)
  })
  const entries = new Map(manifests.map(entry => [JSON.stringify(entry), entry]))
  return {
    index: indexOf({ ...NO_INDEX.document, manifests: [...entries.values()] }, where),
    contents,
  }
}

function entriesOf(manifest: Descriptor, names: readonly Name[]): readonly Descriptor[] {
  if (names.length === 0) return [manifest]
  return names.map(name => ({ ...manifest, annotations: { [REF_NAME]: formatName(name) } }))
}

function manifestOf({ config, layers }: Parts, contents: Map<Digest, Content>): Descriptor {
  const add = (mediaType: string, bytes: Buffer): Descriptor => {
    const content = { mediaType, digest: digestOf(bytes), size: bytes.length }
    contents.set(content.digest, { size: bytes.length, bytes })
    return content
  }
  for (const { content, region } of layers) contents.set(content.digest, region)
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: add(OCI_CONFIG, config),
    layers: layers.map(({ content }) => content),
  }
  return add(OCI_MANIFEST, Buffer.from(JSON.stringify(document)))
}

function ambiguous(where: string, name: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', `${where} gives two images the name ${name}`, {
    hint: 'nobody can tell which is meant: make the archive anew',
  })
}
