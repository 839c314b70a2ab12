/** Values as Go's `%v` shows them: texts bare, `[a b]`, `map[k:v]` by key, `{a b}`. */

import { entriesOf, fieldOf, viewOf, type View } from './values.ts'
import { MAX_VALUE_DEPTH, type Output } from './work.ts'

/** What is not made of other values. */
export type Single = Exclude<View, { kind: 'list' | 'map' | 'struct' }>

export interface Manner {
  /** How each value that holds no others is shown. */
  readonly single: (view: Single) => string
  /** Whether the fields of an object are named. */
  readonly names?: boolean
}

/** What an action writes. */
export function addShown(value: unknown, output: Output): void {
  if (viewOf(value).kind === 'nothing') output.add('<no value>')
  else addValue(value, { single: plain }, output)
}

export function plain(view: Single): string {
  return view.kind === 'nothing' ? '<nil>' : String(view.value)
}

export function addValue(value: unknown, manner: Manner, output: Output, depth = 0): void {
  const { work } = output
  work.step()
  if (depth > MAX_VALUE_DEPTH) {
    throw work.stop(`the value is more than ${MAX_VALUE_DEPTH} levels deep`)
  }
  const add = (inner: unknown) => addValue(inner, manner, output, depth + 1)
  const addPair = ([key, inner]: readonly [unknown, unknown]) => {
    add(key)
    output.add(':')
    add(inner)
  }
  const view = viewOf(value)
  switch (view.kind) {
    case 'list':
      return addAll(['[', ' ', ']'], view.items, add, output)
    case 'map':
      return addAll(['map[', ' ', ']'], entriesOf(view.map), addPair, output)
    case 'struct': {
      const { fields } = view
      const named = (name: string) => {
        if (manner.names === true) output.add(`${name}:`)
        add(fieldOf(fields, name))
      }
      return addAll(['{', ' ', '}'], Object.keys(fields), named, output)
    }
    case 'nothing':
    case 'boolean':
    case 'number':
    case 'text':
      return output.add(manner.single(view))
  }
}

type Marks = readonly [open: string, between: string, close: string]

export function addAll<T>(
  marks: Marks,
  items: readonly T[],
  add: (item: T) => void,
  output: Output,
) {
  const [open, between, close] = marks
  output.add(open)
  for (const [index, item] of items.entries()) {
    if (index > 0) output.add(between)
    add(item)
  }
  output.add(close)
}
