/**
 * Reads the plain YAML that most manifests are: block mappings and lists, one-line values, comments.
 *
 * The yaml package takes 30 ms to load and a second for 35,000 lines, which is more than the rest
 * of a run without work. So this answers only where it is certain to say what that package says,
 * and for all else, errors among it, answers `undefined`; then `yaml.ts` reads.
 */

import { MAX_VALUES, type Entry, type Mapping, type Scalar, type Tree } from './tree.ts'

const MAX_NESTING = 16
/** The patterns run over one line, and keep a note of every step. */
const MAX_LINE = 4096

// oxlint-disable-next-line no-control-regex
const UNUSUAL = /[\x00-\x09\x0b-\x1f\x7f\ufeff]|^(?:---|\.\.\.|%)/m
/** The start of the document, with comments before it. */
const MARKER = /^(?:(?:#.*)?\n){0,99}--- *\n/
const KEY = /[A-Za-z_][\w.-]{0,200}(?::\d{1,5})?(?=:(?: |$))/my
const FLOW_KEY = /[A-Za-z_][\w.-]{0,200}(?=: )/y
const QUOTED_KEY = /(?:"[\w.-]{1,200}"|'[\w.-]{1,200}')(?=:)/y
const SINGLE = /'(?:[^'\n]|'')*'/y
const DOUBLE = /"([^"\\\n]*)"/y
const PLAIN = /[\w./$](?:[^\n :#]|:(?=[^ \n])|(?<=[^ ])#| +(?=[^ #\n]))*/y
const FLOW_PLAIN = /[\w./$](?:[\w./$@+~=-]|:(?=\w))*/y
/** What YAML 1.2 takes for null, a number or a boolean; of these, only the last two are plain. */
const NOT_TEXT =
  /^(?:[nN]ull|NULL|[tT]rue|TRUE|[fF]alse|FALSE|0o[0-7]+|0x[\da-fA-F]+|(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|\.(?:inf|Inf|INF|nan|NaN|NAN))$/
const DECIMAL = /^\d{1,15}(?:\.\d{1,15})?$/
const MERGE = /<<(?=: )/y
const ANCHOR = /&[\w-]+(?= |$)/my
const ALIAS = /\*[\w-]+(?=[ ,\]}]|$)/my

export function readPlain(file: string): Tree | undefined {
  // A space at the end of a line means as little as a carriage return, and takes as much room.
  const text = file.replaceAll('\r\n', ' \n')
  const start = MARKER.exec(text)?.[0].length ?? 0
  if (UNUSUAL.test(text.slice(start)) || hasLongLine(text)) return undefined
  const cursor: Cursor = {
    text,
    at: start,
    indent: 0,
    values: 0,
    anchors: new Map(),
    anchoring: false,
    margin: -1,
  }
  nextLine(cursor)
  const tree = text[cursor.at] === '{' ? inline(cursor, -1, 0) : block(cursor, 0)
  return tree && cursor.at >= text.length ? tree : undefined
}

/** Moves over the text; stands on what is to be read next. */
interface Cursor {
  readonly text: string
  at: number
  /** Of the line that `at` is the first character of. */
  indent: number
  /** Aliases written out. */
  values: number
  readonly anchors: Map<string, { readonly tree: Tree; readonly values: number }>
  /** In what an anchor names; aliases in there are not plain. */
  anchoring: boolean
  /** Lines inside brackets are indented more than this. */
  margin: number
}

/** To the first character of the next line that has anything but blanks and comments. */
function nextLine(cursor: Cursor): void {
  const { text } = cursor
  let at = cursor.at
  for (;;) {
    const start = at
    while (text[at] === ' ') at++
    if (text[at] === '#') at = lineEnd(text, at)
    if (text[at] !== '\n') {
      cursor.at = at
      cursor.indent = at - start
      return
    }
    at++
  }
}

function block(cursor: Cursor, depth: number): Tree | undefined {
  if (depth > MAX_NESTING || (cursor.values += 1) > MAX_VALUES) return undefined
  return isDash(cursor) ? list(cursor, depth) : mapping(cursor, cursor.indent, depth)
}

function mapping(cursor: Cursor, indent: number, depth: number): Mapping | undefined {
  const entries = new Map<string, Entry>()
  const merged: Tree[] = []
  const { at: start, text } = cursor
  let end = 0
  do {
    const pattern = text[cursor.at] === '<' ? MERGE : KEY
    const key = take(cursor, pattern)
    if (key === undefined || entries.has(key)) return undefined
    const { at } = cursor
    end ||= at
    cursor.at += 1
    const value = valueOfKey(cursor, indent, depth)
    if (value === undefined) return undefined
    if (pattern === MERGE) merged.push(value)
    else entries.set(key, { start: at - key.length, end: at, value })
  } while (isNext(cursor, indent) && !isDash(cursor))
  return merge(entries, merged) ? { kind: 'mapping', entries, start, end } : undefined
}

function merge(entries: Map<string, Entry>, [from, ...others]: readonly Tree[]): boolean {
  if (from === undefined) return true
  const sources = from.kind === 'list' ? from.items : [from]
  for (const source of sources) {
    if (source.kind !== 'mapping') return false
    for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry)
  }
  return others.length === 0
}

