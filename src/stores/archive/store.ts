import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { StoreError } from '../../errors.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Call } from '../../util/call.ts'
import { identify, markOf, type Owner } from '../../util/holder.ts'
import type { Bundle } from '../bundle.ts'
import { located } from '../failure.ts'
import type { Holding, Referring, Store } from '../store.ts'
import { createCommits, type Wanted } from './commit.ts'
import type { Format } from './next.ts'
import { createReading } from './read.ts'
import { remove } from './remove.ts'
import { createStaging, tidy } from './staging.ts'
import { fileState, streamState } from './state.ts'
import { runSession, type Writing } from './write.ts'

export interface ArchiveInit {
  readonly name: string
  /** Absolute. */
  readonly path: string
  /**
   * What is written. `docker`: what docker, podman and skopeo load, an OCI image layout with
   * docker's `manifest.json`. `oci`: the layout alone. Every form is read.
   */
  readonly format: Format
  /** Begins with nothing: what is at the path stays until the first commit replaces it. */
  readonly fresh?: boolean
  /** A folder for what a compressed archive unpacks to. Nothing in it is left behind. */
  readonly temporary: string
  /** Who writes. */
  readonly owner: Owner
}

export interface ArchiveStreamInit {
  readonly name: string
  /** An archive as it comes on stdin, compressed or not. It is read when first asked for. */
  readonly input: Readable
  readonly temporary: string
}

export type ArchiveStore = Store & Referring & Holding & Bundle

/**
 * Images in one tar file. Each commit writes the whole file anew, and it has just what its names
 * reach: an image that loses its last name is not in the next file.
 */
export async function openArchive(init: ArchiveInit): Promise<ArchiveStore> {
  const { name, path, format, fresh = false, temporary, owner } = init
  const self = await identify(owner)
  const state = fileState({ name, path, temporary, fresh })
  const staging = createStaging(path, markOf(self))
  const pins = new Set<ReadonlySet<Digest>>()
  const pinned = () => [...pins].flatMap(pin => [...pin])
  const commits = createCommits({ name, path, format, self, state, staging, pinned })
  const reading = createReading({ name, path, state, staging })
  let tidied: Promise<void> | undefined

  async function prepare(call?: Call): Promise<void> {
    const { source } = await state.current(call)
    if (source?.fixed !== undefined) throw unwritable(name, source.fixed)
    // before anything is written: what a killed process left may be what fills the disk
    tidied ??= located({ name, path: dirname(path) }, () => tidy(path, { self, now: owner.now }))
    await tidied
  }

  /** Runs a session and then `finish`; what it counts on stays until it is in a file. */
  async function run<T>(
    writing: Writing<T>,
    finish: (wanted: Wanted) => Promise<void>,
  ): Promise<T> {
    await prepare(writing.call)
    const pin = new Set<Digest>()
    const release = () => void pins.delete(pin)
    pins.add(pin)
    try {
      const { result, ...wanted } = await runSession({ name, path, staging, state }, writing, pin)
      await finish({ ...wanted, release })
      return result
    } catch (error) {
      release()
      throw error
    }
  }

  async function commit(wanted: Wanted, call?: Call): Promise<void> {
    if (wanted.changes.length > 0) await commits.commit(wanted, call)
    wanted.release()
  }

  const removing: Store['remove'] = async (repository, reference, call) => {
    await prepare(call)
    await remove({ state, commits }, { name, repository, reference, call })
  }

  return {
    ...reading,
    write: (repository, body, call) =>
      run({ repository, body, call }, wanted => commit(wanted, call)),
    remove: removing,
    async together(body, call) {
      const collected: Wanted[] = []
      const collect = async (wanted: Wanted) => void collected.push(wanted)
      try {
        const result = await body({
          ...reading,
          write: (repository, body, call) => run({ repository, body, call }, collect),
          remove: removing,
          close: async () => {},
        })
        await commit(allOf(collected), call)
        return result
      } finally {
        allOf(collected).release()
      }
    },
    async close() {
      await state.close()
      await staging.close()
    },
  }
}

/** What several sessions want, in the order in which they ended. */
function allOf(wanted: readonly Wanted[]): Wanted {
  return {
    changes: wanted.flatMap(({ changes }) => changes),
    nodes: new Map(wanted.flatMap(({ nodes }) => [...nodes])),
    release() {
      for (const { release } of wanted) release()
    },
  }
}

export async function openArchiveStream({
  name,
  input,
  temporary,
}: ArchiveStreamInit): Promise<ArchiveStore> {
  const state = streamState({ name, input, temporary })
  const refuse = () => Promise.reject(unwritable(name, 'read from a stream'))
  return {
    ...createReading({ name, path: temporary, state }),
    write: refuse,
    remove: refuse,
    together: refuse,
    close: () => state.close(),
  }
}

function unwritable(name: string, why: string): StoreError {
  return new StoreError(
    'STORE_UNSUPPORTED',
    `${name}: nothing is written into an archive that is ${why}`,
    {
      hint: 'name another path to write to',
    },
  )
}
