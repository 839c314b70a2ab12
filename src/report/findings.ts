/** What a plan or report says besides its steps: drift, what was not seen, what cannot be had. */

import { printable } from '../yaml/format.ts'
import { shortDigest } from '../oci/digest.ts'
import type {
  Diagnostic,
  Drift,
  Plan,
  Problem,
  Report,
  SourceLine,
  Unknown,
} from '../plan/types.ts'
import { sourceName } from './names.ts'
import type { Row } from './rows.ts'
import { count } from './units.ts'

type Findings = Pick<Plan | Report, 'drift' | 'unknown' | 'diagnostics'>

export function findings({ drift, unknown, diagnostics }: Findings): readonly Row[] {
  return [...drift.map(driftRow), ...unknown.map(unknownRow), ...diagnostics.map(diagnosticRow)]
}

/** `1 drift`, `2 unknown`, `1 error`: what a summary has to own up to. */
export function openEnds({ drift, unknown, diagnostics }: Findings): readonly string[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  return [
    ...(drift.length > 0 ? [`${drift.length} drift`] : []),
    ...(unknown.length > 0 ? [`${unknown.length} unknown`] : []),
    ...(errors > 0 ? [count(errors, 'error')] : []),
  ]
}

export function inPlace(lead: string, places: number): string {
  return `${lead} ${count(places, 'image')} ${places === 1 ? 'is' : 'are'} in place.`
}

function driftRow({ at, found, wanted, why }: Drift): Row {
  return {
    sign: '!',
    color: 'yellow',
    verb: 'drift',
    name: [printable(at)],
    details: [`is ${shortDigest(found)}, wanted ${shortDigest(wanted)}, ${printable(why)}`],
    notes: [],
  }
}

function unknownRow({ reference, side, places, problem, location }: Unknown): Row {
  const also = places.length > 1 ? `, ${count(places.length, 'place')}` : ''
  return {
    sign: '?',
    color: 'cyan',
    verb: 'unknown',
    name: [side === 'source' ? sourceName(reference) : printable(reference)],
    details: [`${side}: ${printable(problem.message)}: not evaluated${also} (${lineOf(location)})`],
    notes: [],
    hint: hintOf(problem),
  }
}

export function diagnosticRow({ severity, reference, problem, location }: Diagnostic): Row {
  return {
    sign: severity === 'error' ? 'x' : '!',
    color: severity === 'error' ? 'red' : 'yellow',
    verb: severity,
    name: [sourceName(reference)],
    details: [`${printable(problem.message)} (${lineOf(location)})`],
    notes: [],
    hint: hintOf(problem),
  }
}

export function hintOf({ hint }: Problem): string | undefined {
  return hint === undefined ? undefined : printable(hint)
}

export function lineOf({ file, line, column }: SourceLine): string {
  return printable(`${file}:${line}:${column}`)
}
