/**
 * What makes one tag greater than another. Every key reads a value from each tag, and the first
 * key whose values differ decides; a tag without a value comes last.
 */

import { compareFlavored, type FlavoredVersion } from './flavor.ts'
import { PatternError } from './pattern-error.ts'

type Kind = 'semver' | 'number' | 'text'

export type OrderKey =
  /** When the image says it was made. */
  | { readonly kind: 'created' }
  /** Of the whole tag, or of what a group of the regex takes. */
  | { readonly kind: Kind; readonly capture?: string }

export type KeyValue = FlavoredVersion | bigint | number | string | undefined

const KINDS: ReadonlySet<string> = new Set(['semver', 'number', 'text'])
const HINT = 'the keys are semver, number, text and created, or a capture of the regex: date:number'

/** `captures` are those that the regex of the same rule has. */
export function parseOrderKey(text: string, captures: readonly string[]): OrderKey {
  if (text === 'created') return { kind: 'created' }
  if (isKind(text)) return { kind: text }
  const colon = text.indexOf(':')
  const capture = text.slice(0, Math.max(colon, 0))
  const kind = text.slice(colon + 1)
  const whole = { start: 0, end: text.length }
  if (colon < 0) throw new PatternError(`"${text}" is no key to order by`, whole, HINT)
  if (!captures.includes(capture)) throw unknownCapture(capture, 0, captures)
  if (isKind(kind)) return { kind, capture }
  const at = { start: colon + 1, end: text.length }
  throw new PatternError(
    `"${kind}" is no kind of order`,
    at,
    `what "${capture}" takes is compared as semver, number or text: ${capture}:number`,
  )
}

export function unknownCapture(
  name: string,
  start: number,
  captures: readonly string[],
): PatternError {
  const hint =
    captures.length === 0
      ? `name a part of the regex: (?<${/^\w+$/.test(name) ? name : 'date'}>\\d+)`
      : `the regex has ${captures.join(', ')}`
  return new PatternError(
    `no part of the regex is called "${name}"`,
    { start, end: start + name.length },
    hint,
  )
}

/** Below 0 where `a` is the lesser. Both are of one key. */
export function compareValues(a: KeyValue, b: KeyValue): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  if (typeof a === 'object') return typeof b === 'object' ? compareFlavored(a, b) : 1
  return a < b ? -1 : 1
}

export function describeKey(key: OrderKey): string {
  return key.kind !== 'created' && key.capture !== undefined
    ? `${key.capture}:${key.kind}`
    : key.kind
}

function isKind(text: string): text is Kind {
  return KINDS.has(text)
}
