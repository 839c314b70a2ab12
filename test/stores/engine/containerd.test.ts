/** An engine that keeps images in containerd's store, where every digest stays what it is. */
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configsOf } from '../../../src/stores/identifying.ts'
import { startFakeEngine, type FakeEngine } from '../../fakes/engine.ts'
import { openEngineStore, type OpenedEngine } from '../../support/engine-store.ts'
import { descriptorOf, makeImage, makeIndex } from '../../support/images.ts'
import { manifestedOf, writeTestImage } from '../../support/put-image.ts'

const ARM64 = { os: 'linux', architecture: 'arm64' }

describe('an engine with containerd’s store', () => {
  let engine: FakeEngine
  let opened: OpenedEngine
  beforeEach(async () => {
    engine = await startFakeEngine()
    opened = await openEngineStore({ host: engine.host })
  })
  afterEach(async () => {
    await opened[Symbol.asyncDispose]()
    await engine[Symbol.asyncDispose]()
  })

  it('is given whole indexes, and gives them back byte for byte', async () => {
    const images = [
      await makeImage({ seed: 'a' }),
      await makeImage({ seed: 'b', platform: ARM64, types: 'docker' }),
    ]
    const index = makeIndex(images, { attestations: true })
    const { store } = opened
    await writeTestImage(store, 'library/app', index, ['1', 'latest'])
    expect([...engine.names.keys()].toSorted()).toEqual([
      'docker.io/library/app:1',
      'docker.io/library/app:latest',
    ])
    expect(await store.resolve('app', '1')).toEqual(manifestedOf(index).content)

    expect((await store.manifest('library/app', '1'))?.bytes).toEqual(index.manifest.bytes)
    for (const { manifest, blobs } of index.children) {
      const found = await store.manifest('library/app', manifest.digest)
      expect(found?.content).toMatchObject({ digest: manifest.digest })
      expect(found?.bytes).toEqual(manifest.bytes)
      for (const [digest, bytes] of blobs) {
        const content = { mediaType: '', digest, size: bytes.length }
        expect(await buffer(await store.fetch('library/app', content))).toEqual(bytes)
      }
    }
  })

  it('tells the configurations of an index', async () => {
    const images = [await makeImage({ seed: 'a' }), await makeImage({ seed: 'b', platform: ARM64 })]
    const index = makeIndex(images, { attestations: true })
    await writeTestImage(opened.store, 'app', index, ['1'])
    const { content } = manifestedOf(index)
    const configs = await configsOf(opened.store, 'app', content)
    expect(configs).toEqual(
      images.map(image => ({
        platform: descriptorOf(image).platform,
        config: [...image.blobs.keys()][0],
      })),
    )
  })

  it('only gets a name for what it has', async () => {
    const image = await makeImage({ seed: 'a' })
    await writeTestImage(opened.store, 'app', image, ['1'])
    await opened.store.write('ghcr.io/acme/app', session =>
      session.putManifest(manifestedOf(image), ['2']),
    )
    expect(engine.requests.filter(request => request.includes('/images/load'))).toHaveLength(1)
    expect(await opened.store.resolve('ghcr.io/acme/app', '2')).toEqual(manifestedOf(image).content)
    expect(await opened.store.repositories()).toEqual(['ghcr.io/acme/app', 'library/app'])
  })

  it('gets nothing of an image that is not all there', async () => {
    const index = makeIndex([await makeImage({ seed: 'a' })])
    const written = opened.store.write('app', session =>
      session.putManifest(manifestedOf(index), ['1']),
    )
    await expect(written).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
    expect(engine.names.size).toBe(0)
  })

  it('is too old where it does not tell what it has', async () => {
    await using old = await startFakeEngine({
      fault: (request, response) => {
        if (!/\/images\/.*\/json/.test(request.url ?? '')) return false
        const body = { Id: `sha256:${'a'.repeat(64)}`, RepoTags: ['app:1'], Os: 'linux' }
        response.end(JSON.stringify({ ...body, Architecture: 'amd64' }))
        return true
      },
      api: '1.47',
    })
    await using store = await openEngineStore({ host: old.host })
    await expect(store.store.resolve('app', '1')).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      hint: expect.stringContaining('Docker 28'),
    })
  })
})
