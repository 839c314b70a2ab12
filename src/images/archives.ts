/** Images into one archive, and out of one. */
import { InputError, StoreError } from '../errors.ts'
import { nameInStore } from '../manifest/places.ts'
import { shortDigest, type Digest } from '../oci/digest.ts'
import { isBundle, type Bundle, type BundledImage } from '../stores/bundle.ts'
import type { Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { copyTo } from './copy.ts'
import { findImage, type Found } from './find.ts'
import { formatName, isRegistry, type ImageName } from './names.ts'

export interface Passed {
  readonly name: ImageName
  readonly digest: Digest
}

export interface Loaded {
  readonly images: readonly Passed[]
  /** Images of the archive that have no name to go by. */
  readonly nameless: readonly Digest[]
}

/** All of them or none: the archive is there when every one is in it. */
export async function saveImages(
  texts: readonly string[],
  archive: Store,
  bench: Bench,
  call: Call = {},
): Promise<readonly Passed[]> {
  const found: { readonly image: Found; readonly name: ImageName }[] = []
  for (const text of texts) {
    const image = await findImage(text, bench, call)
    found.push({ image, name: savedName(text, image, bench) })
  }
  return bundleOf(archive).together(async whole => {
    const saved: Passed[] = []
    for (const { image, name } of found) {
      const { store, repository, content } = image
      const from = { store, repository, digest: content.digest }
      await copyTo({ from, to: { store: whole, ...name }, platforms: [] }, bench, call)
      saved.push({ name, digest: content.digest })
    }
    return saved
  }, call)
}

/** What an image of a registry is called elsewhere has the host in it. */
function savedName(text: string, { store, name }: Found, { declared }: Bench): ImageName {
  if (name === undefined) {
    throw new InputError(
      'BAD_REFERENCE',
      `"${text}" is no name, and an archive has images by name`,
      {
        hint: 'give it one with "waybill tag", or name it by one that it has',
      },
    )
  }
  if (!isRegistry(store.name, declared)) return name
  const { repository, tag } = name
  return { repository: nameInStore({ store: store.name, repository }, declared), tag }
}

/** Every image of the archive that has a name, under it. Nothing is loaded of one that is damaged. */
export async function loadImages(archive: Store, bench: Bench, call: Call = {}): Promise<Loaded> {
  const all = await bundleOf(archive).images(call)
  if (all === undefined) {
    throw new StoreError('CONTENT_MISSING', `there is no archive at ${archive.name}`)
  }
  const named = all.filter(isNamed)
  const known = new Set(named.map(({ content }) => content.digest))
  const nameless = [
    ...new Set(all.map(({ content }) => content.digest).filter(digest => !known.has(digest))),
  ]
  const home = await bench.open(bench.home)
  const images: Passed[] = []
  for (const { content, repository, tag } of named) {
    const from = { store: archive, repository, digest: content.digest }
    await copyTo({ from, to: { store: home, repository, tag }, platforms: [] }, bench, call)
    images.push({ name: { repository, tag }, digest: content.digest })
  }
  if (images.length > 0 || nameless.length === 0) return { images, nameless }
  const shown = nameless.slice(0, MOST_SHOWN).map(shortDigest).join(', ')
  throw new StoreError('CONTENT_UNSUPPORTED', `no image in ${archive.name} has a name: ${shown}`, {
    hint: 'save it by a name: docker save NAME:TAG',
  })
}

const MOST_SHOWN = 8

function isNamed(
  image: BundledImage,
): image is BundledImage & { readonly repository: string; readonly tag: string } {
  return image.repository !== undefined && image.tag !== undefined
}

function bundleOf(archive: Store): Store & Bundle {
  if (isBundle(archive)) return archive
  throw new Error(`${archive.name} is no archive`)
}

/** `library/mysql:5.7`, as stores have it. */
export function passedName({ name }: Passed): string {
  return formatName(name)
}
