/** What a plan or report says besides its steps: drift, what was not seen, what cannot be had. */

import { printable } from '../yaml/format.ts'
import { shortDigest } from '../oci/digest.ts'
import type {
  Diagnostic,
  Drift,
  Gone,
  Held,
  Plan,
  Problem,
  Released,
  Report,
  SourceLine,
  Unknown,
} from '../plan/types.ts'
import { sourceName } from './names.ts'
import type { Row } from './rows.ts'
import { count } from './units.ts'

type Findings = Pick<
  Plan | Report,
  'drift' | 'held' | 'gone' | 'prunable' | 'unmanaged' | 'unknown' | 'diagnostics'
>

export function findings(found: Findings): readonly Row[] {
  return [
    ...found.drift.map(driftRow),
    ...found.prunable.map(place => releasedRow('prunable', place)),
    ...found.unmanaged.map(place => releasedRow('unmanaged', place)),
    ...found.gone.map(goneRow),
    ...found.held.map(heldRow),
    ...found.unknown.map(unknownRow),
    ...found.diagnostics.map(diagnosticRow),
  ]
}

/** `1 drift`, `2 unknown`, `1 error`: what a summary has to own up to. */
export function openEnds(found: Findings): readonly string[] {
  const { drift, prunable, unmanaged, gone, held, unknown } = found
  const errors = found.diagnostics.filter(({ severity }) => severity === 'error').length
  return [
    ...(drift.length > 0 ? [`${drift.length} drift`] : []),
    ...(prunable.length > 0 ? [`${prunable.length} prunable`] : []),
    ...(unmanaged.length > 0 ? [`${unmanaged.length} unmanaged`] : []),
    ...(gone.length > 0 ? [`${gone.length} gone`] : []),
    ...(held.length > 0 ? [`${held.length} held`] : []),
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

/** What stays where it is, and why it stands out. */
function releasedRow(verb: 'prunable' | 'unmanaged', { at, digest, why }: Released): Row {
  const stays = verb === 'unmanaged' ? ', stays (prune: off)' : ''
  return {
    sign: verb === 'prunable' ? '-' : '=',
    color: 'dim',
    verb,
    name: [printable(at)],
    details: [`${shortDigest(digest)}, ours, ${printable(why)}${stays}`],
    notes: [],
  }
}

function goneRow({ reference, places, location }: Gone): Row {
  const kept = places.length === 1 ? (places[0] ?? '') : count(places.length, 'place')
  const where = places.length === 0 ? '' : `, kept at ${printable(kept)}`
  return {
    sign: '=',
    color: 'yellow',
    verb: 'gone',
    name: [sourceName(reference)],
    details: [`no longer there upstream${where} (${lineOf(location)})`],
    notes: [],
  }
}

function heldRow({ reference, image, why, until }: Held): Row {
  const end = until === undefined ? '' : `, until ${printable(until)}`
  return {
    sign: '=',
    color: 'yellow',
    verb: 'held',
    name: [reference === image ? printable(image) : sourceName(reference)],
    details: [`${printable(why)}${end}`],
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
