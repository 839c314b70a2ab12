/**
 * A registry as it is read: content by its digest from its mirrors first, in their order, and from
 * itself for what they lack.
 *
 * What a tag names, what is not there, which tags there are and what refers to an image, the registry
 * itself says: a mirror lags, or keeps only some images. Only where the registry is away do mirrors
 * tell what a tag names, and then nothing that is there is replaced because of it. A mirror that
 * fails once is left out for the rest of the run. Writing goes to the registry alone.
 */
import { isRetryable, StoreError, WaybillError } from '../../errors.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Call } from '../../util/call.ts'
import { verified } from '../../util/verified.ts'
import type { Hearsay, Manifested, Referring, Store } from '../store.ts'

export interface Mirror {
  readonly open: () => Promise<Store>
  /** What goes before the repository; empty, or like `hub`. */
  readonly path: string
  /** As the manifest has it, for messages. */
  readonly name: string
  /** Whether this manifest brings something to that repository of it: it tells nothing of sources then. */
  readonly isWritten: (repository: string) => boolean
}

export interface MirroredInit {
  readonly registry: Store & Referring
  readonly mirrors: readonly Mirror[]
  /** Told once of each mirror that is left out. */
  readonly onLeftOut: (mirror: Mirror, error: WaybillError) => void
}

/** What a mirror is asked; `undefined`: it does not have that. */
type Ask<T> = (store: Store, repository: string) => Promise<T | undefined>

export function openMirrored({
  registry,
  mirrors,
  onLeftOut,
}: MirroredInit): Store & Referring & Hearsay {
  const leftOut = new Set<Mirror>()
  /** Tags that only a mirror told of. */
  const heard = new Set<string>()
  /** Why the registry cannot be asked, once that is known. */
  let away: StoreError | undefined

  function leaveOut(mirror: Mirror, error: unknown, { signal }: Call): void {
    if (!(error instanceof WaybillError) || signal?.aborted) throw error
    if (leftOut.has(mirror)) return
    leftOut.add(mirror)
    onLeftOut(mirror, error)
  }

  async function first<T>(
    among: readonly Mirror[],
    repository: string,
    ask: Ask<T>,
    call: Call = {},
  ): Promise<T | undefined> {
    for (const mirror of among) {
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

  /** The registry's word; a mirror's where the registry is away. */
  async function byTag<T>(
    { repository, tag }: { readonly repository: string; readonly tag: string },
    own: () => Promise<T | undefined>,
    ask: Ask<T>,
    call: Call = {},
  ): Promise<T | undefined> {
    try {
      if (away === undefined) return await own()
    } catch (error) {
      if (!(error instanceof StoreError) || !isRetryable(error) || call.signal?.aborted) throw error
      away = error
    }
    const others = mirrors.filter(mirror => !mirror.isWritten(nameAt(mirror, repository)))
    const found = await first(others, repository, ask, call)
    if (found === undefined) throw away
    heard.add(`${repository}:${tag}`)
    return found
  }

  /** One look at the registry, which is no pull, and the bytes from whoever has them. */
  async function manifest(
    repository: string,
    digest: Digest,
    call?: Call,
  ): Promise<Manifested | undefined> {
    const found = await first(
      mirrors,
      repository,
      (store, at) => store.manifest(at, digest, call),
      call,
    )
    return found ?? registry.manifest(repository, digest, call)
  }

  return {
    name: registry.name,
    tags: (repository, call) => registry.tags(repository, call),
    hearsay: (repository, reference) => heard.has(`${repository}:${reference}`),
    async referrers(repository, subject, call) {
      if (away) throw untold(away)
      return registry.referrers(repository, subject, call)
    },
    async resolve(repository, reference, call) {
      const ask: Ask<Descriptor> = (store, at) => store.resolve(at, reference, call)
      const own = () => registry.resolve(repository, reference, call)
      if (!isDigest(reference)) return byTag({ repository, tag: reference }, own, ask, call)
      return (await first(mirrors, repository, ask, call)) ?? own()
    },
    async manifest(repository, reference, call) {
      if (isDigest(reference)) return manifest(repository, reference, call)
      const own = async () => {
        const seen = await registry.resolve(repository, reference, call)
        return seen && manifest(repository, seen.digest, call)
      }
      const ask: Ask<Manifested> = (store, at) => store.manifest(at, reference, call)
      return byTag({ repository, tag: reference }, own, ask, call)
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

function untold(away: StoreError): StoreError {
  return new StoreError(away.code, away.message, {
    cause: away.cause,
    facts: away.facts,
    hint: 'what refers to an image only the registry itself tells; "referrers: false" does without',
  })
}

function nameAt({ path }: Mirror, repository: string): string {
  return path === '' ? repository : `${path}/${repository}`
}

function isLacking(error: unknown): boolean {
  return error instanceof WaybillError && error.code === 'CONTENT_MISSING'
}
