import { expect, it } from 'vitest'
import { isRetryable } from '../../src/errors.ts'
import type { Store } from '../../src/stores/store.ts'
import { descriptorOf, makeImage, type TestImage } from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { startRelay } from '../support/relay.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry, startZot } from './support/registries.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const MIB = 1024 * 1024
const chunking = { aboveBytes: 8 * MIB, chunkBytes: 4 * MIB }

/** Begins again where that may help, as steps of a run do. */
async function push(store: Store, image: TestImage, left = 3): Promise<void> {
  const mediaType = 'application/octet-stream'
  try {
    await store.write('acme/large', async session => {
      for (const [digest, bytes] of image.blobs) {
        await session.put({ mediaType, digest, size: bytes.length }, async () => bytes)
      }
      for (const [digest, large] of image.large) {
        const content = { mediaType, digest, size: large.size }
        await session.put(content, async () => large.open())
      }
      const { bytes } = image.manifest
      await session.putManifest({ content: descriptorOf(image), bytes }, ['1'])
    })
  } catch (error) {
    if (!isRetryable(error) || left === 1) throw error
    await push(store, image, left - 1)
  }
}

const KINDS = [
  ['docker-registry', ['docker-registry', 'skopeo'], startDockerRegistry],
  ['zot', ['zot', 'skopeo'], startZot],
] as const

for (const [kind, needs, start] of KINDS) {
  describeLive(`a large blob in pieces to ${kind}`, needs, () => {
    // both let go of an upload of which a piece broke off, so it begins anew
    it('arrives right over a connection that breaks in the middle of a piece', async () => {
      await using registry = await start({})
      await using relay = await startRelay(registry.host)
      await using folder = await openFolder()
      const image = await makeImage({ seed: 'chunks', layers: [{ size: 40 * MIB }] })
      await using ours = await openRegistryStore(relay.host, { chunking })

      relay.cutAfter(10 * MIB)
      await push(ours.store, image)

      expect(relay.cuts).toBe(1)
      const name = `docker://${registry.host}/acme/large:1`
      expect((await skopeoRaw(name)).equals(image.manifest.bytes)).toBe(true)
      await skopeoCopy(name, `oci:${folder.path}/layout:large`)
    }, 60_000)
  })
}
