import { InputError, StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { isDiscarding, type Discarding } from '../stores/discarding.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { copyTo, type Copied } from './copy.ts'
import { findImage, namesOf, type Found } from './find.ts'
import {
  dockersName,
  familiarName,
  formatName,
  readName,
  type ImageName,
  type ReadName,
} from './names.ts'

/** Gives an image of a store one more name there. A name that stood for another image moves. */
export async function tagImage(
  from: string,
  to: string,
  bench: Bench,
  call: Call = {},
): Promise<Copied & ImageName> {
  const { store, repository, content } = await findImage(from, bench, call)
  const name = await newName(to, store, bench, call)
  if (isDiscarding(store)) return { ...(await nameAt(store, content, name, call)), ...name }
  const copied = await copyTo(
    {
      from: { store, repository, digest: content.digest },
      to: { store, ...name },
      platforms: [],
    },
    bench,
    call,
  )
  return { ...copied, ...name }
}

/** Nothing is read for it. */
async function nameAt(
  store: Store & Discarding,
  content: Descriptor,
  { repository, tag }: ImageName,
  call: Call,
): Promise<Copied> {
  const nothing = { content, sent: 0, blobs: 0, fetched: 0 }
  const current = await store.resolve(repository, tag, call)
  if (current?.digest === content.digest) return { ...nothing, result: 'unchanged' }
  await store.tagImage(content.digest, repository, tag, call)
  return { ...nothing, result: 'done', ...(current && { replaced: current.digest }) }
}

/** A name that an image of the store is to have. */
/** What a name that is to be given in `store` comes to there. */
export async function newName(
  text: string,
  store: Store,
  bench: Pick<Bench, 'declared'>,
  call: Call,
): Promise<ImageName> {
  const read = readName(text, { declared: bench.declared, home: store.name })
  if (read.digest !== undefined) {
    throw new InputError('BAD_REFERENCE', `"${text}" has a digest; a new name has a tag`, {
      hint: `write ${text.replace(/@.*$/s, '')}`,
    })
  }
  if (read.store !== store.name) {
    throw new InputError('BAD_REFERENCE', `"${text}" is in another store than the image`, {
      hint: `"waybill copy" brings images from ${store.name} to ${read.store}`,
    })
  }
  return { repository: await placeFor(read, store, call), tag: read.tag ?? 'latest' }
}

/** A name of one part is Docker Hub's, unless the store has a repository that is called just that. */
async function placeFor({ repositories }: ReadName, store: Store, call: Call): Promise<string> {
  const [own] = repositories
  const usual = repositories.at(-1) ?? own
  if (isDiscarding(store)) return usual
  return usual === own || (await store.tags(own, call)) === undefined ? usual : own
}

/**
 * Takes names away, and nothing else; gives them as they are shown. All of them have to be there before any goes. Engines remove
 * an image with its last name, so there one has to stay.
 */
export async function untagImages(
  texts: readonly string[],
  bench: Bench,
  call: Call = {},
): Promise<readonly string[]> {
  const found = []
  for (const text of texts) {
    const image = await findImage(text, bench, call)
    if (image.name === undefined) throw noName(text)
    found.push({ ...image, name: image.name })
  }
  for (const image of found) {
    if (isDiscarding(image.store)) await requireOther(image, found, call)
  }
  for (const { store, name } of found) await store.remove(name.repository, name.tag, call)
  return found.map(({ store, name }) =>
    isDiscarding(store) ? familiarName(name) : formatName(name),
  )
}

async function requireOther(
  image: Found & { readonly name: ImageName },
  going: readonly { readonly store: Store; readonly name: ImageName }[],
  call: Call,
): Promise<void> {
  const here = going.filter(({ store }) => store === image.store)
  const gone = new Set(here.map(({ name }) => dockersName(name)))
  const names = await namesOf(image, false, call)
  if (names.some(name => !gone.has(dockersName(name)))) return
  const { store, name } = image
  const said = familiarName(name)
  throw new StoreError('STORE_CONFLICT', `${store.name}: with ${said} its image would go, too`, {
    hint: `give the image another name first, or remove both: waybill rmi ${said}`,
  })
}

function noName(text: string): StoreError {
  return new StoreError('STORE_CONFLICT', `"${text}" is an image, not a name of one`, {
    hint: `"waybill rmi" removes images by their ids`,
  })
}
