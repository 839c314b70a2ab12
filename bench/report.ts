import { arch, cpus, totalmem } from 'node:os'
import type { Verdict } from './floors.ts'
import type { Row } from './results.ts'

export function describeMachine(): string {
  const [cpu] = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${cpus().length} × ${cpu?.model.trim() ?? arch()}, ${memory} GiB, node ${process.version}`
}

/** One block per case and way, one line per runner; `×` is waybill's time over the runner's. */
export function describeRows(rows: readonly Row[]): string {
  const keys = [...new Set(rows.map(row => `${row.case}, ${row.way}`))]
  return keys
    .map(key =>
      describeBlock(
        key,
        rows.filter(row => `${row.case}, ${row.way}` === key),
      ),
    )
    .join('\n\n')
}

const COLUMNS = [
  'runner',
  'median s',
  'range',
  'waybill ×',
  'requests',
  'writes',
  'mounts',
  'uploads',
  'read',
  'read MiB',
  'cpu s',
  'peak MiB',
  '',
] as const

function describeBlock(title: string, rows: readonly Row[]): string {
  const ours = rows.find(({ runner, failed }) => runner === 'waybill' && failed === 0)?.seconds
  const lines = rows.toSorted((a, b) => a.seconds - b.seconds).map(row => cells(row, ours))
  return `${title}\n${table([COLUMNS, ...lines])}`
}

function cells({ counts, ...row }: Row, ours: number | undefined): readonly string[] {
  const yardstick = row.failed === 0 && ours !== undefined && row.runner !== 'waybill'
  const bad = row.failed === 0 ? '' : `FAILED ${row.failed} of ${row.rounds}: ${row.fault ?? ''}`
  return [
    row.runner,
    seconds(row.seconds),
    `${seconds(row.fastest)}..${seconds(row.slowest)}`,
    yardstick ? (ours / row.seconds).toFixed(2) : '',
    ...[counts?.requests, counts?.writes, counts?.mounts, counts?.uploads, counts?.blobReads].map(
      value => (value === undefined ? '' : value.toLocaleString('en')),
    ),
    counts ? (counts.blobBytes / 2 ** 20).toFixed(1) : '',
    row.cpuSeconds?.toFixed(2) ?? '',
    row.peakMiB?.toFixed(0) ?? '',
    bad.slice(0, 120),
  ]
}

function seconds(value: number): string {
  return value.toFixed(value < 1 ? 3 : 2)
}

export function describeVerdicts(verdicts: readonly Verdict[]): string {
  const lines = verdicts.map(({ what, measured, floor, aim }) => [what, measured, floor, aim])
  return table([['waybill', 'measured', 'floor', 'aim'], ...lines])
}

/** The first column and the last are text, what is between are numbers. */
function table(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows
    .map(row =>
      row
        .map((cell, column) =>
          column === 0 || column === row.length - 1
            ? cell.padEnd(widths[column] ?? 0)
            : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
