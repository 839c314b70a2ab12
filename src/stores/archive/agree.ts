/**
 * Archives with both an index and docker's `manifest.json`: two lists of the same images, of which
 * docker may read one and everybody else the other.
 */
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import { children } from '../../oci/manifest.ts'
import { formatReference } from '../../oci/reference.ts'
import { indexOf, REF_NAME, type Entry, type LayoutIndex } from '../index-document.ts'
import { readConfig } from './docker.ts'
import { ITEMS_FILE, readItems, type Item } from './items.ts'
import { dockerName, formatName, type Name } from './names.ts'
import type { Reader } from './reader.ts'
import type { Nodes } from './types.ts'

/**
 * The index with the names that only `manifest.json` has. What `manifest.json` has of another
 * image, by name or at all, is refused: one archive would be two things.
 */
export async function withDockerNames(
  index: LayoutIndex,
  nodes: Nodes,
  reader: Reader,
): Promise<LayoutIndex> {
  const added: Descriptor[] = []
  for (const item of await readItems(reader)) {
    const image = await imageOf(item, { index, nodes, reader })
    for (const name of item.names) {
      const named = entriesNamed(index, name)
      if (named.length === 0)
        added.push({ ...image, annotations: { [REF_NAME]: formatName(name) } })
    }
  }
  if (added.length === 0) return index
  const manifests = [...index.entries.map(({ raw }) => raw), ...added]
  return indexOf({ ...index.document, manifests }, reader.where)
}

/** What the index has of an item: by its names where it has them, else by its configuration. */
async function imageOf(
  { config, names }: Item,
  {
    index,
    nodes,
    reader,
  }: { readonly index: LayoutIndex; readonly nodes: Nodes; readonly reader: Reader },
): Promise<Descriptor> {
  const algorithm = config.startsWith('blobs/sha512/') ? 'sha512' : 'sha256'
  const digest = digestOf(await readConfig(reader, config), algorithm)
  const has = ({ content }: Entry) => configsUnder(content.digest, nodes).has(digest)
  for (const name of names) {
    if (!entriesNamed(index, name).every(has)) throw disagreed(reader.where, formatName(name))
  }
  const found = index.entries.find(has)
  if (found) return found.content
  throw disagreed(reader.where, names[0] ? formatName(names[0]) : config)
}

/** Compared as docker does, to whom `app` and `library/app` are one name. */
function entriesNamed({ entries }: LayoutIndex, name: Name): readonly Entry[] {
  const wanted = formatReference(dockerName(name))
  return entries.filter(({ place }) => {
    if (place?.repository === undefined) return false
    const { repository, tag } = place
    return formatReference(dockerName({ repository, tag })) === wanted
  })
}

/** The configurations of all images that a manifest is, or has under it. */
function configsUnder(digest: Digest, nodes: Nodes): ReadonlySet<Digest> {
  const configs = new Set<Digest>()
  const reached = new Set([digest])
  for (const at of reached) {
    const document = nodes.get(at)?.document
    if (document?.kind === 'image') configs.add(document.config.digest)
    for (const child of document ? children(document) : []) reached.add(child.digest)
  }
  return configs
}

function disagreed(where: string, what: string): StoreError {
  return new StoreError(
    'CONTENT_CORRUPT',
    `${where}: ${what} is one image in ${ITEMS_FILE}, and another or none in index.json`,
    { hint: 'nobody can tell which is meant: make the archive anew' },
  )
}
