/** A tar that is packed as it is read: what goes into it is opened one after the other, and never kept. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import { toError } from '../errors.ts'

export interface LoadMember {
  readonly name: string
  readonly size: number
  readonly open: () => Readable | Buffer
}

/** Fails as the first member that cannot be read does, and closes what is open when it is destroyed. */
export function packMembers(members: readonly LoadMember[]): Readable {
  const tar = pack()
  fill(tar, members).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(toError(error)),
  )
  return Readable.from(tar, { objectMode: false })
}

async function fill(tar: Pack, members: readonly LoadMember[]): Promise<void> {
  for (const { name, size, open } of members) {
    const bytes = open()
    // equal members are to give equal bytes
    const header = { name, size, mode: 0o644, mtime: new Date(0) }
    const source = Buffer.isBuffer(bytes) ? Readable.from([bytes], { objectMode: false }) : bytes
    await pipeline(source, tar.entry(header))
  }
}
