/**
 * How an issue is printed: where and what, the source line, a caret under the spot, a hint.
 *
 * The line comes from a file that may be hostile or odd, so what would move a terminal's cursor or
 * hide text is shown escaped, and the caret is placed by what the terminal will show, not by
 * characters.
 */

import type { Issue } from './issue.ts'

/** Columns of a source line that are shown; a longer line is cut around its caret. */
const WIDTH = 96
/** Columns kept to the left of the caret where a line is cut. */
const LEFT = 32
const TAB = '    '

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
const ALL_UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
const COMBINING = /^\p{M}$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|^\p{Emoji_Presentation}$/u

export function formatIssue(issue: Issue): string {
  const { location, message, hint } = issue
  const number = String(location.line)
  const { line, caret } = excerpt(issue)
  return [
    printable(`${location.file}:${number}:${location.column}: ${message}`),
    `  ${number} | ${line}`.trimEnd(),
    `  ${' '.repeat(number.length)} | ${caret}`,
    ...(hint === undefined ? [] : [`hint: ${printable(hint)}`]),
  ].join('\n')
}

/** `text` with nothing in it that a terminal acts on or hides. */
export function printable(text: string): string {
  return text.replace(ALL_UNSEEN, escaped)
}

interface Cell {
  readonly text: string
  readonly width: number
}

function excerpt({ source, location, length }: Issue): { line: string; caret: string } {
  const at = Math.min(location.column - 1, source.length)
  const long = widthOf(cells(source.slice(0, WIDTH + 1))) > WIDTH
  const before = lastOf(source.slice(0, at), long ? LEFT : WIDTH)
  const marked = firstOf(source.slice(at, at + length), WIDTH - (long ? LEFT : 0))
  const room = marked.cut ? 0 : WIDTH - before.width - marked.width
  const after = firstOf(source.slice(at + length), room)
  const indent = (before.cut ? 1 : 0) + before.width
  return {
    line: [before.cut ? '…' : '', before, marked, after, marked.cut || after.cut ? '…' : '']
      .map(part => (typeof part === 'string' ? part : part.text))
      .join(''),
    caret: ' '.repeat(indent) + '^'.repeat(Math.max(1, marked.width)),
  }
}

interface Part extends Cell {
  /** Whether there was more than fitted. */
  readonly cut: boolean
}

function firstOf(text: string, columns: number): Part {
  const all = cells(text.slice(0, columns + 1))
  const { fitting, width, cut } = fitted(all, columns, text.length > columns + 1)
  return { text: textOf(fitting), width, cut }
}

function lastOf(text: string, columns: number): Part {
  const all = cells(text.slice(-columns - 1)).toReversed()
  const { fitting, width, cut } = fitted(all, columns, text.length > columns + 1)
  return { text: textOf(fitting.toReversed()), width, cut }
}

function cells(text: string): Cell[] {
  return Array.from(text, character => {
    if (character === '\t') return { text: TAB, width: TAB.length }
    if (UNSEEN.test(character)) return ascii(escaped(character))
    if (COMBINING.test(character)) return { text: character, width: 0 }
    return { text: character, width: WIDE.test(character) ? 2 : 1 }
  })
}

function ascii(text: string): Cell {
  return { text, width: text.length }
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}

/** As many of `all` as fit; `cut` if there were more, here or before. */
function fitted(all: readonly Cell[], columns: number, cut: boolean) {
  const fitting: Cell[] = []
  let width = 0
  for (const cell of all) {
    if (width + cell.width > columns) return { fitting, width, cut: true }
    width += cell.width
    fitting.push(cell)
  }
  return { fitting, width, cut }
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.width, 0)
}

function textOf(cells: readonly Cell[]): string {
  return cells.map(cell => cell.text).join('')
}
