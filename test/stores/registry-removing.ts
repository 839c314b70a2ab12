/** A fake registry and our store on it, for tests of what a removal asks and leaves. */
import type { Digest } from '../../src/oci/digest.ts'
import type { Manifested } from '../../src/stores/store.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { ChooseFault, Fault } from '../fakes/registry/faults.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { openRegistryStore, type RegistryStoreOptions } from '../support/registry-store.ts'
import { imageOf, indexOf, type Image } from './content.ts'

export const REPOSITORY = 'acme/app'

export async function world(
  fakeOptions: FakeRegistryOptions = {},
  options: RegistryStoreOptions = {},
) {
  const fake = await startFakeRegistry(fakeOptions)
  const opened = await openRegistryStore(fake.host, { name: 'reg', ...options })
  return {
    fake,
    store: opened.store,
    remove: (reference: string) => opened.store.remove(REPOSITORY, reference),
    put: (tag: string, manifest: Image | Manifested) => put(fake, tag, manifest),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await fake.close()
    },
  }
}

export function put(fake: FakeRegistry, reference: string, manifest: Image | Manifested): Digest {
  const { content, bytes } = manifest
  if ('blobs' in manifest) for (const blob of manifest.blobs) fake.putBlob(REPOSITORY, blob.bytes)
  return fake.putManifest(REPOSITORY, reference, { mediaType: content.mediaType, bytes })
}

/** What was asked, shortly: `DELETE 1.0`, `HEAD sha256`, `GET tags`. */
export function asked({ log }: FakeRegistry): string[] {
  return log.map(
    ({ method, path }) =>
      `${method} ${/(?:\/(tags)\/list|\/([^/:]+)(?::\w+)?)$/.exec(path)?.slice(1).join('')}`,
  )
}

export const deletes = (fake: FakeRegistry) => asked(fake).filter(line => line.startsWith('DELETE'))

export const status = (code: number, error?: string): Fault => ({
  kind: 'status',
  status: code,
  headers: { 'content-type': 'application/json', 'retry-after': '3600' },
  ...(error !== undefined && { body: JSON.stringify({ errors: [{ code: error }] }) }),
})

/** The fault for one reference, or for the listing of tags. */
export const at =
  (reference: string, fault: Fault, method = 'HEAD'): ChooseFault =>
  ({ route, ...request }) => {
    if (reference === 'tags') return route.kind === 'tags' ? fault : undefined
    const isIt = route.kind === 'manifest' && route.reference === reference
    return isIt && request.method === method ? fault : undefined
  }

export const one = imageOf('one')
export const two = imageOf('two')
export const inner = indexOf([one])
export const outer = indexOf([inner, two])