function valueOfKey(cursor: Cursor, indent: number, depth: number): Tree | undefined {
  skipSpaces(cursor)
  return cursor.text[cursor.at] === '&'
    ? anchored(cursor, indent, depth)
    : bare(cursor, indent, depth)
}

function anchored(cursor: Cursor, indent: number, depth: number): Tree | undefined {
  const { anchors, anchoring } = cursor
  const name = take(cursor, ANCHOR)?.slice(1)
  if (name === undefined || anchoring) return undefined
  cursor.anchoring = true
  const before = cursor.values
  const tree = bare(cursor, indent, depth)
  if (tree) anchors.set(name, { tree, values: cursor.values - before })
  cursor.anchoring = false
  return tree
}

function aliased(cursor: Cursor): Tree | undefined {
  const anchor = cursor.anchors.get(take(cursor, ALIAS)?.slice(1) ?? '')
  if (anchor === undefined || cursor.anchoring) return undefined
  cursor.values += anchor.values
  return cursor.values > MAX_VALUES ? undefined : anchor.tree
}

function bare(cursor: Cursor, indent: number, depth: number): Tree | undefined {
  if (!toLineEnd(cursor)) return inline(cursor, indent, depth)
  nextLine(cursor)
  if (cursor.at >= cursor.text.length) return undefined
  const below = cursor.indent > indent || (cursor.indent === indent && isDash(cursor))
  return below ? block(cursor, depth + 1) : undefined
}

function list(cursor: Cursor, depth: number): Tree | undefined {
  const { indent, at: start } = cursor
  const items: Tree[] = []
  do {
    const dash = cursor.at
    cursor.at += 1
    if (toLineEnd(cursor)) return undefined
    const item = itemOf(cursor, indent, indent + cursor.at - dash, depth)
    if (item === undefined) return undefined
    items.push(item)
  } while (isNext(cursor, indent) && isDash(cursor))
  return { kind: 'list', items, start, end: start + 1 }
}

function itemOf(cursor: Cursor, indent: number, column: number, depth: number): Tree | undefined {
  KEY.lastIndex = cursor.at
  if (!KEY.test(cursor.text)) return inline(cursor, indent, depth)
  if (depth > MAX_NESTING || (cursor.values += 1) > MAX_VALUES) return undefined
  return mapping(cursor, column, depth + 1)
}

/** A value on the rest of the line. A deeper line after it is nobody's, and so not plain. */
function inline(cursor: Cursor, indent: number, depth: number): Tree | undefined {
  cursor.margin = indent
  const value = flow(cursor, PLAIN, depth)
  if (value === undefined || !toLineEnd(cursor)) return undefined
  nextLine(cursor)
  return value
}

function flow(cursor: Cursor, plain: RegExp, depth: number): Tree | undefined {
  if (depth > MAX_NESTING || (cursor.values += 1) > MAX_VALUES) return undefined
  const first = cursor.text[cursor.at]
  if (first === '*') return aliased(cursor)
  if (first === '[') return flowList(cursor, depth)
  if (first === '{') return flowMapping(cursor, depth)
  if (first === "'") return quoted(cursor, SINGLE)
  return first === '"' ? quoted(cursor, DOUBLE) : unquoted(cursor, plain)
}

