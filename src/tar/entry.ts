/**
 * One member of a layer or of an archive to unpack, as container engines read them: all kinds of
 * files, old forms of tar, extended attributes. What may be read in different ways is not refused
 * here as in `header.ts`, since every engine reads its base images so.
 */
import { BLOCK_BYTES, TarProblem } from './header.ts'
import { nameFrom } from './name-bytes.ts'

export type EntryKind =
  | 'file'
  | 'link'
  | 'symlink'
  | 'folder'
  | 'fifo'
  | 'char-device'
  | 'block-device'

export interface TarEntry {
  /** As it is written: it may begin with `/` or `./` and lead anywhere. */
  readonly name: string
  readonly kind: EntryKind
  /** Permissions with set-uid, set-gid and sticky: 12 bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In seconds, with a fraction where it is known. */
  readonly mtime: number
  /** Of a file; all others have no bytes. */
  readonly size: number
  /** What a link leads to. */
  readonly target: string
  readonly major: number
  readonly minor: number
  readonly xattrs?: ReadonlyMap<string, Buffer>
  /** Where its bytes are in the tar. */
  readonly offset: number
  /** Its bytes, where the reader was told to keep them. */
  readonly bytes?: Buffer
}

/** What a header says; `x`, `g`, `L` and `K` tell of what follows. */
export interface RawEntry extends Omit<TarEntry, 'kind' | 'offset' | 'bytes'> {
  readonly kind: EntryKind | 'pax' | 'global-pax' | 'long-name' | 'long-target'
}

const KINDS: Readonly<Record<string, RawEntry['kind']>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'char-device',
  '4': 'block-device',
  '5': 'folder',
  '6': 'fifo',
  '7': 'file',
  L: 'long-name',
  K: 'long-target',
  g: 'global-pax',
  x: 'pax',
}

const BODILESS = new Set<RawEntry['kind']>([
  'link',
  'symlink',
  'folder',
  'fifo',
  'char-device',
  'block-device',
])

/** Reads a block that is not all zeros. */
export function parseEntry(block: Buffer): RawEntry {
  requireChecksum(block)
  const type = block.toString('latin1', 156, 157)
  const kind = KINDS[type]
  if (kind === undefined) {
    throw new TarProblem(
      type === 'S' ? 'is a sparse file' : `is of an unknown type (${JSON.stringify(type)})`,
    )
  }
  const name = nameIn(block)
  const isOldFolder = type === '\0' && name.endsWith('/')
  const size = BODILESS.has(kind) ? 0 : wholeNumber(numberAt(block, 124, 12))
  return {
    name,
    kind: isOldFolder ? 'folder' : kind,
    mode: numberAt(block, 100, 8) & 0o7777,
    uid: wholeNumber(numberAt(block, 108, 8)),
    gid: wholeNumber(numberAt(block, 116, 8)),
    mtime: numberAt(block, 136, 12),
    size: isOldFolder ? 0 : size,
    target: textAt(block, 157, 100),
    major: kind.endsWith('device') ? wholeNumber(numberAt(block, 329, 8)) : 0,
    minor: kind.endsWith('device') ? wholeNumber(numberAt(block, 337, 8)) : 0,
  }
}

/** POSIX ustar has a field for the beginning of long names; GNU has other things there. */
function nameIn(block: Buffer): string {
  const own = textAt(block, 0, 100)
  if (block.toString('latin1', 257, 263) !== 'ustar\0') return own
  const isStar = block.toString('latin1', 508, 512) === 'tar\0'
  const prefix = textAt(block, 345, isStar ? 131 : 155)
  return prefix === '' ? own : `${prefix}/${own}`
}

/** The sum of all bytes, those of the sum itself taken for spaces; some tars added signed ones. */
function requireChecksum(block: Buffer): void {
  let sum = 8 * 32
  let signed = sum
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at >= 148 && at < 156) continue
    sum += block[at] ?? 0
    signed += block.readInt8(at)
  }
  const claimed = numberAt(block, 148, 8)
  if (claimed !== sum && claimed !== signed) throw new TarProblem('has a damaged header')
}

function textAt(block: Buffer, start: number, length: number): string {
  return nameFrom(untilZero(block.subarray(start, start + length)))
}

export function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

/** Octal digits between spaces and zeros, or a number of so many bytes, with a sign (GNU). */
function numberAt(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length)
  const first = field[0] ?? 0
  if (first >= 0x80) {
    const isNegative = (first & 0x40) !== 0
    const bytes = Buffer.from(field)
    bytes[0] = isNegative ? first | 0x80 : first & 0x7f
    const value = BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex')}`))
    return Number(value)
  }
  const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1]
  if (digits === undefined) throw new TarProblem('has a damaged number in its header')
  return Number.parseInt(digits || '0', 8)
}

export function wholeNumber(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TarProblem('has an impossible number in its header')
}
