/**
 * What templates see of JavaScript values: plain objects are structs, whose fields are known, and
 * `Map`s are maps, which may lack a key. Only what an object itself holds is a field.
 */

import { byCodePoint } from '../../util/code-points.ts'

export type View =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  | { readonly kind: 'map'; readonly map: ReadonlyMap<unknown, unknown> }
  | { readonly kind: 'struct'; readonly fields: object }

export function viewOf(value: unknown): View {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'boolean', value }
    case 'number':
    case 'bigint':
      return { kind: 'number', value }
    case 'string':
      return { kind: 'text', value }
    case 'object': {
      if (value === null) return { kind: 'nothing' }
      if (Array.isArray(value)) return { kind: 'list', items: value }
      return value instanceof Map ? { kind: 'map', map: value } : { kind: 'struct', fields: value }
    }
    case 'undefined':
    case 'function':
    case 'symbol':
      return { kind: 'nothing' }
  }
}

/** What a value is called in messages. */
export function kindName(value: unknown): string {
  const { kind } = viewOf(value)
  if (kind === 'nothing' || kind === 'text') return kind
  return kind === 'struct' ? 'an object' : `a ${kind}`
}

/** Whether a condition holds: all but what is empty, zero, false or nothing. */
export function isTrue(value: unknown): boolean {
  const view = viewOf(value)
  switch (view.kind) {
    case 'nothing':
      return false
    case 'boolean':
      return view.value
    case 'number':
      return Number(view.value) !== 0
    case 'text':
      return view.value !== ''
    case 'list':
      return view.items.length > 0
    case 'map':
      return view.map.size > 0
    case 'struct':
      return true
  }
}

export function hasField(fields: object, name: string): boolean {
  return Object.hasOwn(fields, name)
}

export function fieldOf(fields: object, name: string): unknown {
  const value: unknown = Reflect.get(fields, name)
  return value
}

/** Keys and values, in the order that Go prints them in. */
export function entriesOf(map: ReadonlyMap<unknown, unknown>): readonly [unknown, unknown][] {
  return [...map].toSorted(([a], [b]) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : byCodePoint(keyText(a), keyText(b)),
  )
}

export function keyText(key: unknown): string {
  const view = viewOf(key)
  return view.kind === 'text' || view.kind === 'number' || view.kind === 'boolean'
    ? String(view.value)
    : view.kind
}
