import { storeContract } from '../contract/store.ts'
import { startFakeRegistry } from '../fakes/registry.ts'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from '../fakes/registry/options.ts'
import { openRegistryStore } from '../support/registry-store.ts'

async function open(options: FakeRegistryOptions) {
  const fake = await startFakeRegistry(options)
  const opened = await openRegistryStore(fake.host)
  return {
    store: opened.store,
    async dispose() {
      await opened[Symbol.asyncDispose]()
      await fake.close()
    },
  }
}

storeContract('a registry of OCI 1.1', () => open({}), { tagsAtOnce: true })
storeContract('a registry like docker-registry', () => open(DOCKER_REGISTRY), { tagsAtOnce: true })
