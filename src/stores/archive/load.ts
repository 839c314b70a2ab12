/** What kind of archive it is, and what is in it. */
import { StoreError } from '../../errors.ts'
import { parseDocument } from '../../oci/document.ts'
import { readMembers, type Members } from '../../tar/members.ts'
import type { Call } from '../../util/call.ts'
import { indexOf, namesOf, NO_INDEX, type LayoutIndex } from '../index-document.ts'
import { withDockerNames } from './agree.ts'
import { readDocker, type Loaded } from './docker.ts'
import { ITEMS_FILE } from './items.ts'
import { readLegacy, REPOSITORIES_FILE } from './legacy.ts'
import { withName } from './names.ts'
import { blobsIn, readNodes } from './nodes.ts'
import { createReader, requireMember, type Reader } from './reader.ts'
import type { Source } from './source.ts'
import type { Archive } from './types.ts'

const LAYOUT_FILE = 'oci-layout'
const INDEX_FILE = 'index.json'
const MOST_LAYOUT_BYTES = 64 * 1024
const MOST_INDEX_BYTES = 64 * 1024 * 1024

export const NO_ARCHIVE: Archive = {
  source: undefined,
  index: NO_INDEX,
  names: new Map(),
  contents: new Map(),
  nodes: new Map(),
}

/** Looks through a whole archive. `where` is the store's name, for errors. */
export async function loadArchive(source: Source, where: string, call: Call): Promise<Archive> {
  const opened = await source.open()
  if (!opened) {
    throw new StoreError('STORE_CONFLICT', `${where}: the archive was replaced meanwhile`, {
      hint: 'run again',
    })
  }
  try {
    const tar = { file: opened.file, size: source.size }
    const members = await readMembers(tar, where, call)
    const reader = createReader(tar, { where, members, call })
    const { index, contents } = await readKind(reader)
    const nodes = await readNodes(index, contents, reader)
    const isBoth = members.has(LAYOUT_FILE) && members.has(ITEMS_FILE)
    const all = isBoth ? await withDockerNames(index, nodes, reader) : index
    return { source, index: all, names: namesOf(all), contents, nodes }
  } finally {
    await opened.close()
  }
}

function readKind(reader: Reader): Promise<Loaded> {
  const { members, where } = reader
  if (members.has(LAYOUT_FILE)) return readLayout(reader)
  if (members.has(ITEMS_FILE)) return readDocker(reader)
  if (members.has(REPOSITORIES_FILE)) return readLegacy(reader)
  throw new StoreError(
    'STORE_UNSUPPORTED',
    `${where}: it has no ${LAYOUT_FILE}, ${ITEMS_FILE} or ${REPOSITORIES_FILE}, so it is no archive of images`,
    { hint: hintFor(members) },
  )
}

function hintFor(members: Members): string {
  const inside = [...members.keys()].find(name => name.endsWith(`/${LAYOUT_FILE}`))
  return inside === undefined
    ? 'a root file system can be imported instead'
    : `they are in its folder ${inside.slice(0, -LAYOUT_FILE.length - 1)}: pack what is in that`
}

async function readLayout(reader: Reader): Promise<Loaded> {
  await requireVersion1(reader)
  const region = requireMember(reader, INDEX_FILE, LAYOUT_FILE)
  const bytes = await reader.read(region, MOST_INDEX_BYTES, INDEX_FILE)
  const where = `${reader.where}: ${INDEX_FILE}`
  const document = parseDocument(bytes, where)
  const index = indexOf(withNames(document), where)
  return { index, contents: blobsIn(reader.members) }
}

function withNames(document: LayoutIndex['document']): LayoutIndex['document'] {
  const list = document['manifests']
  return Array.isArray(list) ? { ...document, manifests: list.map(withName) } : document
}

async function requireVersion1(reader: Reader): Promise<void> {
  const region = requireMember(reader, LAYOUT_FILE, 'the archive')
  const bytes = await reader.read(region, MOST_LAYOUT_BYTES, LAYOUT_FILE)
  const where = `${reader.where}: ${LAYOUT_FILE}`
  const version = parseDocument(bytes, where)['imageLayoutVersion']
  if (typeof version === 'string' && /^1\.\d+\.\d+$/.test(version)) return
  const shown = JSON.stringify(version)?.slice(0, 40)
  throw new StoreError('STORE_UNSUPPORTED', `${where} says version ${shown}, not 1.x`)
}
