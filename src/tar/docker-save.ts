/** The members of a tar that an engine saves, in its order. */
import type { Readable } from 'node:stream'
import { extract } from 'tar-stream'
import { StoreError, toError, WaybillError } from '../errors.ts'

export interface SavedMember {
  /** Text from outside: for comparing, never for a path. */
  readonly name: string
  readonly size: number
  /** Must be consumed before the next member comes. */
  readonly bytes: AsyncIterable<Buffer>
}

/** Regular files alone; links name what is in the tar under another name as well. */
export async function* readMembers(tar: Readable, what: string): AsyncGenerator<SavedMember> {
  const reader = extract()
  const broken = (error: unknown) => explained(tar.errored ?? error, what)
  tar.once('error', error => reader.destroy(error))
  tar.pipe(reader)
  try {
    for await (const entry of reader) {
      const { name, size, type } = entry.header
      if (type === 'file' || type === 'contiguous-file') {
        yield { name, size, bytes: guarded(entry, broken) }
      } else entry.resume()
    }
  } catch (error) {
    throw broken(error)
  } finally {
    tar.destroy()
  }
}

async function* guarded(
  bytes: AsyncIterable<unknown>,
  broken: (error: unknown) => unknown,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of bytes) if (Buffer.isBuffer(chunk)) yield chunk
  } catch (error) {
    throw broken(error)
  }
}

function explained(error: unknown, what: string): unknown {
  if (error instanceof WaybillError || toError(error).name === 'AbortError') return error
  return new StoreError('CONTENT_CORRUPT', `${what} is no whole tar`, { cause: error })
}
