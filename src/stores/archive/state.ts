import { dirname } from 'node:path'
import type { Readable } from 'node:stream'
import { StoreError, toError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Call } from '../../util/call.ts'
import { located, type Local } from '../failure.ts'
import { loadArchive, NO_ARCHIVE } from './load.ts'
import { identityOf, openSource, regionStream, spoolStream, type Source } from './source.ts'
import type { Archive, Content } from './types.ts'

export interface State {
  /** What the archive says now; read anew where its file is another. */
  current(call?: Call): Promise<Archive>
  /** From now on what is in the file counts, whatever was there before. */
  written(): void
  close(): Promise<void>
}

export interface FileInit {
  readonly name: string
  readonly path: string
  readonly temporary: string
  readonly fresh: boolean
}

export function fileState({ name, path, temporary, fresh }: FileInit): State {
  const where: Local = { name, path: dirname(path) }
  const closing = new AbortController()
  const sources: Source[] = []
  let isFresh = fresh
  let last: { readonly identity: string; readonly archive: Promise<Archive> } | undefined

  async function load(): Promise<Archive> {
    const call = { signal: closing.signal }
    const source = await openSource({ name, path, temporary }, call)
    try {
      const archive = await loadArchive(source, name, call)
      sources.push(source)
      return archive
    } catch (error) {
      await source.close()
      throw error
    }
  }

  /** What failed is tried again when somebody asks again: a disk may have been full. */
  function loadOnce(identity: string): Promise<Archive> {
    if (last?.identity === identity) return last.archive
    const loading = { identity, archive: load() }
    last = loading
    loading.archive.catch(() => {
      if (last === loading) last = undefined
    })
    return loading.archive
  }

  return {
    current: (call = {}) =>
      located(where, async () => {
        call.signal?.throwIfAborted()
        const identity = isFresh ? undefined : await identityOf(path)
        if (identity === undefined) return NO_ARCHIVE
        return unlessStopped(loadOnce(identity), call)
      }),
    written: () => void (isFresh = false),
    async close() {
      closing.abort()
      await last?.archive.catch(() => undefined)
      await Promise.all(sources.map(source => source.close()))
    },
  }
}

/** An archive that comes once: it is read to its end when it is first asked for. */
export function streamState({
  name,
  input,
  temporary,
}: {
  readonly name: string
  readonly input: Readable
  readonly temporary: string
}): State {
  const where: Local = { name, path: temporary }
  const closing = new AbortController()
  let source: Source | undefined
  let loading: Promise<Archive> | undefined

  async function load(): Promise<Archive> {
    const call = { signal: closing.signal }
    source = await spoolStream(input, { name, temporary }, call)
    return loadArchive(source, name, call)
  }

  return {
    current: (call = {}) =>
      located(where, () => {
        call.signal?.throwIfAborted()
        loading ??= load()
        return unlessStopped(loading, call)
      }),
    written: () => {},
    async close() {
      closing.abort()
      input.destroy()
      await loading?.catch(() => undefined)
      await source?.close()
    },
  }
}

/** Others may wait for the same work, so it goes on when this caller does not wait any more. */
async function unlessStopped<T>(work: Promise<T>, { signal }: Call): Promise<T> {
  if (!signal) return work
  const stop = new AbortController()
  const stopped = new Promise<never>((_, reject) => {
    const leave = () => reject(toError(signal.reason))
    signal.addEventListener('abort', leave, { signal: stop.signal })
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    stop.abort()
  }
}

/** The bytes of one blob, or `undefined` where the file has been replaced since it was looked through. */
export async function openContent(
  { source }: Archive,
  content: Content,
): Promise<Readable | Buffer | undefined> {
  if ('bytes' in content) return content.bytes
  const opened = await source?.open()
  return opened && regionStream(opened.file, content, () => opened.close())
}

/** What the archive has of a blob, which is to have the length that its descriptor says. */
export function requireContent(
  { contents }: Archive,
  { digest, size }: Descriptor,
  name: string,
): Content {
  const found = contents.get(digest)
  if (!found) throw new StoreError('CONTENT_MISSING', `${name} has no ${digest}`)
  if (found.size === size) return found
  throw new StoreError(
    'CONTENT_CORRUPT',
    `${name}: ${digest} has ${found.size} bytes, not ${size}`,
    { hint: 'the archive is damaged: copy or make it anew' },
  )
}