function flowList(cursor: Cursor, depth: number): Tree | undefined {
  const start = cursor.at
  const items: Tree[] = []
  while (opens(cursor, items.length, ']')) {
    const item = flow(cursor, FLOW_PLAIN, depth + 1)
    if (item === undefined) return undefined
    items.push(item)
  }
  if (!passes(cursor, ']')) return undefined
  return { kind: 'list', items, start, end: cursor.at }
}

function flowMapping(cursor: Cursor, depth: number): Tree | undefined {
  const start = cursor.at
  const entries = new Map<string, Entry>()
  while (opens(cursor, entries.size, '}')) {
    const at = cursor.at
    const key = take(cursor, FLOW_KEY) ?? take(cursor, QUOTED_KEY)?.slice(1, -1)
    if (key === undefined || entries.has(key)) return undefined
    const end = cursor.at
    cursor.at += 1
    skipBlanks(cursor)
    const value = flow(cursor, FLOW_PLAIN, depth + 1)
    if (value === undefined) return undefined
    entries.set(key, { start: at, end, value })
  }
  if (!passes(cursor, '}')) return undefined
  return { kind: 'mapping', entries, start, end: cursor.at }
}

/** Whether one more item follows in a flow collection that has `count`; goes to it. */
function opens(cursor: Cursor, count: number, closing: string): boolean {
  if (count > 0) {
    skipBlanks(cursor)
    if (!passes(cursor, ',')) return false
  } else cursor.at += 1
  skipBlanks(cursor)
  return count > 0 || cursor.text[cursor.at] !== closing
}

/** Between brackets, over line breaks too; stops where the next line is not inside. */
function skipBlanks(cursor: Cursor): void {
  while (toLineEnd(cursor) && cursor.at < cursor.text.length) {
    const { at } = cursor
    nextLine(cursor)
    if (cursor.indent > cursor.margin) continue
    cursor.at = at
    return
  }
}

function quoted(cursor: Cursor, pattern: RegExp): Scalar | undefined {
  const start = cursor.at
  const inner = take(cursor, pattern)?.slice(1, -1)
  if (inner === undefined) return undefined
  const value = pattern === SINGLE ? inner.replaceAll("''", "'") : inner
  return { kind: 'scalar', value, start, end: cursor.at }
}

function unquoted(cursor: Cursor, pattern: RegExp): Scalar | undefined {
  const start = cursor.at
  const raw = take(cursor, pattern)
  const value = raw === undefined ? undefined : resolve(raw)
  return value === undefined ? undefined : { kind: 'scalar', value, start, end: cursor.at }
}

function resolve(raw: string): string | number | boolean | undefined {
  if (!NOT_TEXT.test(raw)) return raw
  if (DECIMAL.test(raw)) return Number(raw)
  if (raw === 'true' || raw === 'false') return raw === 'true'
  return undefined
}

function take(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)?.[0]
  if (found !== undefined) cursor.at += found.length
  return found
}

function passes(cursor: Cursor, character: string): boolean {
  if (cursor.text[cursor.at] !== character) return false
  cursor.at += 1
  return true
}

function skipSpaces(cursor: Cursor): void {
  while (cursor.text[cursor.at] === ' ') cursor.at += 1
}

/** Skips spaces, and a comment after them; whether the line is over then. */
function toLineEnd(cursor: Cursor): boolean {
  const { text } = cursor
  const start = cursor.at
  skipSpaces(cursor)
  if (text[cursor.at] === '#' && cursor.at > start) cursor.at = lineEnd(text, cursor.at)
  return cursor.at >= text.length || text[cursor.at] === '\n'
}

function isDash({ text, at }: Cursor): boolean {
  return text[at] === '-' && text[at + 1] === ' '
}

function isNext({ text, at, indent }: Cursor, wanted: number): boolean {
  return at < text.length && indent === wanted
}

function hasLongLine(text: string): boolean {
  for (let at = 0; at < text.length; at = lineEnd(text, at) + 1) {
    if (lineEnd(text, at) - at > MAX_LINE) return true
  }
  return false
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}
