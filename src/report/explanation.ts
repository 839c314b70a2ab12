/** Explanations for people: one line for each tag. */

import { printable } from '../yaml/format.ts'
import { alternatives } from '../yaml/words.ts'
import type { Explanation } from '../plan/types.ts'
import { diagnosticRow } from './findings.ts'
import { sourceName } from './names.ts'
import { createPaint, type Color, type Paint } from './paint.ts'
import { layoutRows } from './rows.ts'
import { count, formatCount } from './units.ts'
import { padEnd, truncateMiddle, widthOf, wrap } from './width.ts'

export interface ExplanationLook {
  /** Of the terminal; absent in a pipe, where nothing is shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
}

type Told = Explanation['tags'][number]

const SIGNS: Readonly<Record<string, readonly [sign: string, color: Color]>> = {
  taken: ['+', 'green'],
  held: ['=', 'yellow'],
  undecided: ['x', 'red'],
  excluded: ['-', 'yellow'],
  absent: ['x', 'red'],
}
const OTHER = [' ', 'dim'] as const
const VERDICT = 'not matched'.length
const GAP = 2
/** In a pipe longer tags stand out alone. */
const PIPE_TAG = 60

export function describeExplanations(
  all: readonly Explanation[],
  { columns, color }: ExplanationLook,
): string {
  const paint = createPaint(color)
  return all.map(one => describe(one, columns, paint)).join('\n')
}

function describe(
  { image, from, hold, tags, problems }: Explanation,
  columns: number | undefined,
  paint: Paint,
): string {
  const widest = tags.reduce((most, { tag }) => Math.max(most, widthOf(printable(tag))), 0)
  const width = Math.min(widest, columns === undefined ? PIPE_TAG : Math.floor(columns / 3))
  const taken = tags.filter(({ verdict }) => verdict === 'taken').length
  const source = sourceName(from)
  return [
    source === image ? paint.bold(source) : `${paint.bold(printable(image))}  from ${source}`,
    ...(hold === undefined ? [] : [paint.yellow(`held ${printable(hold)}`)]),
    '',
    ...tags.flatMap(told => linesOf(told, { width, columns, paint })),
    ...layoutRows(problems.map(diagnosticRow), { columns, paint }),
    '',
    paint.bold(`${formatCount(taken)} of ${count(tags.length, 'tag')} taken.`),
    '',
  ].join('\n')
}

/** What it is called where it goes, if that is something else. */
function namesOf(tag: string, places: readonly string[]): string {
  const names = [...new Set(places.map(at => at.slice(at.lastIndexOf(':') + 1)))]
  return names.every(name => name === tag) ? '' : `, called ${alternatives(names, 'and')}`
}

function linesOf(
  { tag, verdict, reason, places = [] }: Told,
  {
    width,
    columns,
    paint,
  }: { readonly width: number; readonly columns: number | undefined; readonly paint: Paint },
): readonly string[] {
  const [sign, color] = SIGNS[verdict] ?? OTHER
  const shown = columns === undefined ? printable(tag) : truncateMiddle(printable(tag), width)
  const indent = 4 + width + GAP + VERDICT + GAP
  const said = printable(`${reason}${namesOf(tag, places)}`)
  const [first = '', ...rest] =
    columns === undefined ? [said] : wrap(said, Math.max(VERDICT, columns - indent))
  const head = `  ${paint[color](`${sign} ${padEnd(shown, width)}${' '.repeat(GAP)}${padEnd(verdict, VERDICT)}`)}`
  return [
    `${head}${' '.repeat(GAP)}${paint.dim(first)}`,
    ...rest.map(line => ' '.repeat(indent) + paint.dim(line)),
  ]
}
