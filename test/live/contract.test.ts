/** The stores' contract, kept by our registry store on real registries. */
import { afterAll, beforeAll } from 'vitest'
import { storeContract, type Exceptions } from '../contract/store.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry, startZot, type LiveRegistry } from './support/registries.ts'

const KINDS: readonly (readonly [string, typeof startZot, Exceptions])[] = [
  ['docker-registry', startDockerRegistry, { breaksOnBlobs: true, staysListed: true }],
  ['zot', startZot, {}],
]

for (const [kind, start, exceptions] of KINDS) {
  describeLive(`a live ${kind}`, [kind], () => {
    let registry: LiveRegistry
    beforeAll(async () => {
      registry = await start({})
    })
    afterAll(() => registry?.[Symbol.asyncDispose]())

    // every case has a repository of its own, so one server does for all
    const open = async () => {
      const opened = await openRegistryStore(registry.host)
      return { store: opened.store, dispose: async () => opened[Symbol.asyncDispose]() }
    }
    storeContract(kind, open, { tagsAtOnce: true, ...exceptions })
  })
}
