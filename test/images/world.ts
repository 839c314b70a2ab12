/** A folder with a layout store in it, a registry, and the program's commands. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commands } from '../../src/cli/commands.ts'
import type { Shell } from '../../src/cli/command.ts'
import { main } from '../../src/cli/main.ts'
import { openLayout, type LayoutStore } from '../../src/stores/layout/store.ts'
import type { Store } from '../../src/stores/store.ts'
import { fakeShell } from '../cli/fake-shell.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import type { TestImage } from '../support/images.ts'
import { OWNER } from '../support/owner.ts'
import { openFolder } from '../support/project.ts'

export interface World extends AsyncDisposable {
  readonly folder: string
  /** Where `local` is. */
  readonly path: string
  readonly local: LayoutStore
  readonly registry: FakeRegistry
  put(repository: string, tags: readonly string[], image: TestImage): Promise<void>
  /** The manifest, which the program then reads. */
  manifest(text: string): Promise<void>
  /** Words with spaces between them, or one by one. */
  run(line: string | readonly string[], shell?: Partial<Shell>): Promise<Ended>
}

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const machine = { node: 'v20.19.0', platform: 'linux x64' }

export async function world(options: FakeRegistryOptions = {}): Promise<World> {
  const registry = await startFakeRegistry(options)
  const folder = await openFolder()
  const path = join(folder.path, '.waybill/store')
  const local = await openLayout({ name: 'local', path, owner: OWNER })
  return {
    folder: folder.path,
    path,
    local,
    registry,
    put: (repository, tags, image) => putImage(local, repository, tags, image),
    manifest: text => writeFile(join(folder.path, 'images.yaml'), text),
    async run(line, fields) {
      const { pid, host } = OWNER
      const env = { HOME: folder.path }
      const shell = fakeShell({ cwd: folder.path, env, pid, host, ...fields })
      const argv = typeof line === 'string' ? line.split(' ') : line
      const code = await main(argv, { commands, shell, machine })
      return { code, out: shell.out(), err: shell.err() }
    },
    async [Symbol.asyncDispose]() {
      await registry.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export async function putImage(
  store: Store,
  repository: string,
  tags: readonly string[],
  image: TestImage,
): Promise<void> {
  await store.write(repository, async session => {
    const put = async (one: TestImage, names: readonly string[]): Promise<void> => {
      for (const child of one.children) await put(child, [])
      for (const [digest, bytes] of one.blobs) {
        const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
        await session.put(content, () => Promise.resolve(bytes))
      }
      const { mediaType, digest, bytes } = one.manifest
      await session.putManifest(
        { content: { mediaType, digest, size: bytes.length }, bytes },
        names,
      )
    }
    await put(image, tags)
  })
}

/** What an id looks like in tables. */
export function idOf(image: TestImage): string {
  return image.manifest.digest.slice('sha256:'.length, 'sha256:'.length + 12)
}
