import { describe, expect, it } from 'vitest'
import { createdMs } from '../../src/reconcile/created.ts'
import { startFakeRegistry } from '../fakes/registry.ts'
import { makeImage, makeIndex, type TestImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'

const CREATED = '2025-03-01T12:00:00.5Z'
const made = (created: string) => makeImage({ seed: created, created })

async function having(image: TestImage) {
  const registry = await startFakeRegistry()
  seedFake(registry, 'app', '1', image)
  const ours = await openRegistryStore(registry.host)
  return {
    registry,
    created: () => createdMs(ours.store, 'app', '1', {}),
    async [Symbol.asyncDispose]() {
      await ours[Symbol.asyncDispose]()
      await registry.close()
    },
  }
}

describe('when an image was made', () => {
  it('is in its configuration', async () => {
    await using w = await having(await made(CREATED))
    expect(await w.created()).toBe(Date.parse(CREATED))
  })

  it('is in that of the first of an index, attestations left out', async () => {
    const images = [await made(CREATED), await made('2026-01-01T00:00:00Z')]
    await using w = await having(makeIndex(images, { attestations: true }))
    expect(await w.created()).toBe(Date.parse(CREATED))
  })

  it('is not known where that says nothing of the kind', async () => {
    await using w = await having(await made('some day'))
    expect(await w.created()).toBeUndefined()
  })

  it('is not known of what is not there, or is of a kind that cannot be read', async () => {
    await using w = await having(await made(CREATED))
    const mediaType = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
    w.registry.putManifest('app', '1', { mediaType, bytes: Buffer.from('{"schemaVersion":1}') })
    expect(await w.created()).toBeUndefined()
    w.registry.state.repository('app').tags.delete('1')
    expect(await w.created()).toBeUndefined()
  })

  it('is doubtful where the configuration is not what it should be', async () => {
    await using w = await having(await made(CREATED))
    w.registry.inject(({ route }) => (route.kind === 'blob' ? { kind: 'wrong-bytes' } : undefined))
    await expect(w.created()).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })
})
