import type { Readable } from 'node:stream'
import type { Call } from '../../../util/call.ts'
import { readDiskFile } from '../../context/disk-file.ts'
import type { FileNode } from '../tree/node.ts'
import type { PackedBytes } from './packed-bytes.ts'

/** The bytes of a file of a tree, wherever they are. */
export async function fileBytes(
  file: FileNode,
  packed: Pick<PackedBytes, 'read'>,
  call: Call = {},
): Promise<Readable | Buffer> {
  const { content } = file
  switch (content.kind) {
    case 'inline':
      return content.bytes
    case 'disk':
      return readDiskFile(content.file, call)
    case 'spooled':
      return content.spool.read(0, file.size)
    case 'packed':
      return packed.read(file)
  }
}
