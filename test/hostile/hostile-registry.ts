import type { Referring, Store } from '../../src/stores/store.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import type { TestImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { openRegistryStore, type RegistryStoreOptions } from '../support/registry-store.ts'

export interface Hostile extends AsyncDisposable {
  readonly registry: FakeRegistry
  readonly store: Store & Referring
}

/** A registry that behaves as `options` say, with `image` at `acme/app:1`, and our store on it. */
export async function openHostile(
  options: FakeRegistryOptions = {},
  { image, ...settings }: RegistryStoreOptions & { readonly image?: TestImage } = {},
): Promise<Hostile> {
  const registry = await startFakeRegistry(options)
  if (image) seedFake(registry, 'acme/app', '1', image)
  const opened = await openRegistryStore(registry.host, settings)
  return {
    registry,
    store: opened.store,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await registry.close()
    },
  }
}
