import { StoreError } from '../errors.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { isDescribing, type DescribedImage } from '../stores/describing.ts'
import { isListing } from '../stores/listing.ts'
import { keepsNameless } from '../stores/nameless.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { formatName, type ImageName } from './names.ts'

/** An image of a store, with everything that it is called there. */
export interface StoredImage {
  readonly content: Descriptor
  /** One that gives its content. */
  readonly repository: string
  /** By name. None: it is dangling. */
  readonly names: readonly ImageName[]
  /** What a dangling one is called, by a name that is nobody's. */
  readonly aside?: string
  /** What its store tells of it, where it does. */
  readonly described?: DescribedImage
}

/** Looked up under any name, since the store keeps it without one. */
const NOBODYS = 'nameless'
const AT_ONCE = 16

/** All images of a store, or those that some of its repositories name; by name, dangling ones last. */
export async function listImages(
  store: Store,
  repositories: readonly string[] | undefined,
  call: Call = {},
): Promise<readonly StoredImage[]> {
  if (isDescribing(store)) {
    const images = (await store.describe({ all: true }, call)).map(storedOf)
    if (repositories === undefined) return images
    return images.filter(({ names }) => names.some(name => repositories.includes(name.repository)))
  }
  const wanted = repositories ?? (await repositoriesOf(store, call))
  const names = (await mapLimit(wanted, AT_ONCE, one => namesIn(store, one, call))).flat()
  const looked = await mapLimit(names, AT_ONCE, async name => ({
    name,
    // one that went since it was listed is no image any more
    content: await store.resolve(name.repository, name.tag, call),
  }))
  const images = new Map<Digest, StoredImage>()
  for (const { name, content } of looked) {
    if (content === undefined) continue
    const known = images.get(content.digest)
    const { repository } = known ?? name
    images.set(content.digest, { content, repository, names: [...(known?.names ?? []), name] })
  }
  if (repositories === undefined && keepsNameless(store)) {
    for (const { content, ...rest } of await store.nameless(call)) {
      if (images.has(content.digest)) continue
      images.set(content.digest, { content, repository: NOBODYS, names: [], ...rest })
    }
  }
  return [...images.values()]
    .map(image => ({ ...image, names: image.names.toSorted(byName) }))
    .toSorted(inOrder)
}

export function storedOf(described: DescribedImage): StoredImage {
  const { content, names } = described
  return { content, repository: names[0]?.repository ?? NOBODYS, names, described }
}

async function repositoriesOf(store: Store, call: Call): Promise<readonly string[]> {
  if (isListing(store)) return store.repositories(call)
  throw new StoreError('STORE_UNSUPPORTED', `${store.name} does not list its repositories`, {
    hint: 'name one of them',
  })
}

async function namesIn(
  store: Store,
  repository: string,
  call: Call,
): Promise<readonly ImageName[]> {
  const tags = (await store.tags(repository, call)) ?? []
  return tags.map(tag => ({ repository, tag }))
}

function byName(a: ImageName, b: ImageName): number {
  return compare(a.repository, b.repository) || compare(a.tag, b.tag)
}

function inOrder(a: StoredImage, b: StoredImage): number {
  const [first, second] = [a.names[0], b.names[0]]
  if (first && second) return byName(first, second)
  if (first) return -1
  return second ? 1 : compare(a.content.digest, b.content.digest)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What an image is called in messages: a name of it, or its digest. */
export function callOf({ names: [first], content, described }: StoredImage): string {
  if (described) return described.called[0] ?? content.digest
  return first === undefined ? content.digest : formatName(first)
}
