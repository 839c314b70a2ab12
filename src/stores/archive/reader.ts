import { StoreError } from '../../errors.ts'
import { readAt, type Members, type Region, type TarFile } from '../../tar/members.ts'
import type { Call } from '../../util/call.ts'
import { regionStream } from './source.ts'
import type { Readable } from 'node:stream'

/** What all documents of an archive may have together: they are kept while it is open. */
const MOST_DOCUMENT_BYTES = 128 * 1024 * 1024

/** The members of an archive, for as long as it is being looked through. */
export interface Reader {
  /** The store's name, which errors begin with. */
  readonly where: string
  readonly members: Members
  readonly call: Call
  /** All of a small member; `what` names it in errors. */
  read(region: Region, limit: number, what: string): Promise<Buffer>
  stream(region: Region): Readable
}

export function createReader(
  tar: TarFile & { readonly file: Parameters<typeof regionStream>[0] },
  { where, members, call }: Pick<Reader, 'where' | 'members' | 'call'>,
): Reader {
  let total = 0
  return {
    where,
    members,
    call,
    async read(region, limit, what) {
      call.signal?.throwIfAborted()
      total += region.size
      if (region.size > limit || total > MOST_DOCUMENT_BYTES) {
        throw tooLarge(where, what, Math.min(limit, MOST_DOCUMENT_BYTES))
      }
      return readAt(tar, region.offset, region.size)
    },
    stream: region => regionStream(tar.file, region),
  }
}

/** A member that something else in the archive names. */
export function requireMember({ members, where }: Reader, name: string, by: string): Region {
  const found = members.get(name)
  if (found) return found
  const shown = JSON.stringify(name.slice(0, 200))
  throw new StoreError('CONTENT_MISSING', `${where}: ${by} names ${shown}, which is not in it`, {
    hint: 'the archive is incomplete: make it anew',
  })
}

function tooLarge(where: string, what: string, limit: number): StoreError {
  return new StoreError('CONTENT_UNSUPPORTED', `${where}: ${what} is too large`, {
    hint: `at most ${limit} bytes are read of it`,
  })
}
