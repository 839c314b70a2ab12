/** Tars byte by byte, as no well-behaved program would make them, and tars as files. */
import { open, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readMembers, type Members } from '../../src/tar/members.ts'

const BLOCK = 512

export interface RawMember {
  readonly name: string
  readonly bytes?: Buffer | string
  /** The type as it is in the header: `0` a file, `1` a hard link, `2` a symlink, `5` a folder. */
  readonly type?: string
  readonly target?: string
  /** What the header claims, in octal or as it is. */
  readonly size?: string
  readonly magic?: string
  readonly prefix?: string
}

export function rawMember({
  name,
  bytes = '',
  type = '0',
  target = '',
  size,
  magic = 'ustar\x0000',
  prefix = '',
}: RawMember): Buffer {
  const body = Buffer.from(bytes)
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0, 100)
  block.write('0000644\x000000000\x000000000\0', 100, 'latin1')
  block.write(size ?? `${body.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  block.write('00000000000\0        ', 136, 'latin1')
  block.write(type, 156, 'latin1')
  block.write(target, 157, 100)
  block.write(magic, 257, 'latin1')
  block.write(prefix, 345, 155)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return Buffer.concat([block, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)])
}

export const END = Buffer.alloc(2 * BLOCK)

export function rawTar(...members: readonly (RawMember | Buffer)[]): Buffer {
  const parts = members.map(member => (Buffer.isBuffer(member) ? member : rawMember(member)))
  return Buffer.concat([...parts, END])
}

/** A pax header with these records, as they are. */
export function pax(records: Readonly<Record<string, string>>, type = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.byteLength(` ${key}=${value}\n`)
    const length = [1, 2, 3, 4]
      .map(digits => digits + rest)
      .find(n => String(n).length + rest === n)
    return `${length} ${key}=${value}\n`
  })
  return rawMember({ name: 'PaxHeader', type, bytes: lines.join('') })
}

/** A file with these bytes, in a folder of its own that goes with the test. */
export async function fileOf(bytes: Buffer, name = 'some.tar'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-tar-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

export async function membersOf(bytes: Buffer): Promise<Members> {
  const file = await open(await fileOf(bytes))
  try {
    return await readMembers({ file, size: bytes.length }, 'some.tar')
  } finally {
    await file.close()
  }
}
