/**
 * Headers of the members of a layer: ustar, with a pax header before it for what does not fit.
 * Equal entries give equal bytes, and nothing tells of this machine.
 */
import { isAscii } from 'node:buffer'
import { BLOCK_BYTES } from './header.ts'
import { nameBytes } from './name-bytes.ts'
import type { TarEntry } from './entry.ts'

/** A member to write; a folder's name ends with a slash. */
export type NewEntry = Omit<TarEntry, 'offset' | 'bytes'>

const TYPES: Readonly<Record<NewEntry['kind'], string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  'char-device': '3',
  'block-device': '4',
  folder: '5',
  fifo: '6',
}

/** What the fields hold that are not as long as one would like. */
const NAME_BYTES = 100
const PREFIX_BYTES = 155
const MOST_ID = 8 ** 7 - 1
const MOST_SIZE = 8 ** 11 - 1

/** Everything that comes before the bytes of a member; its time in whole seconds. */
export function encodeEntry(entry: NewEntry): Buffer {
  const name = nameBytes(entry.name)
  const target = nameBytes(entry.target)
  const split = splitName(name)
  const mtime = Math.floor(entry.mtime)
  const records = [
    ...(split ? [] : [paxRecord('path', name)]),
    ...(target.length > NAME_BYTES || !isAscii(target) ? [paxRecord('linkpath', target)] : []),
    ...(entry.size > MOST_SIZE ? [paxRecord('size', String(entry.size))] : []),
    ...(entry.uid > MOST_ID ? [paxRecord('uid', String(entry.uid))] : []),
    ...(entry.gid > MOST_ID ? [paxRecord('gid', String(entry.gid))] : []),
    ...(mtime < 0 || mtime > MOST_SIZE ? [paxRecord('mtime', String(mtime))] : []),
    ...xattrRecords(entry),
  ]
  const { prefix, rest } = split ?? { prefix: Buffer.alloc(0), rest: name.subarray(0, NAME_BYTES) }
  const header = headerOf({ ...entry, mtime }, { prefix, name: rest, target })
  return records.length === 0 ? header : Buffer.concat([...paxOf(records), header])
}

export function paddingFor(size: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES)
}

export const END_OF_TAR = 2 * BLOCK_BYTES

interface SplitName {
  readonly prefix: Buffer
  readonly rest: Buffer
}

/** A name in the two fields for it; `undefined` where it does not fit, or is not plain ASCII. */
function splitName(name: Buffer): SplitName | undefined {
  if (!isAscii(name)) return undefined
  if (name.length <= NAME_BYTES) return { prefix: Buffer.alloc(0), rest: name }
  // the last byte may be the slash of a folder, which is to stay
  const slash = name.lastIndexOf('/', Math.min(PREFIX_BYTES, name.length - 2))
  const rest = name.subarray(slash + 1)
  if (slash < 1 || rest.length > NAME_BYTES) return undefined
  return { prefix: name.subarray(0, slash), rest }
}

function xattrRecords({ xattrs }: NewEntry): readonly Buffer[] {
  const sorted = [...(xattrs ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return sorted.map(([key, value]) => paxRecord(`SCHILY.xattr.${key}`, value))
}

/** `LENGTH KEY=VALUE`, the length counting its own digits. */
export function paxRecord(key: string, value: Buffer | string): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  const digits = String(rest.length + String(rest.length).length).length
  return Buffer.concat([Buffer.from(String(rest.length + digits)), rest])
}

function paxOf(records: readonly Buffer[]): readonly Buffer[] {
  const body = Buffer.concat(records)
  const entry = { kind: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const
  const header = headerOf(
    { ...entry, size: body.length, major: 0, minor: 0 },
    { prefix: Buffer.alloc(0), name: Buffer.from('PaxHeader'), target: Buffer.alloc(0) },
    'x',
  )
  return [header, body, paddingFor(body.length)]
}

interface Names {
  readonly prefix: Buffer
  readonly name: Buffer
  readonly target: Buffer
}

function headerOf(
  entry: Omit<NewEntry, 'name' | 'target' | 'xattrs'>,
  { prefix, name, target }: Names,
  type = TYPES[entry.kind],
): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES)
  block.set(name, 0)
  writeOctal(block, entry.mode, 100, 8)
  writeOctal(block, entry.uid > MOST_ID ? 0 : entry.uid, 108, 8)
  writeOctal(block, entry.gid > MOST_ID ? 0 : entry.gid, 116, 8)
  writeOctal(block, entry.size > MOST_SIZE ? 0 : entry.size, 124, 12)
  writeOctal(block, entry.mtime < 0 || entry.mtime > MOST_SIZE ? 0 : entry.mtime, 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.set(target.subarray(0, NAME_BYTES), 157)
  block.write('ustar\x0000', 257, 'latin1')
  if (entry.kind.endsWith('device')) {
    writeOctal(block, entry.major, 329, 8)
    writeOctal(block, entry.minor, 337, 8)
  }
  block.set(prefix, 345)
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function writeOctal(block: Buffer, value: number, at: number, length: number): void {
  block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
}
