/** What a removal takes on a real docker-registry, and what it leaves. */
import { expect, it } from 'vitest'
import { openRegistryStore } from '../support/registry-store.ts'
import { imageOf, writeImage } from '../stores/content.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry } from './support/registries.ts'

describeLive('removing from a live docker-registry', ['docker-registry', 'openssl'], () => {
  it('says what to allow where deletes are off', async () => {
    await using registry = await startDockerRegistry({ deletes: false })
    await using opened = await openRegistryStore(registry.host, { name: 'reg' })
    const { store } = opened
    const image = imageOf('off')
    await writeImage(store, 'acme/app', image, ['1'])
    await expect(store.remove('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      hint: expect.stringContaining('storage.delete.enabled'),
    })
    await store.remove('acme/app', '2')
    expect(await store.tags('acme/app')).toEqual(['1'])
    expect(await store.resolve('acme/app', '1')).toMatchObject(image.content)
  })

  it('asks for a token that allows it', async () => {
    const users = { alice: 'secret' }
    await using registry = await startDockerRegistry({ tokens: { users } })
    const credential = { kind: 'basic', username: 'alice', password: 'secret' } as const
    await using opened = await openRegistryStore(registry.host, { credential })
    const { store } = opened
    await writeImage(store, 'acme/app', imageOf('gone'), ['1'])
    await writeImage(store, 'acme/app', imageOf('kept'), ['2'])
    await store.remove('acme/app', '1')
    expect(await store.tags('acme/app')).toEqual(['2'])
    expect(registry.grants.flatMap(({ scopes }) => scopes)).toContain(
      'repository:acme/app:pull,delete',
    )
  })
})
