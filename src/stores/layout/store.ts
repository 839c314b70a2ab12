import type { Holding, Referring, Store } from '../store.ts'
import { createCommits } from './commit.ts'
import { located } from './failure.ts'
import { hasBlob, type Folder } from './folder.ts'
import { tagsOf } from './index-document.ts'
import { openIndexFile } from './index-file.ts'
import { isLayout } from './layout-file.ts'
import { fetchBlob, readManifest, resolve } from './read.ts'
import { createReferrers } from './referrers.ts'
import { write } from './write.ts'

/**
 * An OCI image layout in a folder, which is made by the first write. Any number of processes may
 * use it at once. `path` is absolute.
 */
export async function openLayout({
  name,
  path,
}: {
  readonly name: string
  readonly path: string
}): Promise<Store & Referring & Holding> {
  const folder: Folder = { name, path }
  const indexFile = openIndexFile(folder)
  const commits = createCommits(folder, indexFile)
  const referrers = createReferrers(folder, indexFile)
  await located(folder, () => isLayout(folder))

  return {
    name,
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
    write: (repository, body, call) => write(folder, commits, { repository, body, call }),
    // every file is closed by who opened it
    close: async () => {},
  }
}
