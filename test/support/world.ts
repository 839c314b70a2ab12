/** Two registries in this process and a folder for the manifest, for whole runs. */
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { makeImage, type TestImage } from './images.ts'
import { openFolder } from './project.ts'

export interface World extends AsyncDisposable {
  readonly source: FakeRegistry
  readonly target: FakeRegistry
  readonly folder: string
}

export async function world(
  options: FakeRegistryOptions = {},
  ofTarget: FakeRegistryOptions = options,
): Promise<World> {
  const source = await startFakeRegistry(options)
  const target = await startFakeRegistry(ofTarget)
  const folder = await openFolder()
  return {
    source,
    target,
    folder: folder.path,
    async [Symbol.asyncDispose]() {
      await Promise.all([source.close(), target.close(), folder[Symbol.asyncDispose]()])
    },
  }
}

export const base = { size: 300 * 1024, seed: 'base' }

export async function versions(count: number): Promise<readonly TestImage[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => makeImage({ seed: `v${index}`, layers: [base] })),
  )
}

export const options = { failFast: false }

export const mirrorOf = ({ source, target }: World, tags: readonly string[], more = '') =>
  `version: 1
images:
  - from: ${source.host}/acme/app
    tags: [${tags.map(tag => `'${tag}'`).join(', ')}]
    to: ${target.host}/mirror/app
${more}`
