import { InputError, StoreError } from '../errors.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { copyTo, type Copied } from './copy.ts'
import { findImage } from './find.ts'
import { readName, type ImageName, type ReadName } from './names.ts'

/** Gives an image of a store one more name there. A name that stood for another image moves. */
export async function tagImage(
  from: string,
  to: string,
  bench: Bench,
  call: Call = {},
): Promise<Copied & ImageName> {
  const { store, repository, content } = await findImage(from, bench, call)
  const name = await newName(to, store, bench, call)
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

async function newName(text: string, store: Store, bench: Bench, call: Call): Promise<ImageName> {
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
  return usual === own || (await store.tags(own, call)) === undefined ? usual : own
}

/** Takes names away, and nothing else. All of them have to be there before any goes. */
export async function untagImages(
  texts: readonly string[],
  bench: Bench,
  call: Call = {},
): Promise<readonly ImageName[]> {
  const found = []
  for (const text of texts) {
    const { store, name } = await findImage(text, bench, call)
    if (name === undefined) throw noName(text)
    found.push({ store, name })
  }
  for (const { store, name } of found) await store.remove(name.repository, name.tag, call)
  return found.map(({ name }) => name)
}

function noName(text: string): StoreError {
  return new StoreError('STORE_CONFLICT', `"${text}" is an image, not a name of one`, {
    hint: `"waybill rmi" removes images by their ids`,
  })
}
