import { printable } from '../yaml/format.ts'
import { shortDigest } from '../oci/digest.ts'
import { namedAt } from '../plan/identity.ts'
import type { Plan, Step, StepPlace } from '../plan/types.ts'
import { fullNames, shortNames, verbOf } from './names.ts'
import { createPaint } from './paint.ts'
import { layoutRows, type Row } from './rows.ts'
import { findings, inPlace, openEnds } from './findings.ts'
import { formatBytes } from './units.ts'
import { wrap } from './width.ts'

export interface Look {
  /** Of the terminal; absent in a pipe, where nothing is shortened. */
  readonly columns?: number | undefined
  readonly color: boolean
  /** What `describeManifest` says of the manifest. */
  readonly manifestLine: string
}

/** A plan for people. Nothing to do is one line. */
export function describePlan(plan: Plan, { columns, color, manifestLine }: Look): string {
  const paint = createPaint(color)
  const rows = [...plan.steps.flatMap(step => stepRows(step, columns)), ...findings(plan)]
  if (rows.length === 0) return `${inPlace('No changes.', plan.summary.unchanged)}\n`
  return [
    `${paint.bold(`waybill ${printable(plan.tool.version)}`)}  ${manifestLine}`,
    '',
    ...layoutRows(rows, { columns, paint }),
    '',
    ...wrap(conclusion(plan), columns ?? Infinity).map(paint.bold),
    '',
  ].join('\n')
}

/** One row per place. What belongs to the step as a whole is said with its first one. */
function stepRows(step: Step, columns: number | undefined): readonly Row[] {
  return step.to.map((place, index) => {
    const first = index === 0
    const replaces = replacedBy(step, place)
    return {
      sign: replaces ? '~' : '+',
      color: replaces ? 'yellow' : 'green',
      verb: verbOf(step),
      name: (columns === undefined ? fullNames : shortNames)(step.from, place.at),
      cells: {
        digest: namedAt(step, place),
        why: reasonOf(step, place),
        size: first && step.bytes > 0 ? formatBytes(step.bytes) : '',
      },
      details: [
        ...(replaces ? [`replaces ${shortDigest(replaces)}${ownership(place)}`] : []),
        ...(first ? additionsOf(step, place) : []),
      ],
      notes: [],
    }
  })
}

export function replacedBy(step: Step, place: StepPlace): string | undefined {
  const { replaces } = place
  return replaces === null || replaces === namedAt(step, place) ? undefined : replaces
}

/** Whose it was what is replaced, where a lock tells. */
function ownership({ ours }: StepPlace): string {
  return ours === undefined ? '' : ours ? ' (ours)' : ' (not ours)'
}

/** A step says why for all of its places together; where there are several, each has its own. */
function reasonOf(step: Step, place: StepPlace): string {
  if (step.to.length === 1) return printable(step.why)
  if (place.replaces === null) return 'missing'
  if (step.kind === 'build') return 'changed'
  return place.replaces === namedAt(step, place) ? 'referrers missing' : 'moved'
}

function additionsOf(step: Step, place: StepPlace): readonly string[] {
  if (step.kind === 'build') return [`with ${step.builder.kind} (${printable(step.builder.why)})`]
  if (step.kind !== 'copy') return []
  const { platforms, referrers, source, repacked } = step
  const extra = place.replaces !== namedAt(step, place) && referrers.length > 0
  return [
    ...(extra ? [`+${referrers.length} ${referrers.length === 1 ? 'referrer' : 'referrers'}`] : []),
    ...(platforms
      ? [`cut to ${printable(platforms.join(', '))} (from ${shortDigest(source)})`]
      : []),
    ...(repacked ? ['packed anew: its source keeps no manifests'] : []),
  ]
}

function conclusion(plan: Plan): string {
  const { summary, steps } = plan
  const ends = openEnds(plan).join(', ')
  if (steps.length === 0) {
    if (ends === '') return inPlace('No changes.', summary.unchanged)
    return inPlace(`Plan: nothing to do; ${ends}.`, summary.unchanged)
  }
  const work = [
    ...(summary.build > 0 ? [`${summary.build} to build`] : []),
    ...(summary.copy > 0 ? [`${summary.copy} to copy`] : []),
    ...(summary.tag > 0 ? [`${summary.tag} to tag`] : []),
  ].join(', ')
  const transfer = summary.bytes > 0 ? ` Transfer ${formatBytes(summary.bytes)}.` : ''
  return `Plan: ${work}${ends === '' ? '' : `; ${ends}`}.${transfer}`
}
