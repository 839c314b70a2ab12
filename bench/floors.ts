/** Whether the figures that the specification asks for hold, as far as they were measured. */
import type { Row } from './results.ts'
import type { Way } from './wire.ts'

export interface Verdict {
  readonly what: string
  readonly measured: string
  readonly floor: string
  readonly aim: string
}

/** What the images of a case add up to: what a perfect run would count. */
export interface Ideal {
  readonly tags: number
  readonly blobs: number
  readonly bytes: number
}

const HOLDS = 'holds'
const MISSED = 'MISSED'

export function verdicts(
  rows: readonly Row[],
  ideals: ReadonlyMap<string, Ideal>,
): readonly Verdict[] {
  const ours = rows.filter(({ runner }) => runner === 'waybill')
  return [
    ...ours.flatMap(row => verdictsOf(row, rows, ideals.get(row.case))),
    ...memory(ours.filter(row => row.counts !== undefined)),
  ]
}

function verdictsOf(row: Row, rows: readonly Row[], ideal: Ideal | undefined): readonly Verdict[] {
  const title =
    row.case === 'version' || row.case === 'validate' ? row.case : `${row.case}, ${row.way}`
  if (row.failed > 0)
    return [{ what: title, measured: row.fault ?? '', floor: MISSED, aim: MISSED }]
  const against = yardsticks(rows, row.case, row.way)
  const ratio = (name: string, floor: number, aim?: number) =>
    limit(`${title}: time / ${name}`, quotient(row.seconds, against.get(name)), floor, aim)
  switch (row.case) {
    case 'noop':
      return row.way === 'direct'
        ? [ratio('regsync', 1.4, 1), ratio('skopeo', 0.5), ...noopCounts(title, row, ideal)]
        : [ratio('best peer', 1, 0.75), ...noopCounts(title, row, ideal)]
    case 'immutable':
      return [
        limit(`${title}: requests but listings`, looksOf(row), 0),
        limit(`${title}: writes`, row.counts?.writes, 0),
      ]
    case 'small':
      return [ratio('best peer', 1, 0.75), ...coldCounts(title, row, ideal, 610, 1_050)]
    case 'repositories':
      return [ratio('best peer', 0.9, 0.7), ...coldCounts(title, row, ideal, 700)]
    case 'large':
      return [
        ratio('curl', 1.2),
        ratio('skopeo', 1),
        limit(
          `${title}: time / regsync`,
          quotient(row.seconds, against.get('regsync')),
          undefined,
          1,
        ),
      ]
    case 'fanout':
      return [
        limit(`${title}: source bytes / image`, quotient(row.counts?.blobBytes, ideal?.bytes), 1),
      ]
    case 'validate':
      return [limit(`${title}: seconds`, row.seconds, 1.5)]
    case 'version':
      return [ratio('node -e 0', 1.5)]
    default:
      return []
  }
}

/** Seconds of every other runner that did all of the work, and of the best peer among them. */
function yardsticks(rows: readonly Row[], name: string, way: Way): ReadonlyMap<string, number> {
  const valid = rows.filter(
    row => row.case === name && row.way === way && row.failed === 0 && row.runner !== 'waybill',
  )
  const found = new Map(valid.map(({ runner, seconds }) => [runner, seconds]))
  const peers = valid.filter(({ runner }) => runner !== 'curl').map(({ seconds }) => seconds)
  if (peers.length > 0) found.set('best peer', Math.min(...peers))
  return found
}

function looksOf({ counts }: Row): number | undefined {
  return counts && counts.requests - counts.listings
}

function noopCounts(title: string, row: Row, ideal: Ideal | undefined): readonly Verdict[] {
  return [
    limit(`${title}: requests / tag, listings apart`, quotient(looksOf(row), ideal?.tags), 2),
    limit(`${title}: writes`, row.counts?.writes, 0),
  ]
}

function coldCounts(
  title: string,
  { counts }: Row,
  ideal: Ideal | undefined,
  writes: number,
  requests?: number,
): readonly Verdict[] {
  return [
    limit(`${title}: writes`, counts?.writes, writes),
    limit(`${title}: source reads / unique blob`, quotient(counts?.blobReads, ideal?.blobs), 1),
    limit(`${title}: uploads / unique blob`, quotient(counts?.uploads, ideal?.blobs), 1),
    ...(requests === undefined
      ? []
      : [limit(`${title}: requests`, counts?.requests, undefined, requests)]),
  ]
}

function memory(rows: readonly Row[]): readonly Verdict[] {
  const peaks = rows.flatMap(({ peakMiB }) => peakMiB ?? [])
  if (peaks.length === 0) return []
  return [limit('peak memory of all cases, MiB', Math.max(...peaks), 130, 100)]
}

function quotient(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by
}

function limit(what: string, value: number | undefined, floor?: number, aim?: number): Verdict {
  const say = (most: number | undefined) => {
    if (most === undefined) return ''
    if (value === undefined) return `≤ ${most}: not measured`
    return `≤ ${most}: ${value <= most ? HOLDS : MISSED}`
  }
  const measured = value === undefined ? '-' : String(Math.round(value * 100) / 100)
  return { what, measured, floor: say(floor), aim: say(aim) }
}
