import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { children, MAX_CONFIG_BYTES, type ImageManifest } from '../../oci/manifest.ts'
import type { Call } from '../../util/call.ts'
import { chainIds, parseDiffIds } from './config.ts'
import type { Facts } from './engine.ts'
import { inspectImage } from './images.ts'
import { loadClassic, loadLayout, type ClassicImage, type LayoutImage } from './load.ts'
import { dockerName } from './names.ts'
import type { Keeper } from './spool.ts'
import { tagImage } from './tag.ts'
import { chosenOf, requireLoadable, rootsOf, type Wish } from './wishes.ts'
import type { Desk } from './write.ts'

interface Commit {
  readonly facts: Facts
  readonly repository: string
  readonly wishes: readonly Wish[]
  readonly keeper: Keeper
  readonly call: Call
}

/** Has the engine load what it lacks, and name what it has. */
export async function commit(desk: Desk, commit: Commit): Promise<void> {
  const merged = mergeTags(commit.wishes)
  if (merged.length === 0) return
  const { loads } = desk
  await loads.acquire(commit.call)
  try {
    const at = { ...commit, wishes: merged }
    if (commit.facts.keeps === 'containerd') await commitLayout(desk, at)
    else await commitClassic(desk, at)
  } finally {
    loads.release()
  }
}

/** One wish for each manifest, with every tag that it was put with. */
function mergeTags(wishes: readonly Wish[]): readonly Wish[] {
  const merged = new Map<Digest, Wish>()
  for (const wish of wishes) {
    const known = merged.get(wish.content.digest)
    const tags = [...new Set([...(known?.tags ?? []), ...wish.tags])]
    merged.set(wish.content.digest, { ...wish, tags })
  }
  return [...merged.values()]
}

async function commitClassic(desk: Desk, commit: Commit): Promise<void> {
  const { engine, images } = desk
  const { repository, wishes, call } = commit
  const name = dockerName(repository)
  const fresh = new Map<Digest, ClassicImage>()
  const named: (readonly [image: Digest, tag: string])[] = []
  for (const { content, document } of wishes) {
    if (document.kind === 'image') images.set(content.digest, document.config.digest)
  }
  for (const root of rootsOf(wishes)) {
    const image = imageOf(desk, commit, root)
    images.set(root.content.digest, image)
    if (await inspectImage(engine, image, call)) {
      named.push(...root.tags.map(tag => [image, tag] as const))
      continue
    }
    const known = fresh.get(image) ?? (await classicImage(desk, commit, { root, image }))
    const names = root.tags.map(tag => `${name}:${tag}`)
    fresh.set(image, { ...known, names: [...known.names, ...names] })
  }
  if (fresh.size > 0) await loadClassic(desk, [...fresh.values()], call)
  for (const [image, tag] of named) await tagImage(engine, { image, repository, tag }, call)
  await confirm(desk, [...fresh.keys()], call)
}

/** The configuration of what a classic engine takes of `root`. */
function imageOf({ engine, images }: Desk, { facts }: Commit, { document }: Wish): Digest {
  if (document.kind === 'image') return document.config.digest
  const { digest } = chosenOf(document, facts.platform, engine.name)
  const image = images.get(digest)
  if (image === undefined) throw lacking(engine.name, digest)
  return image
}

async function classicImage(
  { engine, spool, chains }: Desk,
  { facts, wishes, keeper, call }: Commit,
  { root, image }: { readonly root: Wish; readonly image: Digest },
): Promise<ClassicImage> {
  const manifest = documentOf(wishes, root, image)
  if (manifest) requireLoadable(manifest, facts, engine.name)
  if (!manifest || !spool.hold(keeper, image)) throw lacking(engine.name, image)
  const diffIds = parseDiffIds(await spool.read(image, MAX_CONFIG_BYTES, call))
  if (diffIds.length !== manifest.layers.length) {
    throw new StoreError(
      'CONTENT_CORRUPT',
      `${root.content.digest} has ${manifest.layers.length} layers, and its configuration names ${diffIds.length}`,
    )
  }
  const chain = chainIds(diffIds)
  const present = facts.keeps === 'classic' ? await chains.present(call) : new Set<Digest>()
  const layers = manifest.layers.map(({ digest }, at) => {
    const id = chain[at]
    const isThere = id !== undefined && present.has(id)
    if (!isThere && !spool.hold(keeper, digest)) throw lacking(engine.name, digest)
    return { digest, isThere }
  })
  return { config: image, layers, names: [] }
}

function documentOf(
  wishes: readonly Wish[],
  root: Wish,
  config: Digest,
): ImageManifest | undefined {
  const documents = [root, ...wishes].map(({ document }) => document)
  return documents.find(
    (document): document is ImageManifest =>
      document.kind === 'image' && document.config.digest === config,
  )
}

async function commitLayout(desk: Desk, commit: Commit): Promise<void> {
  const { engine } = desk
  const { repository, wishes, call } = commit
  const fresh: LayoutImage[] = []
  for (const root of rootsOf(wishes)) {
    const { digest } = root.content
    if (await inspectImage(engine, digest, call)) {
      for (const tag of root.tags) await tagImage(engine, { image: digest, repository, tag }, call)
    } else fresh.push(layoutImage(desk, commit, root))
  }
  if (fresh.length === 0) return
  await loadLayout(desk, fresh, { name: dockerName(repository), call })
  await confirm(
    desk,
    fresh.map(({ root }) => root.content.digest),
    call,
  )
}

/** The image with every manifest and blob under it that came. */
function layoutImage({ engine, spool }: Desk, { wishes, keeper }: Commit, root: Wish): LayoutImage {
  const manifests = new Map<Digest, Wish>([[root.content.digest, root]])
  const blobs = new Map<Digest, Descriptor>()
  for (const { document } of manifests.values()) {
    for (const child of children(document)) {
      const found = wishes.find(({ content }) => content.digest === child.digest)
      if (!found) throw lacking(engine.name, child.digest)
      manifests.set(child.digest, found)
    }
    if (document.kind === 'index') continue
    for (const blob of [document.config, ...document.layers]) blobs.set(blob.digest, blob)
  }
  for (const digest of blobs.keys()) {
    if (!spool.hold(keeper, digest)) throw lacking(engine.name, digest)
  }
  return { root, manifests: [...manifests.values()], blobs: [...blobs.keys()] }
}

/** An engine may say that all went well where it did not. */
async function confirm({ engine }: Desk, loaded: readonly Digest[], call: Call): Promise<void> {
  for (const image of loaded) {
    if (await inspectImage(engine, image, call)) continue
    throw new StoreError(
      'STORE_PROTOCOL',
      `${engine.name} loaded ${image} without a word against it, and does not have it`,
    )
  }
}

function lacking(engine: string, digest: Digest): StoreError {
  return new StoreError('CONTENT_MISSING', `${engine} has no ${digest}, which the image needs`, {
    hint: 'it may have been removed meanwhile: run again',
  })
}
