/** What a pax header says of the member that follows it. */
import { untilZero, wholeNumber, type RawEntry } from './entry.ts'
import { TarProblem } from './header.ts'
import { nameFrom } from './name-bytes.ts'

/** The records of a pax header: `LENGTH KEY=VALUE`, each on a line. Of two alike the last counts. */
export function parseRecords(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < bytes.length;) {
    const length = /^(\d{1,7}) /.exec(bytes.toString('latin1', at, at + 8))?.[1]
    const end = at + Number(length ?? 0)
    const isWhole = length !== undefined && end <= bytes.length && bytes[end - 1] === 0x0a
    const record = isWhole ? bytes.subarray(at + length.length + 1, end - 1) : Buffer.alloc(0)
    const equals = record.indexOf('=')
    if (equals < 1) throw new TarProblem('has a damaged pax header')
    const key = record.toString('utf8', 0, equals)
    if (key.startsWith('GNU.sparse.')) throw new TarProblem('is a sparse file')
    records.set(key, record.subarray(equals + 1))
    at = end
  }
  return records
}

const XATTR = 'SCHILY.xattr.'

/** `entry` as the records before it say. An empty value says nothing. */
export function withRecords(entry: RawEntry, records: ReadonlyMap<string, Buffer>): RawEntry {
  const text = (key: string): string | undefined => {
    const value = records.get(key)
    return value === undefined || value.length === 0 ? undefined : nameFrom(untilZero(value))
  }
  const whole = (key: string): number | undefined => {
    const value = text(key)
    return value === undefined ? undefined : wholeNumber(numberIn(value))
  }
  const mtime = text('mtime')
  const xattrs = [...records].filter(([key]) => key.startsWith(XATTR))
  return {
    ...entry,
    name: text('path') ?? entry.name,
    target: text('linkpath') ?? entry.target,
    size: entry.kind === 'file' ? (whole('size') ?? entry.size) : entry.size,
    uid: whole('uid') ?? entry.uid,
    gid: whole('gid') ?? entry.gid,
    mtime: mtime === undefined ? entry.mtime : numberIn(mtime),
    ...(xattrs.length > 0 && {
      xattrs: new Map(
        // the bytes are part of a larger buffer, which is not to be kept for them
        xattrs.map(([key, value]) => [key.slice(XATTR.length), Buffer.from(value)]),
      ),
    }),
  }
}

function numberIn(text: string): number {
  if (/^-?\d+(?:\.\d*)?$/.test(text)) return Number(text)
  throw new TarProblem('has a damaged number in its pax header')
}
