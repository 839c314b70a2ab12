/** `manifest.json`, docker's list of the images in an archive. */
import { StoreError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { requireMember, type Reader } from './reader.ts'
import { requireDockerName, type Name } from './names.ts'

export const ITEMS_FILE = 'manifest.json'
const MOST_BYTES = 16 * 1024 * 1024

export interface Item {
  /** Of the member that is the configuration. */
  readonly config: string
  readonly names: readonly Name[]
  /** Of the members that are its layers, the lowest first. */
  readonly layers: readonly string[]
}

const KNOWN = ['Config', 'RepoTags', 'Layers']
const FOLDED = new Set(KNOWN.map(key => key.toLowerCase()))

export async function readItems(reader: Reader): Promise<readonly Item[]> {
  const region = requireMember(reader, ITEMS_FILE, 'the archive')
  const bytes = await reader.read(region, MOST_BYTES, ITEMS_FILE)
  const where = `${reader.where}: ${ITEMS_FILE}`
  const list = parseList(bytes, where)
  return list.map((value, at) => parseItem(value, `${where}[${at}]`))
}

function parseList(bytes: Buffer, where: string): readonly unknown[] {
  const list = parseJson(bytes, where)
  if (Array.isArray(list)) return list
  throw new StoreError('CONTENT_CORRUPT', `${where} is not a list`)
}

function parseJson(bytes: Buffer, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new StoreError('CONTENT_CORRUPT', `${where} is not JSON`, { cause })
  }
}

function parseItem(value: unknown, where: string): Item {
  if (!isRecord(value)) throw malformed(where, 'is not an object')
  // Go's JSON reader takes `layers` for `Layers`, so two spellings are two meanings
  const misspelt = Object.keys(value).find(
    key => FOLDED.has(key.toLowerCase()) && !KNOWN.includes(key),
  )
  if (misspelt !== undefined) throw malformed(where, `has ${JSON.stringify(misspelt)}`)
  const { Config: config, RepoTags: tags, Layers: layers } = value
  if (typeof config !== 'string') throw malformed(where, 'has no Config')
  return {
    config,
    names: strings(tags, `${where}: RepoTags`).map(tag => requireDockerName(tag, where)),
    layers: strings(layers, `${where}: Layers`),
  }
}

/** Go writes an empty list as null. */
function strings(value: unknown, where: string): readonly string[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  throw malformed(where, 'is not a list of strings')
}

function malformed(where: string, what: string): StoreError {
  return new StoreError('CONTENT_CORRUPT', `${where} ${what}`, {
    hint: 'the archive was not made by docker or podman as they are known here',
  })
}
