/**
 * Lines of a plan or report: sign, verb, name, and what is to be said of it.
 *
 * In a pipe (`columns` absent) everything is whole and each row is one line. On a terminal no line
 * is wider than it: what does not fit beside the name goes under it, and names lose their middle.
 */

import { hexOf, shortDigest, type Digest } from '../oci/digest.ts'
import { fitName, wholeName, type Name } from './names.ts'
import type { Color, Paint } from './paint.ts'
import { padEnd, padStart, widthOf, wrap } from './width.ts'

export interface Row {
  readonly sign: string
  readonly color: Color
  readonly verb: string
  readonly name: Name
  /** In columns under those of the other rows. */
  readonly cells?: Cells
  /** After the rest of the line where they fit, else under it. */
  readonly details: readonly string[]
  /** Sentences under the row. */
  readonly notes: readonly string[]
  /** Under the last of several rows that have the same. */
  readonly hint?: string | undefined
}

export interface Cells {
  /** Absent: it is not known yet. */
  readonly digest?: Digest | undefined
  readonly why: string
  readonly size: string
}

export interface Layout {
  /** Of the terminal; absent in a pipe. */
  readonly columns?: number | undefined
  readonly paint: Paint
}

const VERB = 8
const INDENT = 4 + VERB + 1
const GAP = 2
/** Names are padded up to here in a pipe; a longer one stands out alone. */
const PIPE_NAME = 80
/** A name cut shorter than this says little. */
const LEAST_NAME = 12
/** Where room is short: digits alone, as git shows them. */
const SHORT_DIGEST = 7

export function layoutRows(rows: readonly Row[], layout: Layout): readonly string[] {
  const widths = widthsOf(rows, layout.columns)
  return rows.flatMap((row, index) => [
    ...mainLines(row, widths, layout),
    ...below([...row.notes, ...hintOf(row, rows[index + 1])], layout),
  ])
}

function hintOf({ hint }: Row, next: Row | undefined): readonly string[] {
  return hint === undefined || hint === next?.hint ? [] : [`hint: ${hint}`]
}

interface Widths {
  readonly name: number
  readonly digest: number
  readonly why: number
  readonly size: number
}

function widthsOf(rows: readonly Row[], columns: number | undefined): Widths {
  const cells = rows.flatMap(row => row.cells ?? [])
  const named = cells.length > 0 ? rows.filter(row => row.cells) : rows
  const name = widest(named.map(row => wholeName(row.name)))
  const full = {
    digest: widest(cells.map(({ digest }) => (digest ? shortDigest(digest) : ''))),
    why: widest(cells.map(cell => cell.why)),
    size: widest(cells.map(cell => cell.size)),
  }
  if (columns === undefined) return { ...full, name: Math.min(name, PIPE_NAME) }
  if (name <= roomFor(full, columns)) return { ...full, name }
  const narrow = { ...full, digest: Math.min(full.digest, SHORT_DIGEST) }
  return { ...narrow, name: Math.min(name, Math.max(LEAST_NAME, roomFor(narrow, columns))) }
}

/** What is left for names. */
function roomFor({ digest, why, size }: Omit<Widths, 'name'>, columns: number): number {
  const cells = [digest, why, size].filter(width => width > 0)
  return columns - INDENT - cells.reduce((sum, width) => sum + width + GAP, 0)
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, widthOf(text)), 0)
}

function mainLines(row: Row, widths: Widths, { columns, paint }: Layout): readonly string[] {
  const color = paint[row.color]
  const head = `  ${color(row.sign)} ${color(padEnd(row.verb, VERB))} `
  const details = row.details.join(', ')
  const body = bodyOf(row, widths, columns)
  const width = INDENT + widthOf(body) + GAP + widthOf(details)
  if (columns === undefined || width <= columns) return [`${head}${body}  ${details}`.trimEnd()]
  const room = columns - INDENT
  const alone = row.cells ? body.trimEnd() : fitName(row.name, room)
  return [head + alone, ...below(row.details, { columns, paint })]
}

function bodyOf({ name, cells }: Row, widths: Widths, columns: number | undefined): string {
  const whole = columns === undefined || cells === undefined
  const shown = whole ? wholeName(name) : fitName(name, widths.name)
  const body = padEnd(shown, widths.name)
  if (cells === undefined) return body
  return [
    body,
    padEnd(digestText(cells.digest, widths.digest), widths.digest),
    padEnd(cells.why, widths.why),
    ...(widths.size > 0 ? [padStart(cells.size, widths.size)] : []),
  ].join('  ')
}

function digestText(digest: Digest | undefined, width: number): string {
  if (digest === undefined) return ''
  return width > SHORT_DIGEST ? shortDigest(digest) : hexOf(digest).slice(0, width)
}

function below(texts: readonly string[], { columns, paint }: Layout): readonly string[] {
  const lines =
    columns === undefined
      ? texts
      : texts.flatMap(text => wrap(text, Math.max(LEAST_NAME, columns - INDENT)))
  return lines.map(line => ' '.repeat(INDENT) + paint.dim(line))
}
