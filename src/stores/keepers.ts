/** What keeps a manifest from being removed: tags that name it, and indexes that have it in them. */
import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { children, parseManifest } from '../oci/manifest.ts'
import { isIndexType } from '../oci/media-types.ts'
import type { Manifested } from './store.ts'

const MOST_INDEXES = 5_000

/**
 * Every manifest under `index`, in the indexes it nests too. One that cannot be read is an error:
 * what it needs is not known then.
 */
export async function reachOf(
  index: Manifested,
  read: (content: Descriptor) => Promise<Manifested | undefined>,
): Promise<ReadonlySet<Digest>> {
  const reached = new Set<Digest>()
  const indexes = [index]
  for (const { content, bytes } of indexes) {
    for (const child of children(parseManifest(bytes, content.mediaType))) {
      if (reached.has(child.digest)) continue
      reached.add(child.digest)
      if (!isIndexType(child.mediaType)) continue
      if (indexes.length >= MOST_INDEXES) throw tooMany(index)
      indexes.push(await readNested(index, child, read))
    }
  }
  return reached
}

async function readNested(
  { content }: Manifested,
  child: Descriptor,
  read: (content: Descriptor) => Promise<Manifested | undefined>,
): Promise<Manifested> {
  const found = await read(child)
  if (found) return found
  throw new StoreError(
    'CONTENT_MISSING',
    `what ${content.digest} needs cannot be told: ${child.digest} in it is not there`,
  )
}

function tooMany({ content }: Manifested): StoreError {
  return new StoreError(
    'CONTENT_UNSUPPORTED',
    `${content.digest} nests ${MOST_INDEXES} indexes or more`,
  )
}

export interface Keepers {
  /** Tags that name the manifest itself. */
  readonly naming: readonly string[]
  /** Indexes that have it in them, by what names those. */
  readonly needing: readonly string[]
}

/** Refuses to remove what is kept. `freeing`: what would let the names go. */
export function requireFree(where: string, { naming, needing }: Keepers, freeing: string): void {
  const reasons = [
    ...(naming.length > 0
      ? [`${shortList(naming)} ${naming.length > 1 ? 'name' : 'names'} it`]
      : []),
    ...(needing.length > 0 ? [`it is part of ${shortList(needing)}`] : []),
  ]
  if (reasons.length === 0) return
  throw new StoreError('STORE_CONFLICT', `${where} has to stay: ${reasons.join('; ')}`, {
    hint: naming.length > 0 ? freeing : 'remove the index first, and then what is in it',
  })
}

const MOST_SHOWN = 5

function shortList(names: readonly string[]): string {
  const sorted = names.toSorted()
  const shown = sorted.slice(0, MOST_SHOWN).join(', ')
  return sorted.length > MOST_SHOWN ? `${shown} and ${sorted.length - MOST_SHOWN} more` : shown
}
