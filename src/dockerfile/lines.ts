/**
 * The lines of a Dockerfile, as instructions take them: one that ends in the escape character goes
 * on in the next, comments and empty lines between those are left out, and documents follow.
 */

import type { Span } from '../yaml/tree.ts'
import { spaceEnd } from './characters.ts'
import type { SourceText } from './source.ts'
import type { Escape } from './types.ts'

/** BuildKit's own limit, with the line break. */
const MOST_LINE_BYTES = 65_536

/** What one instruction stands on, as one text. */
export interface JoinedLine {
  readonly text: string
  /** Where a part of `text` is in the file. */
  spanOf(start: number, end: number): Span
  /** Lines without anything on them between those that are joined. */
  readonly emptyLines: readonly Span[]
}

/** A line as it stands there; `end` is before its line break and `next` after. */
export interface PhysicalLine {
  readonly start: number
  readonly end: number
  readonly next: number
  readonly text: string
}

export interface LineReader {
  /** The next line that is not inside of anything; absent at the end. */
  line(): PhysicalLine | undefined
  /** `first`, joined with those that it goes on in. */
  join(first: PhysicalLine, escape: Escape): JoinedLine
}

export function readLines(source: SourceText): LineReader {
  const { text } = source
  let at = text.startsWith('\ufeff') ? 1 : 0
  const line = (): PhysicalLine | undefined => {
    if (at >= text.length) return undefined
    const found = lineAt(text, at)
    at = found.next
    refuseLong(source, found)
    return found
  }
  return { line, join: (first, escape) => joined(first, line, escape) }
}

function lineAt(text: string, start: number): PhysicalLine {
  const breakAt = text.indexOf('\n', start)
  const next = breakAt < 0 ? text.length : breakAt + 1
  let end = breakAt < 0 ? text.length : breakAt
  while (end > start && /[\r\n]/.test(text.charAt(end - 1))) end--
  return { start, end, next, text: text.slice(start, end) }
}

function refuseLong(source: SourceText, { start, end, next }: PhysicalLine): void {
  if ((next - start) * 3 < MOST_LINE_BYTES) return
  const bytes = Buffer.byteLength(source.text.slice(start, next))
  const most = source.text.charAt(next - 1) === '\n' ? MOST_LINE_BYTES : MOST_LINE_BYTES - 1
  if (bytes <= most) return
  const hint = 'put what it holds into a file of its own, or into several lines'
  throw source.error(
    { start, end },
    { message: `a line of more than ${MOST_LINE_BYTES - 1} bytes`, hint },
  )
}

export function isComment({ text }: PhysicalLine): boolean {
  return /^\p{White_Space}*#/u.test(text)
}

function joined(
  first: PhysicalLine,
  next: () => PhysicalLine | undefined,
  escape: Escape,
): JoinedLine {
  const emptyLines: Span[] = []
  const indent = spaceEnd(first.text, 0)
  const pieces = new Pieces(
    withoutContinuation(first.text.slice(indent), escape),
    first.start + indent,
  )
  while (pieces.goesOn) {
    const line = next()
    if (line === undefined) break
    if (isComment(line)) continue
    if (isEmpty(line)) emptyLines.push({ start: line.start, end: line.end })
    else pieces.add(withoutContinuation(line.text, escape), line.start)
  }
  return { text: pieces.text, spanOf: (start, end) => pieces.spanOf(start, end), emptyLines }
}

function isEmpty({ text }: PhysicalLine): boolean {
  return spaceEnd(text, 0) === text.length
}

interface Continued {
  readonly text: string
  readonly goesOn: boolean
}

/** An escape character at the end says that a line goes on, unless another stands before it. */
function withoutContinuation(text: string, escape: Escape): Continued {
  let last = text.length - 1
  while (text.charAt(last) === ' ' || text.charAt(last) === '\t') last--
  const goesOn = text.charAt(last) === escape && text.charAt(last - 1) !== escape
  return { text: goesOn ? text.slice(0, last) : text, goesOn }
}

/** Text from several lines, that remembers where each part is from. */
class Pieces {
  text = ''
  goesOn = false
  readonly #starts: { readonly at: number; readonly offset: number }[] = []

  constructor(first: Continued, offset: number) {
    this.add(first, offset)
  }

  add({ text, goesOn }: Continued, offset: number): void {
    this.#starts.push({ at: this.text.length, offset })
    this.text += text
    this.goesOn = goesOn
  }

  spanOf(start: number, end: number): Span {
    const first = this.#offsetOf(start)
    return { start: first, end: end > start ? this.#offsetOf(end - 1) + 1 : first }
  }

  #offsetOf(index: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle]?.at ?? Infinity) <= index) low = middle
      else high = middle - 1
    }
    const { at = 0, offset = 0 } = this.#starts[low] ?? {}
    return offset + index - at
  }
}
