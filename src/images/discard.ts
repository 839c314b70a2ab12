/** Names and images of stores that name and remove them as docker's `tag` and `rmi` do. */
import { InputError, StoreError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { nameInStore } from '../manifest/places.ts'
import { formatReference, parseReference } from '../oci/reference.ts'
import type { Discarded, Discarding } from '../stores/discarding.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { namesOf, type Found } from './find.ts'
import { dockersName, familiarName, originOf, readName, type ImageName } from './names.ts'

export interface Discards {
  readonly store: string
  /** In the store's own words and order. */
  readonly discarded: readonly Discarded[]
}

export interface DiscardWish {
  /** As it was typed. */
  readonly text: string
  readonly found: Found
  readonly force: boolean
  readonly keepParents: boolean
}

export async function discardImage(
  store: Store & Discarding,
  { text, found, force, keepParents }: DiscardWish,
  bench: Bench,
  call: Call,
): Promise<Discards> {
  const image = nameFor(text, found, bench)
  if (image === found.content.digest && !force) {
    const names = await namesOf(found, false, call)
    if (names.length > 1) throw severalNames(text, store.name, names.map(familiarName))
  }
  const discarded = await store.discard(image, { force, keepParents }, call)
  return { store: store.name, discarded }
}

/** What the store is told: which of an image's names is meant is part of what is wanted. */
function nameFor(text: string, { name, content }: Found, bench: Bench): string {
  if (name) return dockersName(name)
  if (!text.includes('@')) return content.digest
  const { repositories, digest } = readName(text, bench)
  const repository = repositories.at(-1) ?? ''
  return formatReference({ ...originOf(repository), ...(digest !== undefined && { digest }) })
}

export function severalNames(text: string, store: string, names: readonly string[]): StoreError {
  const message = `${store}: ${text} has several names: ${names.join(', ')}`
  return new StoreError('STORE_CONFLICT', message, {
    hint: `remove a name of it, or all with -f`,
  })
}

/** One thing that lost its name, by what programs know it by. */
export type LostName =
  | ImageName
  | { readonly repository: string; readonly digest: Digest }
  | { readonly name: string }

/** A name that no place of ours can have stays as it is written. */
export function lostName(what: string): LostName {
  try {
    const { tag, digest, ...at } = parseReference(what, NO_STORES)
    const repository = nameInStore(at, NO_STORES)
    if (digest !== undefined) return { repository, digest }
    if (tag !== undefined) return { repository, tag }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
  }
  return { name: what }
}

const NO_STORES: ReadonlySet<string> = new Set()
