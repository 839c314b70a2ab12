/** `eq`, `lt` and their kin, for values of one kind. */

import { byCodePoint } from '../../util/code-points.ts'
import { kindName, viewOf } from './values.ts'
import type { Stop } from './work.ts'

export function isEqual(a: unknown, b: unknown, stop: Stop): boolean {
  const one = viewOf(a)
  const other = viewOf(b)
  if (one.kind === 'nothing' || other.kind === 'nothing') return one.kind === other.kind
  if (one.kind === 'text' && other.kind === 'text') return one.value === other.value
  if (one.kind === 'boolean' && other.kind === 'boolean') return one.value === other.value
  if (one.kind === 'number' && other.kind === 'number') return order(one.value, other.value) === 0
  throw incomparable(a, b, stop)
}

/** Below zero where `a` comes first; not a number where they have no order. */
export function comparison(a: unknown, b: unknown, stop: Stop): number {
  const one = viewOf(a)
  const other = viewOf(b)
  if (one.kind === 'text' && other.kind === 'text') return byCodePoint(one.value, other.value)
  if (one.kind === 'number' && other.kind === 'number') return order(one.value, other.value)
  throw incomparable(a, b, stop)
}

function order(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number.isNaN(Number(a)) || Number.isNaN(Number(b)) ? Number.NaN : 0
}

function incomparable(a: unknown, b: unknown, stop: Stop): Error {
  const hint = 'texts are compared with texts, and numbers with numbers'
  return stop(`${kindName(a)} and ${kindName(b)} cannot be compared`, hint)
}
