import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../util/atomic-file.ts'
import type { Call } from '../../util/call.ts'
import type { Identity } from '../../util/holder.ts'
import { located } from '../failure.ts'
import { unlessAbsent, type Folder } from './folder.ts'
import { createGroup } from '../group.ts'
import { withChanges, type Change, type LayoutIndex } from '../index-document.ts'
import type { IndexFile } from './index-file.ts'
import { createLayout, isLayout } from './layout-file.ts'
import { acquireLock, type Lock, type LockInit } from '../lock.ts'

export interface Commits {
  /** Makes the folder a layout where it is none yet. */
  prepare(call?: Call): Promise<void>
  /** All of `changes` in one replacement of `index.json`, or none of them. */
  commit(changes: readonly Change[], call?: Call): Promise<void>
  /** What `change` makes of `index.json`, nobody else writing meanwhile; `undefined`: it stays. */
  edit(change: Edit, call?: Call): Promise<void>
}

export type Edit = (
  index: LayoutIndex,
) => LayoutIndex | undefined | Promise<LayoutIndex | undefined>

export function createCommits(folder: Folder, indexFile: IndexFile, self: Identity): Commits {
  const lock: LockInit = { path: `${indexFile.path}.lock`, store: folder.name, self }
  let prepared = false

  async function locked(call?: Call): Promise<Lock> {
    await mkdir(folder.path, { recursive: true })
    return acquireLock(lock, call)
  }

  /** The caller holds the lock. */
  async function current(): Promise<LayoutIndex> {
    const { index, exists } = await indexFile.read()
    if (!(await isLayout(folder))) await createLayout(folder, exists)
    prepared = true
    return index
  }

  const edit: Commits['edit'] = (change, call) =>
    located(folder, async () => {
      await using lock = await locked(call)
      const changed = await change(await current())
      if (!changed) return
      // first the blobs' names, then the names for them: a crash leaves nothing that dangles
      for (const algorithm of ['sha256', 'sha512']) {
        await unlessAbsent(syncFolder(join(folder.path, 'blobs', algorithm)))
      }
      await lock.confirm()
      await indexFile.replace(changed)
    })

  const commit = createGroup<readonly Change[]>((take, call) =>
    edit(index => withChanges(index, take().flat()), call),
  )

  const create = createGroup<undefined>((take, call) =>
    located(folder, async () => {
      await using _lock = await locked(call)
      take()
      await current()
    }),
  )

  return {
    commit,
    edit,

    async prepare(call) {
      prepared ||= await isLayout(folder)
      if (!prepared) await create(undefined, call)
    },
  }
}
