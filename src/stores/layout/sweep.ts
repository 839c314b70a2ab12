import { lstat, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { StoreError } from '../../errors.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import { mapLimit } from '../../util/concurrency.ts'
import type { Blob, SweepOptions, Swept } from '../sweepable.ts'
import { blobPath, filesIn, unlessAbsent, type Folder } from './folder.ts'
import type { IndexFile, IndexState } from './index-file.ts'
import { isLayout } from './layout-file.ts'
import { acquireLock, type Lock, type LockInit } from '../lock.ts'
import { show, shown } from './presence.ts'
import { reachOfIndex } from './reach.ts'
import { isLeft } from '../../util/left-overs.ts'

export interface Broom {
  readonly folder: Folder
  readonly indexFile: IndexFile
  readonly lock: LockInit
  readonly now: () => Date
}

const NOTHING: Swept = { removed: [], left: [] }
/** Between looks at whether somebody who takes no lock has written `index.json`. */
const BATCH = 64

/** Removes the blobs that nothing reaches, unless somebody may be about to name them. */
export async function sweep(broom: Broom, options: SweepOptions, call: Call = {}): Promise<Swept> {
  const { folder, lock } = broom
  call.signal?.throwIfAborted()
  if (!(await isLayout(folder))) return NOTHING
  if (options.dryRun === true) return (await findUnreached(broom, options)).found
  await using held = await acquireLock(lock, call)
  await using _sweeping = await show(folder, 'sweep')
  const { found, state } = await findUnreached(broom, options)
  if (found.removed.length === 0) return found
  if (await othersWrite(broom)) {
    return { removed: [], left: [...found.left, ...found.removed].toSorted(byDigest) }
  }
  return { ...found, removed: await removeAll(broom, found.removed, { held, state, call }) }
}

interface Unreached {
  readonly found: Swept
  /** What `index.json` said. */
  readonly state: IndexState
}

async function findUnreached(
  { folder, indexFile, now }: Broom,
  { among, graceMs }: SweepOptions,
): Promise<Unreached> {
  const state = await indexFile.read()
  const reach = await reachOfIndex(folder, state.index)
  const files = (await blobsIn(folder)).filter(
    digest => !reach.has(digest) && (among === undefined || among.has(digest)),
  )
  const looked = await mapLimit(files, 16, async digest => {
    const stat = await unlessAbsent(lstat(blobPath(folder, digest)))
    if (stat === undefined) return []
    // a blob that was moved here keeps its mtime, and its ctime tells
    const ageMs = now().getTime() - Math.max(stat.mtimeMs, stat.ctimeMs)
    return [{ digest, size: stat.size, isOld: among !== undefined || ageMs >= graceMs }]
  })
  const blobs = looked.flat().toSorted(byDigest)
  const chosen = (old: boolean) =>
    blobs.filter(({ isOld }) => isOld === old).map(({ digest, size }) => ({ digest, size }))
  return { found: { removed: chosen(true), left: chosen(false) }, state }
}

/** Only what is called by a digest; whatever else somebody keeps there stays. */
async function blobsIn(folder: Folder): Promise<readonly Digest[]> {
  const files = await filesIn(folder)
  return files.map(path => `${basename(dirname(path))}:${basename(path)}`).filter(isDigest)
}

async function othersWrite({ folder, lock: { self }, now }: Broom): Promise<boolean> {
  for (const session of await shown(folder, 'session')) {
    if (!(await isLeft(session, { self, now }))) return true
  }
  return false
}

async function removeAll(
  { folder, indexFile }: Broom,
  blobs: readonly Blob[],
  {
    held,
    state,
    call: { signal },
  }: { readonly held: Lock; readonly state: IndexState; readonly call: Call },
): Promise<readonly Blob[]> {
  for (const [at, { digest }] of blobs.entries()) {
    if (at % BATCH === 0) {
      signal?.throwIfAborted()
      await held.confirm()
      if ((await indexFile.read()) !== state) throw changed(folder, at)
    }
    await unlessAbsent(unlink(blobPath(folder, digest)))
  }
  return blobs
}

function changed({ name }: Folder, removed: number): StoreError {
  return new StoreError(
    'STORE_CONFLICT',
    `${name}: another tool wrote index.json while ${removed} blobs were swept, so the rest stays`,
    { hint: 'run again when nothing else writes to it' },
  )
}

function byDigest(a: Blob, b: Blob): number {
  return a.digest < b.digest ? -1 : 1
}
