import { describe, expect, it } from 'vitest'
import { startFakeRegistry } from '../fakes/registry.ts'
import { descriptorOf, makeImage, pushImage } from './images.ts'

describe('test images', () => {
  it('are the same for the same options', async () => {
    const make = () => makeImage({ seed: 'a', layers: [{ size: 100_000 }], types: 'docker' })
    expect((await make()).manifest.bytes).toEqual((await make()).manifest.bytes)
  })

  it('share a layer of the same seed', async () => {
    const layers = [{ size: 1000, seed: 'base' }]
    const [a, b] = [await makeImage({ seed: 'a', layers }), await makeImage({ seed: 'b', layers })]
    const shared = [...a.blobs.keys()].filter(digest => b.blobs.has(digest))
    expect(shared).toHaveLength(1)
    expect(a.manifest.digest).not.toBe(b.manifest.digest)
  })

  it('stream what is large', async () => {
    const image = await makeImage({ seed: 'a', layers: [{ size: 9_000_000 }] })
    await using registry = await startFakeRegistry()
    await pushImage(registry.host, 'a', '1', image)
    expect(image.large.size).toBe(1)
    expect([...registry.blobs('a')].toSorted()).toEqual(
      [...image.blobs.keys(), ...image.large.keys()].toSorted(),
    )
    expect(descriptorOf(image).platform).toEqual({ os: 'linux', architecture: 'amd64' })
  })
})
