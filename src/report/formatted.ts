import { createPaint } from './paint.ts'
import { layoutTable, type Column } from './table.ts'
import type { Template } from './template/template.ts'

/** One line for each row, as a template has it; `titles` of its fields stand above a table. */
export function formatRows<Field extends string>(
  rows: readonly Readonly<Record<Field, string>>[],
  titles: Readonly<Record<Field, string>>,
  template: Template,
  { columns, color }: { readonly columns?: number | undefined; readonly color: boolean },
): string {
  const lines = rows.map(row => template.render(row))
  if (!template.isTable) return lines.map(line => `${line}\n`).join('')
  const [head = [], ...cells] = [template.header(titles), ...lines].map(line => line.split('\t'))
  const heads = head.map((title): Column => ({ title, least: 8 }))
  const table = layoutTable(heads, cells, { columns, paint: createPaint(color) })
  return table.map(line => `${line}\n`).join('')
}
