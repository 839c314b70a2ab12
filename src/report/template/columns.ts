/** Lines of a table, header first: tabs part the cells, and cells of one column begin in line. */

import { padEnd, widthOf } from '../width.ts'

/** As docker's tables have them. */
const LEAST_WIDTH = 10
const GAP = 3

export function alignColumns(lines: readonly string[]): readonly string[] {
  const rows = lines.map(line => line.split('\t'))
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? LEAST_WIDTH, widthOf(cell) + GAP)
    }
  }
  return rows.map(row =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : padEnd(cell, widths[column] ?? 0)))
      .join(''),
  )
}
