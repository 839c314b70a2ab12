/**
 * The image as buildah pushed it, with the layers of its base as they were: it packs them anew, and
 * then no registry would know them for what it has already.
 */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { algorithmOf, digestOf, hexOf, type Digest } from '../../oci/digest.ts'
import { parseDocument } from '../../oci/document.ts'
import { MAX_CONFIG_BYTES, parseManifest } from '../../oci/manifest.ts'
import { OCI_MANIFEST } from '../../oci/media-types.ts'
import type { Manifested, Store } from '../../stores/store.ts'
import type { Call } from '../../util/call.ts'
import { readVerified } from '../../util/verified.ts'
import { diffIdsIn, type OpenBase } from '../base-image.ts'
import { REPOSITORY } from '../layouts.ts'

export interface Pushed {
  /** The layout that it was pushed to. */
  readonly store: Store
  readonly digest: Digest
  readonly bases: readonly OpenBase[]
  /** Where the base images' blobs are. */
  readonly blobs: string
}

export async function withLayersOfBase(pushed: Pushed, call: Call): Promise<Digest> {
  const { store, digest, bases, blobs } = pushed
  const found = await store.manifest(REPOSITORY, digest, call)
  if (!found) throw new StoreError('CONTENT_MISSING', `${store.name} has no ${digest}`)
  const document = parseManifest(found.bytes, found.content.mediaType)
  if (document.kind !== 'image') {
    throw new StoreError('CONTENT_UNSUPPORTED', `${store.name} is an index`)
  }
  const bytes = await store.fetch(REPOSITORY, document.config, call)
  const config = await readVerified(bytes, document.config, MAX_CONFIG_BYTES)
  const base = baseOf(diffIdsIn(parseDocument(config, 'the configuration of the image')), bases)
  if (!base) return digest

  const manifest = rewritten(found, base)
  await store.write(
    REPOSITORY,
    async session => {
      for (const layer of base.document.layers) {
        const path = join(blobs, algorithmOf(layer.digest), hexOf(layer.digest))
        await session.put(layer, () => Promise.resolve(createReadStream(path)))
      }
      await session.putManifest(manifest, ['built'])
    },
    call,
  )
  return manifest.content.digest
}

/** The one with the most layers, of those whose layers are all at the bottom. */
function baseOf(diffIds: readonly Digest[], bases: readonly OpenBase[]): OpenBase | undefined {
  return bases
    .filter(base => base.diffIds.length === base.document.layers.length)
    .filter(base => base.diffIds.every((id, at) => id === diffIds[at]))
    .toSorted((a, b) => b.diffIds.length - a.diffIds.length)[0]
}

const BASE_NAME = 'org.opencontainers.image.base.name'
const BASE_DIGEST = 'org.opencontainers.image.base.digest'

function rewritten({ bytes }: Manifested, { base, document }: OpenBase): Manifested {
  const manifest = parseDocument(bytes, 'the manifest of the image')
  const own: readonly unknown[] = Array.isArray(manifest['layers']) ? manifest['layers'] : []
  const layers = [...document.layers.map(ociLayer), ...own.slice(document.layers.length)]
  const written = Buffer.from(
    JSON.stringify({
      ...manifest,
      mediaType: OCI_MANIFEST,
      layers,
      annotations: { [BASE_DIGEST]: base.digest, [BASE_NAME]: base.pinned },
    }),
  )
  return {
    content: { mediaType: OCI_MANIFEST, digest: digestOf(written), size: written.length },
    bytes: written,
  }
}

const DOCKER_LAYER = /^application\/vnd\.docker\.image\.rootfs\.diff\.tar(?:\.(gzip|zstd))?$/

/** An OCI manifest has OCI's names for what docker's has others for. */
function ociLayer({ mediaType, digest, size }: Descriptor): Descriptor {
  const docker = DOCKER_LAYER.exec(mediaType)
  if (!docker) return { mediaType, digest, size }
  const [, packed] = docker
  const suffix = packed === undefined ? '' : `+${packed}`
  return { mediaType: `application/vnd.oci.image.layer.v1.tar${suffix}`, digest, size }
}
