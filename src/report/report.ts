import { printable } from '../yaml/format.ts'
import { shortDigest } from '../oci/digest.ts'
import type { Outcome, Report, Result, StepPlace, StepReport } from '../plan/types.ts'
import { findings, hintOf, inPlace, lineOf, openEnds } from './findings.ts'
import { fullNames, shortNames, verbOf } from './names.ts'
import { createPaint, type Color } from './paint.ts'
import { namedAt } from '../plan/identity.ts'
import { replacedBy, type Look } from './plan.ts'
import { layoutRows, type Row } from './rows.ts'
import { count, formatBytes, formatDuration } from './units.ts'
import { wrap } from './width.ts'

type PlaceReport = StepPlace & Outcome

/** What a run did, for people. A run that had nothing to do is one line. */
export function describeReport(
  report: Report,
  { columns, color, manifestLine, elapsedMs }: Look & { readonly elapsedMs: number },
): string {
  const paint = createPaint(color)
  const told = findings(report)
  const places = report.steps.flatMap(({ to }) => to)
  if (told.length === 0 && places.every(({ result }) => result === 'unchanged')) {
    return `${inPlace('No changes.', report.summary.unchanged + places.length)}\n`
  }
  const rows = [...report.steps.flatMap(step => stepRows(step, columns)), ...told]
  return [
    `${paint.bold(`waybill ${printable(report.tool.version)}`)}  ${manifestLine}`,
    '',
    ...layoutRows(rows, { columns, paint }),
    '',
    ...wrap(conclusion(report, places, elapsedMs), columns ?? Infinity).map(paint.bold),
    '',
  ].join('\n')
}

const SIGNS: Readonly<Record<Exclude<Result, 'done'>, readonly [sign: string, color: Color]>> = {
  unchanged: ['=', 'dim'],
  failed: ['x', 'red'],
  blocked: ['·', 'yellow'],
  stale: ['!', 'yellow'],
}

function stepRows(step: StepReport, columns: number | undefined): readonly Row[] {
  const places: readonly PlaceReport[] = step.to
  return places.map((place, index) => {
    const [sign, color] = signOf(place, replacedBy(step, place) !== undefined)
    return {
      sign,
      color,
      verb: verbOf(step),
      name: (columns === undefined ? fullNames : shortNames)(step.from, place.at),
      cells: {
        digest: namedAt(step, place),
        why: place.result,
        size: index === 0 && step.transferred > 0 ? formatBytes(step.transferred) : '',
      },
      ...wordsOf(step, place),
    }
  })
}

function signOf({ result }: PlaceReport, replaced: boolean): readonly [string, Color] {
  if (result !== 'done') return SIGNS[result]
  return replaced ? ['~', 'yellow'] : ['+', 'green']
}

/** Why something failed gets lines of its own; why something was not begun is short. */
function wordsOf(step: StepReport, place: PlaceReport): Pick<Row, 'details' | 'notes' | 'hint'> {
  const replaced = replacedBy(step, place)
  if (place.result === 'done') {
    return { details: replaced ? [`replaced ${shortDigest(replaced)}`] : [], notes: [] }
  }
  const problem = place.error ?? step.error
  if (problem === undefined || place.result === 'unchanged') return { details: [], notes: [] }
  const message = printable(problem.message)
  return {
    ...(place.result === 'failed'
      ? { details: [], notes: [`${message} (${lineOf(step.location)})`] }
      : { details: [message], notes: [] }),
    hint: hintOf(problem),
  }
}

const ORDER: readonly Result[] = ['done', 'unchanged', 'failed', 'blocked', 'stale']

function conclusion(report: Report, places: readonly PlaceReport[], elapsedMs: number): string {
  const { operation, summary } = report
  const results = ORDER.map(result => ({
    result,
    number: places.filter(place => place.result === result).length,
  }))
  const work = results
    .filter(({ number }) => number > 0)
    .map(({ result, number }) => `${number} ${result}`)
    .join(', ')
  const ends = openEnds(report).join(', ')
  const name = operation === 'apply' ? 'Apply' : 'Reconcile'
  return [
    `${name}: ${[work || 'nothing to do', ends].filter(part => part !== '').join('; ')}.`,
    ...(places.length === 0 ? [inPlace('', summary.unchanged).trimStart()] : []),
    `${formatBytes(summary.bytes)} transferred, ${trafficOf(report)}, ${formatDuration(elapsedMs)}.`,
  ].join(' ')
}

/** `1,009 requests`, and what the network cost beyond them where it cost anything. */
function trafficOf({ requests, retries, waitedMs }: Report): string {
  const sent = count(requests, 'request')
  if (retries === 0 && waitedMs === 0) return sent
  return `${sent} (${count(retries, 'retry', 'retries')}, ${formatDuration(waitedMs)} of waiting in all)`
}
