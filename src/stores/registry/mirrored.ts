/**
 * A registry as it is read: its mirrors first, in their order, and itself for what they lack.
 *
 * Only the registry says what is not there, which tags there are and what refers to an image: a
 * mirror that lags, or keeps only some images, must not make anything look missing. A mirror that
 * fails once is left out for the rest of the run. Writing goes to the registry alone.
 */
import { WaybillError } from '../../errors.ts'
import type { Call } from '../../util/call.ts'
import { verified } from '../../util/verified.ts'
import type { Referring, Store } from '../store.ts'

export interface Mirror {
  readonly open: () => Promise<Store>
  /** What goes before the repository; empty, or like `hub`. */
  readonly path: string
  /** As the manifest has it, for messages. */
  readonly name: string
}

export interface MirroredInit {
  readonly registry: Store & Referring
  readonly mirrors: readonly Mirror[]
  /** Told once of each mirror that is left out. */
  readonly onLeftOut: (mirror: Mirror, error: WaybillError) => void
}

/** What a mirror is asked; `undefined`: it does not have that. */
type Ask<T> = (store: Store, repository: string) => Promise<T | undefined>

export function openMirrored({ registry, mirrors, onLeftOut }: MirroredInit): Store & Referring {
  const leftOut = new Set<Mirror>()

  function leaveOut(mirror: Mirror, error: unknown, { signal }: Call): void {
    if (!(error instanceof WaybillError) || signal?.aborted) throw error
    if (leftOut.has(mirror)) return
    leftOut.add(mirror)
    onLeftOut(mirror, error)
  }

  async function first<T>(
    repository: string,
    ask: Ask<T>,
    call: Call = {},
  ): Promise<T | undefined> {
    for (const mirror of mirrors) {
      if (leftOut.has(mirror)) continue
      try {
        const found = await ask(await mirror.open(), nameAt(mirror, repository))
        if (found !== undefined) return found
      } catch (error) {
        if (isLacking(error)) continue
        leaveOut(mirror, error, call)
      }
    }
    return undefined
  }

  return {
    name: registry.name,
    tags: (repository, call) => registry.tags(repository, call),
    referrers: (repository, subject, call) => registry.referrers(repository, subject, call),
    async resolve(repository, reference, call) {
      const found = await first(repository, (store, at) => store.resolve(at, reference, call), call)
      return found ?? registry.resolve(repository, reference, call)
    },
    async manifest(repository, reference, call) {
      const found = await first(
        repository,
        (store, at) => store.manifest(at, reference, call),
        call,
      )
      return found ?? registry.manifest(repository, reference, call)
    },
    async fetch(repository, content, call = {}) {
      for (const mirror of mirrors) {
        if (leftOut.has(mirror)) continue
        try {
          const store = await mirror.open()
          const bytes = await store.fetch(nameAt(mirror, repository), content, call)
          // wrong bytes are found here, so that the next attempt asks another
          return verified(bytes, content).once('error', error => leaveOutLater(mirror, error, call))
        } catch (error) {
          if (isLacking(error)) continue
          leaveOut(mirror, error, call)
        }
      }
      return registry.fetch(repository, content, call)
    },
    write: (repository, body, call) => registry.write(repository, body, call),
    remove: (repository, reference, call) => registry.remove(repository, reference, call),
    close: () => registry.close(),
  }

  /** A stream that its reader gave up says nothing of the mirror. */
  function leaveOutLater(mirror: Mirror, error: Error, call: Call): void {
    if (error instanceof WaybillError && call.signal?.aborted !== true) {
      leaveOut(mirror, error, call)
    }
  }
}

function nameAt({ path }: Mirror, repository: string): string {
  return path === '' ? repository : `${path}/${repository}`
}

function isLacking(error: unknown): boolean {
  return error instanceof WaybillError && error.code === 'CONTENT_MISSING'
}
