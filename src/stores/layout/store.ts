import { identify, markOf, type Owner } from '../../util/holder.ts'
import type { Listing } from '../listing.ts'
import type { Nameless } from '../nameless.ts'
import type { Holding, Referring, Store } from '../store.ts'
import type { Sweepable } from '../sweepable.ts'
import { createCommits } from './commit.ts'
import { located } from '../failure.ts'
import { hasBlob, type Folder } from './folder.ts'
import { tagsOf } from '../index-document.ts'
import { openIndexFile } from './index-file.ts'
import { isLayout } from './layout-file.ts'
import { namelessOf, repositoriesOf } from './listing.ts'
import type { LockInit } from '../lock.ts'
import { createSitting } from './presence.ts'
import { fetchBlob, readManifest, resolve } from './read.ts'
import { createReferrers } from './referrers.ts'
import { remove } from './remove.ts'
import { sweep } from './sweep.ts'
import { tidy } from './tidy.ts'
import { write } from './write.ts'

export interface LayoutInit {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /** Who writes: any number of processes may use a layout at once. */
  readonly owner: Owner
}

export type LayoutStore = Store & Referring & Holding & Listing & Nameless & Sweepable

/** An OCI image layout in a folder, which is made by the first write. */
export async function openLayout({ name, path, owner }: LayoutInit): Promise<LayoutStore> {
  const self = await identify(owner)
  const folder: Folder = { name, path, mark: markOf(self) }
  const indexFile = openIndexFile(folder)
  const lock: LockInit = { path: `${indexFile.path}.lock`, store: name, self }
  const commits = createCommits(folder, indexFile, self)
  const referrers = createReferrers(folder, indexFile)
  await located(folder, () => isLayout(folder))
  let tidied: Promise<void> | undefined

  return {
    name,
    repositories: () => located(folder, async () => repositoriesOf((await indexFile.read()).names)),
    nameless: () =>
      located(folder, async () => {
        const { index, names } = await indexFile.read()
        return namelessOf(index, names)
      }),
    tags: repository =>
      located(folder, async () => tagsOf((await indexFile.read()).names, repository)),
    resolve: (repository, reference) =>
      located(folder, () => resolve(folder, indexFile, { repository, reference })),
    manifest: (repository, reference) =>
      located(folder, async () => {
        const content = await resolve(folder, indexFile, { repository, reference })
        return content && readManifest(folder, content)
      }),
    fetch: (_, content, call) => located(folder, () => fetchBlob(folder, content, call)),
    holds: (_, content) => located(folder, () => hasBlob(folder, content)),
    referrers: (repository, subject) => located(folder, () => referrers(repository, subject)),
    async write(repository, body, call) {
      // before anything is written: what a killed process left may be what fills the disk
      tidied ??= located(folder, () => tidy(folder, { self, now: owner.now }))
      await tidied
      await using sitting = createSitting(folder, lock)
      return await write(folder, commits, { repository, body, sitting, call })
    },
    sweep: (options, call) =>
      located(folder, () => sweep({ folder, indexFile, lock, now: owner.now }, options, call)),
    remove: (repository, reference, call) =>
      located(folder, () =>
        remove(folder, { indexFile, commits }, { repository, reference, call }),
      ),
    // every file is closed by who opened it
    close: async () => {},
  }
}
