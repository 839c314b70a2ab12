/** The next file of an archive, and who may write it. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import type { Identity } from '../../util/holder.ts'
import { located } from '../failure.ts'
import { createGroup } from '../group.ts'
import { withChanges, type Change, type LayoutIndex } from '../index-document.ts'
import { acquireLock, type Lock } from '../lock.ts'
import { sorted } from './encode.ts'
import { requireNode, writeNext, type Format } from './next.ts'
import { reachOf, withoutIdle } from './reach.ts'
import type { Staging } from './staging.ts'
import type { State } from './state.ts'
import type { Archive, Nodes } from './types.ts'

/** What one session wants of the next file. */
export interface Wanted {
  readonly changes: readonly Change[]
  /** Manifests that it put. */
  readonly nodes: Nodes
  /** Ends its hold on what it counts on, which from then on is kept by what it wants. */
  readonly release: () => void
}

export interface Commits {
  /** All of it in one replacement of the file, or none. */
  commit(wanted: Wanted, call?: Call): Promise<void>
  /** What `change` makes of the index, nobody else writing meanwhile; `undefined`: it stays. */
  edit(change: (archive: Archive) => LayoutIndex | undefined, call?: Call): Promise<void>
}

export interface CommitInit {
  readonly name: string
  readonly path: string
  readonly format: Format
  readonly self: Identity
  readonly state: State
  readonly staging: Staging
  /** What sessions that still go on count on. */
  readonly pinned: () => Iterable<Digest>
}

type Work = (archive: Archive, confirm: Lock['confirm']) => Promise<void>

export function createCommits(init: CommitInit): Commits {
  const { name, path, state, self } = init
  const folder = dirname(path)

  function locked(work: Work, call?: Call): Promise<void> {
    return located({ name, path: folder }, async () => {
      await mkdir(folder, { recursive: true })
      await using lock = await acquireLock({ path: `${path}.lock`, store: name, self }, call)
      await work(await state.current(), () => lock.confirm())
    })
  }

  const group = createGroup<Wanted & Call>((take, call) =>
    locked(async (archive, confirm) => {
      const taken = take()
      for (const { release } of taken) release()
      const changes = taken.flatMap(wanted => wanted.changes)
      const index = withChanges(archive.index, changes) ?? archive.index
      const nodes = new Map(taken.flatMap(wanted => [...wanted.nodes]))
      using patience = whileAnyWaits(taken.map(({ signal }) => signal))
      await replace(init, archive, { index, nodes, confirm, signal: patience.signal })
    }, call),
  )

  return {
    commit: (wanted, call = {}) => group({ ...wanted, signal: call.signal }, call),
    edit: (change, call) =>
      locked(async (archive, confirm) => {
        const index = change(archive)
        const next = { nodes: new Map(), confirm, signal: call?.signal }
        if (index) await replace(init, archive, { index, ...next })
      }, call),
  }
}

/** Aborted when all of these are: while anybody waits, the work goes on. */
function whileAnyWaits(
  signals: readonly (AbortSignal | undefined)[],
): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController()
  const all = new AbortController()
  const waiting = new Set(signals)
  for (const signal of signals) {
    const leave = () => {
      waiting.delete(signal)
      if (waiting.size === 0) all.abort(signal?.reason)
    }
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { signal: over.signal })
  }
  return { signal: all.signal, [Symbol.dispose]: () => over.abort() }
}

/** What the next file is made of. */
interface Next extends Call {
  readonly index: LayoutIndex
  /** Manifests that were put for it. */
  readonly nodes: Nodes
  /** Throws where another process has taken over meanwhile. */
  readonly confirm: () => Promise<void>
}

/** Writes the next file, unless it would say what the present one says. */
async function replace(
  init: CommitInit,
  archive: Archive,
  { index: wanted, nodes: put, confirm, signal }: Next,
): Promise<void> {
  const { staging } = init
  for (const node of put.values()) requireNode(init, archive, node)
  const nodes = new Map([...archive.nodes, ...put])
  const index = sorted(withoutIdle(wanted, nodes))
  const roots = index.entries.map(({ content }) => content.digest)
  const reached = reachOf(roots, nodes)

  const isStaged = (digest: Digest) => staging.sizeOf(digest) !== undefined
  const isKnown = isSame(index, sorted(archive.index)) && archive.source !== undefined
  if (isKnown && ![...reached].some(isStaged)) return

  const counted = [...init.pinned()].filter(digest => !isStaged(digest))
  const digests = new Set([...reached, ...counted])
  await writeNext(init, archive, { index, nodes, digests, confirm, signal })
  init.state.written()
  await staging.drop(digests)
}

function isSame(a: LayoutIndex, b: LayoutIndex): boolean {
  const saying = ({ entries }: LayoutIndex) => JSON.stringify(entries.map(({ raw }) => raw))
  return saying(a) === saying(b)
}
