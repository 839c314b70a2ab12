import { hexOf } from '../oci/digest.ts'
import type { History, HistoryRow } from '../images/history.ts'
import { formatRows } from './formatted.ts'
import { createPaint } from './paint.ts'
import { layoutTable } from './table.ts'
import type { Template } from './template/template.ts'
import { formatAge, formatBytes } from './units.ts'

export interface HistoryLook {
  /** Of the terminal; absent in a pipe, where nothing is shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
  readonly noTrunc: boolean
  /** Sizes and ages in units, else in bytes and as they are written. */
  readonly human: boolean
  readonly now: Date
}

/** As docker has it: what made a row is known of the image itself, and of what was built here. */
const MISSING = '<missing>'
const ID_DIGITS = 12

export function historyIds({ id, rows }: History, noTrunc: boolean): readonly string[] {
  return rows.map(({ id: own }, at) => {
    const shown = at === 0 ? id : own
    if (shown === undefined) return MISSING
    return noTrunc ? shown : hexOf(shown).slice(0, ID_DIGITS)
  })
}

export function describeHistory(history: History, look: HistoryLook): string {
  const ids = historyIds(history, look.noTrunc)
  const table = layoutTable(
    [
      { title: 'IMAGE' },
      { title: 'CREATED' },
      { title: 'CREATED BY', ...(!look.noTrunc && { least: 20 }) },
      { title: 'SIZE', align: 'right' },
      { title: 'COMMENT', ...(!look.noTrunc && { least: 7 }) },
    ],
    history.rows.map((row, at) => [
      ids[at] ?? '',
      createdOf(row, look),
      row.createdBy ?? '',
      sizeOf(row, look),
      row.comment ?? '',
    ]),
    { columns: look.columns, paint: createPaint(look.color) },
  )
  return `${table.join('\n')}\n`
}

/** What `--format` may name of a row, under its title in a table. */
const FIELDS = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
} as const

/** One line for each row, as a template has it. Nothing is cut but the ids. */
export function formatHistory(history: History, template: Template, look: HistoryLook): string {
  const ids = historyIds(history, look.noTrunc)
  const rows = history.rows.map((row, at): Record<keyof typeof FIELDS, string> => ({
    ID: ids[at] ?? '',
    CreatedSince: createdOf(row, look),
    CreatedAt: createdOf(row, { ...look, human: false }),
    // a tab would begin another column
    CreatedBy: (row.createdBy ?? '').replaceAll('\t', ' '),
    Size: sizeOf(row, look),
    Comment: (row.comment ?? '').replaceAll('\t', ' '),
  }))
  return formatRows(rows, FIELDS, template, look)
}

function createdOf({ created }: HistoryRow, { human, now }: HistoryLook): string {
  if (created === undefined) return '-'
  return human ? formatAge(now.getTime() - Date.parse(created)) : created
}

function sizeOf({ size }: HistoryRow, { human }: HistoryLook): string {
  if (size === undefined) return '-'
  return human ? formatBytes(size) : String(size)
}
