/**
 * One header of a tar (POSIX ustar and pax, GNU), as strictly as it can be read: what readers are
 * known to take in different ways is refused, so that no two of them see different members.
 */

export const BLOCK_BYTES = 512

type MemberKind = 'file' | 'folder' | 'symlink'

export interface Header {
  readonly name: string
  readonly kind: MemberKind | ExtensionKind
  /** Of the bytes that follow, in whole blocks. */
  readonly size: number
  /** What a symlink leads to. */
  readonly target: string
}

/** Headers that only tell of the one that follows, or, if global, of all that follow. */
export type ExtensionKind = 'pax' | 'global-pax' | 'long-name' | 'long-target'

/** Something in a tar that is not to be trusted; whoever reads it says where. */
export class TarProblem extends Error {}

const KINDS: Readonly<Record<string, Header['kind']>> = {
  '\0': 'file',
  '0': 'file',
  '2': 'symlink',
  '5': 'folder',
  L: 'long-name',
  K: 'long-target',
  g: 'global-pax',
  x: 'pax',
}

const REFUSED: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '3': 'a device',
  '4': 'a device',
  '6': 'a named pipe',
  S: 'a sparse file',
}

export function isZero(block: Buffer): boolean {
  return block.every(byte => byte === 0)
}

/** Reads a block that is not all zeros. */
export function parseHeader(block: Buffer): Header {
  requireChecksum(block)
  const isGnu = block.toString('latin1', 257, 265) === 'ustar  \0'
  if (!isGnu && block.toString('latin1', 257, 263) !== 'ustar\0') {
    throw new TarProblem('is in an old form of tar')
  }
  const prefix = isGnu ? '' : textAt(block, 345, 155)
  const own = textAt(block, 0, 100)
  const name = prefix === '' ? own : `${prefix}/${own}`
  const size = numberAt(block, 124, 12)
  const type = block.toString('latin1', 156, 157)
  const kind = KINDS[type]
  if (kind === undefined) {
    throw new TarProblem(`is ${REFUSED[type] ?? `of an unknown type (${JSON.stringify(type)})`}`)
  }
  return { name, kind, size, target: textAt(block, 157, 100) }
}

/** The sum of all bytes, those of the sum itself taken for spaces. */
function requireChecksum(block: Buffer): void {
  let sum = 8 * 32
  for (const [at, byte] of block.entries()) if (at < 148 || at >= 156) sum += byte
  if (numberAt(block, 148, 8) !== sum) throw new TarProblem('has a damaged header')
}

function textAt(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  return textOf(end < 0 ? field : field.subarray(0, end))
}

/** What is not UTF-8 in it becomes U+FFFD, which no name that counts may have. */
export function textOf(bytes: Buffer): string {
  return bytes.toString('utf8')
}

/** Octal digits, or, where the first bit is set, the number itself (GNU, for more than 8 GiB). */
function numberAt(block: Buffer, start: number, length: number): number {
  const field = block.subarray(start, start + length)
  const first = field[0] ?? 0
  if (first >= 0x80) {
    const bytes = Buffer.concat([Buffer.of(first & 0x7f), field.subarray(1)])
    return safe(Number(BigInt(`0x${bytes.toString('hex')}`)))
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1]
  if (digits === undefined) throw new TarProblem('has a damaged number in its header')
  return safe(Number.parseInt(digits || '0', 8))
}

export function safe(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new TarProblem('has an impossible size')
}

/** The records of a pax header: `LENGTH KEY=VALUE`, each on a line (POSIX pax, 4.100.3). */
export function parsePax(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const length = /^(\d{1,7}) /.exec(bytes.toString('latin1', at, at + 8))?.[1]
    const end = at + Number(length ?? 0)
    const isWhole = length !== undefined && end <= bytes.length && bytes[end - 1] === 0x0a
    const text = isWhole ? bytes.subarray(at + length.length + 1, end - 1) : Buffer.alloc(0)
    const equals = text.indexOf('=')
    if (equals < 1) throw new TarProblem('has a damaged pax header')
    const key = textOf(text.subarray(0, equals))
    if (records.has(key)) throw new TarProblem(`says ${JSON.stringify(key.slice(0, 40))} twice`)
    if (key.startsWith('GNU.sparse.')) throw new TarProblem('is a sparse file')
    // values that say nothing of names and sizes may be any bytes
    records.set(key, USED.has(key) ? textOf(text.subarray(equals + 1)) : '')
    at = end
  }
  return records
}

const USED = new Set(['path', 'linkpath', 'size'])

/** Whether a global header would change the name or the size of everything after it. */
export function changesMembers(records: ReadonlyMap<string, string>): boolean {
  return [...USED].some(key => records.has(key))
}
