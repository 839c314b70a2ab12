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
  const header: Header = { block, text: block.toString('latin1') }
  requireChecksum(header)
  const type = header.text[156] ?? ''
  const kind = KINDS[type]
  if (kind === undefined) {
    throw new TarProblem(
      type === 'S' ? 'is a sparse file' : `is of an unknown type (${JSON.stringify(type)})`,
    )
  }
  const name = nameIn(header)
  const isOldFolder = type === '\0' && name.endsWith('/')
  const isDevice = kind === 'char-device' || kind === 'block-device'
  const size = BODILESS.has(kind) ? 0 : wholeNumber(numberAt(header, 124, 12))
  return {
    name,
    kind: isOldFolder ? 'folder' : kind,
    mode: numberAt(header, 100, 8) & 0o7777,
    uid: wholeNumber(numberAt(header, 108, 8)),
    gid: wholeNumber(numberAt(header, 116, 8)),
    mtime: numberAt(header, 136, 12),
    size: isOldFolder ? 0 : size,
    target: textAt(header, 157, 100),
    major: isDevice ? wholeNumber(numberAt(header, 329, 8)) : 0,
    minor: isDevice ? wholeNumber(numberAt(header, 337, 8)) : 0,
  }
}

/** Of base images there are hundreds of thousands: as text, most of one is read at once. */
interface Header {
  readonly block: Buffer
  /** A letter for each byte. */
  readonly text: string
}

/** POSIX ustar has a field for the beginning of long names; GNU has other things there. */
function nameIn(header: Header): string {
  const own = textAt(header, 0, 100)
  if (!header.text.startsWith('ustar\0', 257)) return own
  const isStar = header.text.startsWith('tar\0', 508)
  const prefix = textAt(header, 345, isStar ? 131 : 155)
  return prefix === '' ? own : `${prefix}/${own}`
}

/** The sum of all bytes, those of the sum itself taken for spaces; some tars added signed ones. */
function requireChecksum(header: Header): void {
  let sum = 8 * 32
  let high = 0
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at === 148) at = 156
    const byte = header.block[at] ?? 0
    sum += byte
    if (byte >= 0x80) high += 1
  }
  const claimed = numberAt(header, 148, 8)
  if (claimed !== sum && claimed !== sum - high * 256) {
    throw new TarProblem('has a damaged header')
  }
}

function textAt({ block, text }: Header, start: number, length: number): string {
  const end = text.indexOf('\0', start)
  const field = text.slice(start, end < 0 ? start + length : Math.min(end, start + length))
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x01-\x7f]*$/.test(field)) return field
  return nameFrom(block.subarray(start, start + field.length))
}

export function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

/** Octal digits between spaces and zeros, or a number of so many bytes, with a sign (GNU). */
function numberAt({ block, text }: Header, start: number, length: number): number {
  const first = block[start] ?? 0
  if (first >= 0x80) return binaryAt(block.subarray(start, start + length))
  const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(text.slice(start, start + length))?.[1]
  if (digits === undefined) throw new TarProblem('has a damaged number in its header')
  return Number.parseInt(digits || '0', 8)
}

function binaryAt(field: Buffer): number {
  const first = field[0] ?? 0
  const isNegative = (first & 0x40) !== 0
  const bytes = Buffer.from(field)
  bytes[0] = isNegative ? first : first & 0x7f
  return Number(BigInt.asIntN(field.length * 8, BigInt(`0x${bytes.toString('hex')}`)))
}

export function wholeNumber(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TarProblem('has an impossible number in its header')
}
