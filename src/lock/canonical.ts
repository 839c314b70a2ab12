/**
 * Reads what `encodeLock` writes, line by line. The YAML package takes a second and hundreds of
 * megabytes for a lock of 10,000 references, and nearly every lock that is read is as it was
 * written. This reader makes no promise about any other text: whoever uses it encodes the lock
 * again, and takes the long way where that gives another text.
 */

import { unquote } from './scalar.ts'

type Data = Record<string, unknown>

/** The file as data, or nothing where a line is of no form that the encoder has. */
export function readCanonical(text: string): unknown {
  const root: Data = {}
  const files: string[] = []
  /** The mappings that are open, by their depth. */
  const open: Data[] = [root]
  for (const line of linesOf(text)) {
    if (line.startsWith('#')) continue
    const isRead = line.startsWith('  - ') ? readItem(files, line) : readEntry(open, line)
    if (!isRead) return undefined
  }
  return { ...root, files, ...(root['version'] === '1' && { version: 1 }) }
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start)
    yield text.slice(start, end < 0 ? text.length : end)
    start = end < 0 ? text.length : end + 1
  }
}

/** There is one list: of files. */
function readItem(files: string[], line: string): boolean {
  const item = scalarOf(line.slice(4))
  if (item !== undefined) files.push(item)
  return item !== undefined
}

/** Two spaces for each level. */
function readEntry(open: Data[], line: string): boolean {
  const indent = line.search(/[^ ]/)
  const mapping = open[indent / 2]
  const end = endOfKey(line, indent)
  const key = scalarOf(line.slice(indent, end))
  if (mapping === undefined || key === undefined || line[end] !== ':') return false
  if (key === '__proto__') return false
  open.length = indent / 2 + 1
  if (line.length === end + 1) open.push((mapping[key] = {}))
  else mapping[key] = valueOf(line.slice(end + 2))
  return mapping[key] !== undefined
}

const QUOTED = `'(?:[^']|'')*'|"(?:[^"\\\\]|\\\\.)*"`
const QUOTED_HERE = new RegExp(QUOTED, 'y')

/** A plain key ends at the first colon that has a space or nothing after it. */
function endOfKey(line: string, start: number): number {
  QUOTED_HERE.lastIndex = start
  if (QUOTED_HERE.test(line)) return QUOTED_HERE.lastIndex
  const end = line.indexOf(': ', start)
  return end < 0 ? line.length - 1 : end
}

function valueOf(written: string): unknown {
  return written.startsWith('{') ? flowOf(written) : scalarOf(written)
}

const PAIR = new RegExp(`([a-z]+): (${QUOTED}|[^,{}'"][^,{}]*?)(?:, | \\}$)`, 'y')

function flowOf(written: string): Data | undefined {
  if (written === '{}') return {}
  const data: Data = {}
  for (let at = 2; at < written.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at
    const [, key = '', value = ''] = PAIR.exec(written) ?? []
    if (key === '') return undefined
    data[key] = scalarOf(value)
  }
  return data
}

function scalarOf(written: string): string | undefined {
  return /^['"]/.test(written) ? unquote(written) : written === '' ? undefined : written
}
