/** What became of the lock, for people. */

import type { LockChange, LockReport } from '../plan/types.ts'
import { printable } from '../yaml/format.ts'
import { findings, openEnds } from './findings.ts'
import { createPaint } from './paint.ts'
import { layoutRows, type Row } from './rows.ts'
import { count } from './units.ts'
import { wrap } from './width.ts'

export interface UpdateLook {
  /** Of the terminal; absent in a pipe, where nothing is shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
}

/** An update that moved nothing is one line. */
export function describeUpdate(report: LockReport, { columns, color }: UpdateLook): string {
  const paint = createPaint(color)
  const found = { drift: [], prunable: [], unmanaged: [], ...report }
  const rows = [...report.changes.map(changeRow), ...findings(found)]
  const file = printable(report.lockFile)
  const ends = openEnds(found).join(', ')
  const moved = report.isChanged ? `${file} written` : `${file} is up to date`
  const work = report.changes.length > 0 ? `${count(report.changes.length, 'change')}, ` : ''
  const end = `${work}${moved}${ends === '' ? '' : `; ${ends}`}.`
  if (rows.length === 0) return `${end}\n`
  return [
    ...layoutRows(rows, { columns, paint }),
    '',
    ...wrap(end, columns ?? Infinity).map(paint.bold),
    '',
  ].join('\n')
}

/** `alpine  3.20.1 → 3.20.2` */
export function changeRow({ image, from, to }: LockChange): Row {
  const isNew = from === undefined
  const isGone = to === undefined
  return {
    sign: isNew ? '+' : isGone ? '-' : '~',
    color: isNew ? 'green' : 'yellow',
    verb: isNew ? 'lock' : isGone ? 'unlock' : 'move',
    name: [printable(image)],
    details: [
      [from, to]
        .filter(part => part !== undefined)
        .map(printable)
        .join(' → '),
    ],
    notes: [],
  }
}

/** What was committed, and where it went. */
export function describeCommit({
  moved,
  commit,
  pushed,
}: {
  readonly moved: readonly { readonly file: string; readonly line: number; readonly to: string }[]
  readonly commit: string | undefined
  readonly pushed: { readonly remote: string; readonly branch: string } | undefined
}): string {
  const values = moved.map(
    ({ file, line, to }) => `${printable(file)}:${line} is ${printable(to)}\n`,
  )
  if (commit === undefined) return `${values.join('')}Nothing to commit.\n`
  const where = pushed ? `, pushed to ${printable(pushed.remote)}/${printable(pushed.branch)}` : ''
  return `${values.join('')}Committed ${commit.slice(0, 12)}${where}.\n`
}
