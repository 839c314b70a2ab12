/** Images into one archive, and out of one. */
import { InputError, StoreError } from '../errors.ts'
import { nameInStore } from '../manifest/places.ts'
import { shortDigest, type Digest } from '../oci/digest.ts'
import { isBundle, type Bundle, type BundledImage } from '../stores/bundle.ts'
import { isDescribing } from '../stores/describing.ts'
import { isExpecting } from '../stores/expecting.ts'
import type { Store } from '../stores/store.ts'
import { blobsOf, childrenFirst } from '../transfer/graph.ts'
import { loadImage, readRoot } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { copyTo } from './copy.ts'
import { findImage, type Found } from './find.ts'
import { familiarName, formatName, isRegistry, type ImageName } from './names.ts'

export interface Passed {
  readonly name: ImageName
  readonly digest: Digest
  /** The name as it is shown. */
  readonly shown: string
}

export interface Loaded {
  readonly images: readonly Passed[]
  /** By what the store knows them by: images without a name that it keeps all the same. */
  readonly ids: readonly Digest[]
  /** Images of the archive that have no name to go by, and were left out. */
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
      saved.push({ name, digest: content.digest, shown: shownIn(store, name) })
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
    const name = { repository, tag }
    images.push({ name, digest: content.digest, shown: shownIn(home, name) })
  }
  if (isDescribing(home)) {
    const ids: Digest[] = []
    for (const digest of nameless) ids.push(await loadNameless(digest, archive, home, bench, call))
    return { images, ids, nameless: [] }
  }
  if (images.length > 0 || nameless.length === 0) return { images, ids: [], nameless }
  const shown = nameless.slice(0, MOST_SHOWN).map(shortDigest).join(', ')
  throw new StoreError('CONTENT_UNSUPPORTED', `no image in ${archive.name} has a name: ${shown}`, {
    hint: 'save it by a name: docker save NAME:TAG',
  })
}

/** Read and written under a name that is nobody's, which none of both keeps. */
const NOBODYS = 'nameless'

/** An engine keeps what it is given, as it does for docker's `load`. */
async function loadNameless(
  digest: Digest,
  archive: Store,
  home: Store,
  bench: Bench,
  call: Call,
): Promise<Digest> {
  const origin = { store: archive, repository: NOBODYS, manifests: bench.manifests, call }
  const nodes = childrenFirst(await loadImage(origin, await readRoot(origin, digest, [])))
  await home.write(
    NOBODYS,
    async session => {
      if (isExpecting(session)) session.expect(nodes)
      for (const blob of nodes.flatMap(blobsOf)) {
        await session.put(blob, () => archive.fetch(NOBODYS, blob, call))
      }
      for (const node of nodes) await session.putManifest(node, [])
    },
    call,
  )
  return (await home.resolve(NOBODYS, digest, call))?.digest ?? digest
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

/** As docker shows it where it is docker's. */
function shownIn(store: Store, name: ImageName): string {
  return isDescribing(store) ? familiarName(name) : formatName(name)
}

/** `library/mysql:5.7`, as stores have it. */
export function passedName({ name }: Passed): string {
  return formatName(name)
}
