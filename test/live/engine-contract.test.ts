/** The stores' contract, kept by our engine store on a real engine. */
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { storeContract } from '../contract/store.ts'
import type { Sees } from '../contract/store/cases.ts'
import type { Image } from '../stores/content.ts'
import { openEngineStore } from '../support/engine-store.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'

/** A classic engine keeps the configuration, and layers as they are unpacked. */
const SEES_UNPACKED: Sees = {
  named: image => ({ digest: configOf(image).digest }),
  async whole(store, repository, image) {
    const found = await store.manifest(repository, image.content.digest)
    const manifest = parseManifest(found!.bytes, found!.content.mediaType)
    if (manifest.kind !== 'image') throw new Error('an index')
    expect(manifest.config.digest).toBe(configOf(image).digest)
    const [config, layer] = image.blobs.map(({ bytes }) => bytes)
    const tar = gunzipSync(layer!)
    expect(manifest.layers).toEqual([
      expect.objectContaining({ digest: digestOf(tar), size: tar.length }),
    ])
    expect(await buffer(await store.fetch(repository, manifest.config))).toEqual(config)
    expect(await buffer(await store.fetch(repository, manifest.layers[0]!))).toEqual(tar)
  },
}

function configOf({ blobs }: Image) {
  return blobs[0]!.content
}

const WHOLE = 'it holds images and no blobs on their own'
const ONE = 'it holds images for its own platform, and no indexes'
const NO_REFERRERS = 'it has no place for what refers to an image'

const EXEMPT = {
  'does not take a blob for a manifest': 'its images are known by their configurations',
  'stops giving a blob when told to': WHOLE,
  'keeps an index and its children': ONE,
  'keeps the bytes of a manifest as they are': 'it keeps the configuration, and no manifest',
  'knows what it has': 'it unpacks layers, and does not know them by what they were packed as',
  'takes a stream, and an empty blob': WHOLE,
  'takes more than fits into one chunk': WHOLE,
  'keeps sha512 blobs': WHOLE,
  'links from another repository': WHOLE,
  'uploads where there is nothing to link': WHOLE,
  'takes one blob twice at once': WHOLE,
  'knows what refers to a manifest': NO_REFERRERS,
  'takes a referrer before its subject': NO_REFERRERS,
  'removes a referrer from what is told of its subject, or not at all': NO_REFERRERS,
  'leaves an index whole when a tag of its child goes': ONE,
  'removes an index, and nothing that has a name of its own': ONE,
  'removes no manifest that an index needs': ONE,
}

describeLive(
  'a live dockerd',
  ['dockerd'],
  () => {
    let dockerd: Dockerd
    beforeAll(async () => {
      dockerd = await startDockerd()
    })
    afterAll(() => dockerd?.[Symbol.asyncDispose]())

    const open = async () => {
      const opened = await openEngineStore({ host: dockerd.host })
      return { store: opened.store, dispose: async () => opened[Symbol.asyncDispose]() }
    }
    storeContract('dockerd', open, { sees: SEES_UNPACKED, exempt: EXEMPT })
  },
  whyNoDockerd,
)
