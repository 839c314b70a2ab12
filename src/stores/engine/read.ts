/**
 * Images read back. An engine gives an image only whole, so it is read once, into files of ours,
 * and its parts are given from there.
 */
import type { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { digestOf, type Digest } from '../../oci/digest.ts'
import {
  blobs,
  children,
  MAX_CONFIG_BYTES,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from '../../oci/manifest.ts'
import { isManifestType, OCI_CONFIG, OCI_MANIFEST } from '../../oci/media-types.ts'
import { readMembers } from '../../tar/docker-save.ts'
import type { Call } from '../../util/call.ts'
import type { Manifested } from '../store.ts'
import { parseDiffIds } from './config.ts'
import type { Engine } from './engine.ts'
import { imagePath } from './names.ts'
import type { Keeper, Spool } from './spool.ts'

export interface Readings {
  /** The manifest of an image: containerd's own, or one made for what a classic engine gives. */
  manifest(image: Descriptor, call?: Call): Promise<Manifested>
  /** One of those that were read, with the image that it is of. */
  known(digest: Digest): Read | undefined
  /** Of an image whose manifest was read. */
  fetch(content: Descriptor, call?: Call): Promise<Readable>
}

export interface Read extends Manifested {
  readonly image: Descriptor
}

const LAYER_TAR = 'application/vnd.oci.image.layer.v1.tar'
/** The members of a whole image are a few for each layer. */
const MOST_MEMBERS = 20_000
/** So many images' files are kept at once. */
const MOST_IMAGES = 4

export function createReadings(engine: Engine, spool: Spool): Readings {
  const reading = new Map<Digest, { readonly keeper: Keeper; readonly done: Promise<Manifested> }>()
  const manifests = new Map<Digest, Read>()
  const images = new Map<Digest, Descriptor>()

  /** Gives the blobs that the manifest names. */
  function remember(image: Descriptor, manifest: Manifested): readonly Digest[] {
    manifests.set(manifest.content.digest, { ...manifest, image })
    const document = parseManifest(manifest.bytes, manifest.content.mediaType)
    const named = blobs(document).map(({ digest }) => digest)
    for (const digest of named) images.set(digest, image)
    return named
  }

  async function readNow(image: Descriptor, keeper: Keeper, call?: Call): Promise<Manifested> {
    const all = Symbol('all that was saved')
    try {
      await takeAll(engine, spool, { image, keeper: all, call })
      const found = isManifestType(image.mediaType)
        ? await keptManifests(spool, image, call)
        : [await madeManifest(engine, spool, image, call)]
      const [root] = found
      if (!root) throw incomplete(engine, image, image.digest)
      for (const manifest of found) {
        for (const digest of remember(image, manifest)) spool.hold(keeper, digest)
      }
      return root
    } finally {
      await spool.release(all)
    }
  }

  async function dropOldest(): Promise<void> {
    for (const [digest, { keeper }] of reading) {
      if (reading.size <= MOST_IMAGES) return
      reading.delete(digest)
      await spool.release(keeper)
    }
  }

  async function manifest(image: Descriptor, call?: Call): Promise<Manifested> {
    const { digest } = image
    const keeper = Symbol(digest)
    const entry = reading.get(digest) ?? { keeper, done: readNow(image, keeper, call) }
    // whoever is used stays longest
    reading.delete(digest)
    reading.set(digest, entry)
    try {
      return await entry.done
    } catch (error) {
      if (reading.get(digest) === entry) reading.delete(digest)
      await spool.release(entry.keeper)
      throw error
    } finally {
      await dropOldest()
    }
  }

  return {
    manifest,
    known: digest => manifests.get(digest),
    async fetch({ digest }, call) {
      const keeper = Symbol(digest)
      if (!spool.hold(keeper, digest)) {
        const image = images.get(digest)
        if (image) await manifest(image, call)
        if (!spool.hold(keeper, digest)) {
          throw new StoreError('CONTENT_MISSING', `${engine.name} has no ${digest}`)
        }
      }
      const stream = spool.open(digest, call)
      stream.once('close', () => void spool.release(keeper))
      return stream
    },
  }
}

/** Every file of the image, by its digest: no name in the tar is believed, or becomes a path. */
async function takeAll(
  engine: Engine,
  spool: Spool,
  { image, keeper, call }: { image: Descriptor; keeper: Keeper; call: Call | undefined },
): Promise<void> {
  const what = `saving ${image.digest}`
  const tar = await engine.open({ path: `${imagePath(image.digest)}/get`, what }, call)
  if (!tar) throw new StoreError('CONTENT_MISSING', `${engine.name} has no ${image.digest}`)
  let count = 0
  for await (const { bytes } of readMembers(tar, `what ${engine.name} saved`)) {
    if (++count > MOST_MEMBERS) {
      throw new StoreError(
        'CONTENT_UNSUPPORTED',
        `what ${engine.name} saved has more than ${MOST_MEMBERS} files`,
      )
    }
    await spool.take(keeper, bytes, call)
  }
}

/** The manifest itself, and those under it that the engine has. */
async function keptManifests(
  spool: Spool,
  root: Descriptor,
  call?: Call,
): Promise<readonly Manifested[]> {
  const found: Manifested[] = []
  const seen = new Set<Digest>()
  const left = [root]
  for (const content of left) {
    if (seen.has(content.digest) || spool.sizeOf(content.digest) === undefined) continue
    seen.add(content.digest)
    const bytes = await spool.read(content.digest, MAX_MANIFEST_BYTES, call)
    const { mediaType, digest } = content
    found.push({ content: { mediaType, digest, size: bytes.length }, bytes })
    const named = children(parseManifest(bytes, mediaType))
    left.push(...named.filter(child => isManifestType(child.mediaType)))
  }
  return found
}

/** Equal images give equal manifests: their layers are as the engine unpacked them. */
async function madeManifest(
  engine: Engine,
  spool: Spool,
  image: Descriptor,
  call?: Call,
): Promise<Manifested> {
  const part = (mediaType: string, digest: Digest) => {
    const size = spool.sizeOf(digest)
    if (size === undefined) throw incomplete(engine, image, digest)
    return { mediaType, digest, size }
  }
  const config = part(OCI_CONFIG, image.digest)
  const diffIds = parseDiffIds(await spool.read(image.digest, MAX_CONFIG_BYTES, call))
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config,
      layers: diffIds.map(digest => part(LAYER_TAR, digest)),
    }),
  )
  return {
    content: { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length },
    bytes,
  }
}

function incomplete({ name }: Engine, image: Descriptor, digest: Digest): StoreError {
  return new StoreError(
    'CONTENT_CORRUPT',
    `what ${name} saved of ${image.digest} lacks ${digest}, which is part of it`,
  )
}
