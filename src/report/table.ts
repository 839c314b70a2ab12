/**
 * Columns under titles. In a pipe (`columns` absent) everything is whole; on a terminal the cells
 * that may be cut lose their middle, the widest first, until a row fits.
 */
import { printable } from '../yaml/format.ts'
import type { Paint } from './paint.ts'
import { padEnd, padStart, truncateMiddle, widthOf } from './width.ts'

export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** How narrow it may become; absent: it is never cut. */
  readonly least?: number
}

export interface TableLook {
  /** Of the terminal; absent in a pipe. */
  readonly columns?: number | undefined
  readonly paint: Paint
}

const GAP = '  '

export function layoutTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  { columns: room, paint }: TableLook,
): readonly string[] {
  const cells = rows.map(row => row.map(printable))
  const widest = columns.map(({ title }, index) =>
    cells.reduce((most, row) => Math.max(most, widthOf(row[index] ?? '')), widthOf(title)),
  )
  const widths = room === undefined ? widest : narrowed(columns, widest, room)
  const line = (row: readonly string[]) =>
    columns
      .map(({ align }, index) => {
        const width = widths[index] ?? 0
        const cell = truncateMiddle(row[index] ?? '', width)
        return align === 'right' ? padStart(cell, width) : padEnd(cell, width)
      })
      .join(GAP)
      .trimEnd()
  return [paint.bold(line(columns.map(({ title }) => title))), ...cells.map(line)]
}

/** The widest of those that may be cut gives way, one column after the other. */
function narrowed(
  columns: readonly Column[],
  widest: readonly number[],
  room: number,
): readonly number[] {
  const widths = [...widest]
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (columns.length - 1)) - room
  while (over > 0) {
    const spare = columns.map(({ least }, index) =>
      least === undefined ? 0 : (widths[index] ?? 0) - least,
    )
    const index = widestOf(widths, spare)
    if (index === undefined) break
    widths[index] = (widths[index] ?? 0) - 1
    over -= 1
  }
  return widths
}

function widestOf(widths: readonly number[], spare: readonly number[]): number | undefined {
  let best: number | undefined
  for (const [index, width] of widths.entries()) {
    if ((spare[index] ?? 0) <= 0) continue
    if (best === undefined || width > (widths[best] ?? 0)) best = index
  }
  return best
}
