/**
 * Makes tars of plain files, equal bytes for equal members: everything that would tell of this
 * machine or this moment is zero.
 */
import type { Readable } from 'node:stream'
import { paddingFor, paxRecord } from './encode.ts'
import { BLOCK_BYTES } from './header.ts'

export interface PackedMember {
  readonly name: string
  readonly size: number
  /** Gives exactly `size` bytes, or fails. */
  readonly open: () => Promise<Readable | Buffer>
}

/** What the name field of a header holds. Longer ones get a pax header of their own. */
const NAME_BYTES = 100
/** What eleven octal digits count. Larger ones are written as GNU does. */
const MOST_OCTAL = 8 ** 11 - 1

export async function* packed(members: Iterable<PackedMember>): AsyncGenerator<Buffer> {
  for (const { name, size, open } of members) {
    yield headersOf(name, size)
    const bytes = await open()
    let left = size
    for await (const chunk of Buffer.isBuffer(bytes) ? [bytes] : bytes) {
      const part: Buffer = chunk
      left -= part.length
      if (left < 0) break
      yield part
    }
    if (left !== 0) throw new Error(`${name} was said to have ${size} bytes, and has not`)
    yield paddingFor(size)
  }
  yield Buffer.alloc(2 * BLOCK_BYTES)
}

function headersOf(name: string, size: number): Buffer {
  const bytes = Buffer.from(name)
  if (bytes.length <= NAME_BYTES) return headerOf(bytes, size, '0')
  const record = paxRecord('path', name)
  return Buffer.concat([
    headerOf(Buffer.from('PaxHeader'), record.length, 'x'),
    record,
    paddingFor(record.length),
    headerOf(bytes.subarray(0, NAME_BYTES), size, '0'),
  ])
}

function headerOf(name: Buffer, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.set(name, 0)
  block.write('0000644\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  writeSize(block, size)
  block.write('00000000000\0', 136, 'latin1')
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function writeSize(block: Buffer, size: number): void {
  if (size <= MOST_OCTAL) {
    block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  } else {
    block[124] = 0x80
    block.writeBigUInt64BE(BigInt(size), 128)
  }
}
