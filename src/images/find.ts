/** The image that somebody means: by a name, or by the first digits of its id. */
import { InputError, StoreError, WaybillError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { hexOf, shortDigest } from '../oci/digest.ts'
import { isDescribing } from '../stores/describing.ts'
import { isListing } from '../stores/listing.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { listImages, type StoredImage } from './list.ts'
import { formatName, readName, type ImageName, type ReadName } from './names.ts'

export interface Found {
  readonly store: Store
  /** One that gives its content. */
  readonly repository: string
  readonly content: Descriptor
  /** The name it was found by; absent where it was by its id. */
  readonly name?: ImageName
}

type Where = Pick<Bench, 'declared' | 'home' | 'open'>

/** Names come before ids, as with docker. What is not there is an error that tells what is. */
export async function findImage(text: string, bench: Where, call: Call = {}): Promise<Found> {
  const prefix = idPrefix(text)
  // a digest alone is no name
  if (prefix === undefined || !text.startsWith('sha')) {
    const read = readName(text, bench)
    const store = await bench.open(read.store)
    const found = await byName(store, read, call)
    if (found) return found
    if (prefix === undefined) throw await absent(text, store, read, call)
  }
  return byId(text, prefix, await bench.open(bench.home), call)
}

async function byName(store: Store, read: ReadName, call: Call): Promise<Found | undefined> {
  const { tag = 'latest', digest } = read
  for (const repository of repositoriesIn(store, read)) {
    const content = await store.resolve(repository, digest ?? tag, call)
    if (content === undefined) continue
    const name = { repository, tag }
    return { store, repository, content, ...(digest === undefined && { name }) }
  }
  return undefined
}

/** For an engine a name of one part is Docker Hub's, and nothing else. */
function repositoriesIn(store: Store, { repositories }: ReadName): readonly string[] {
  return isDescribing(store) ? repositories.slice(-1) : repositories
}

const ID = /^(?:(?:sha256:)?[0-9a-f]{1,64}|sha512:[0-9a-f]{1,128})$/

/** What an id begins with, as digits alone; `undefined` for what is none. */
function idPrefix(text: string): string | undefined {
  return ID.test(text) ? text.replace(/^sha\d+:/, '') : undefined
}

async function byId(text: string, prefix: string, store: Store, call: Call): Promise<Found> {
  const images = isListing(store) ? await listImages(store, undefined, call) : []
  const matching = images.filter(({ content }) => hexOf(content.digest).startsWith(prefix))
  const [image, ...others] = matching
  if (image === undefined) {
    throw new StoreError('CONTENT_MISSING', `${store.name} has no image "${text}"`, {
      hint: `"waybill images" shows what it has`,
    })
  }
  if (others.length > 0) throw ambiguous(text, matching)
  return { store, repository: image.repository, content: image.content }
}

const MOST_SHOWN = 8

function ambiguous(text: string, images: readonly StoredImage[]): InputError {
  const candidates = images.map(({ content, names: [first] }) =>
    first === undefined
      ? shortDigest(content.digest)
      : `${shortDigest(content.digest)} (${formatName(first)})`,
  )
  const more = candidates.length > MOST_SHOWN ? ', …' : ''
  return new InputError('BAD_REFERENCE', `"${text}" is the start of ${images.length} ids`, {
    hint: `give more digits: ${candidates.slice(0, MOST_SHOWN).join(', ')}${more}`,
  })
}

async function absent(
  text: string,
  store: Store,
  { repositories, tag, digest }: ReadName,
  call: Call,
): Promise<StoreError> {
  const shown = tag === undefined && digest === undefined ? `${text}:latest` : text
  return new StoreError('CONTENT_MISSING', `${store.name} has no image ${shown}`, {
    hint: await hintFor(store, repositories, call),
  })
}

/** That something is not there is certain; what else is there is only for the hint. */
export async function hintFor(
  store: Store,
  repositories: readonly string[],
  call: Call,
): Promise<string> {
  const [repository = '', tags = []] = await nextTo(store, repositories, call)
  const near = tags.toSorted().slice(0, MOST_SHOWN)
  const more = tags.length > MOST_SHOWN ? ', …' : ''
  return near.length > 0
    ? `it has ${near.map(tag => formatName({ repository, tag })).join(', ')}${more}`
    : `it has nothing called ${repositories.join(' or ')}; "waybill images" shows what it has`
}

async function nextTo(
  store: Store,
  repositories: readonly string[],
  call: Call,
): Promise<readonly [string, readonly string[]] | readonly []> {
  for (const repository of repositories) {
    const tags = await tagsForHint(store, repository, call)
    if (tags.length > 0) return [repository, tags]
  }
  return []
}

/** A refusal is no hint, and no more. */
async function tagsForHint(
  store: Store,
  repository: string,
  call: Call,
): Promise<readonly string[]> {
  try {
    return (await store.tags(repository, call)) ?? []
  } catch (error) {
    if (error instanceof WaybillError) return []
    throw error
  }
}

/** The names of an image; one of a registry is looked for in its own repository only. */
export async function namesOf(
  { store, repository, content: { digest } }: Found,
  isOneHost: boolean,
  call: Call = {},
): Promise<readonly ImageName[]> {
  const images = await listImages(store, isOneHost ? [repository] : undefined, call)
  return images.find(({ content }) => content.digest === digest)?.names ?? []
}
