/** Values as docker's `json` shows them: on one line, the keys of maps sorted. */

import { addAll } from './print.ts'
import { entriesOf, fieldOf, keyText, viewOf } from './values.ts'
import { MAX_VALUE_DEPTH, type Output } from './work.ts'

export function addJson(value: unknown, output: Output, depth = 0): void {
  const { work } = output
  work.step()
  if (depth > MAX_VALUE_DEPTH) {
    throw work.stop(`the value is more than ${MAX_VALUE_DEPTH} levels deep`)
  }
  const add = (inner: unknown) => addJson(inner, output, depth + 1)
  const addEntries = (entries: readonly (readonly [unknown, unknown])[]) => {
    const shown = entries.filter(([, inner]) => inner !== undefined)
    addAll(
      ['{', ',', '}'],
      shown,
      ([key, inner]) => {
        output.add(`${quoted(keyText(key))}:`)
        add(inner)
      },
      output,
    )
  }
  const view = viewOf(value)
  switch (view.kind) {
    case 'nothing':
      return output.add('null')
    case 'number':
      return output.add(numberText(view.value))
    case 'boolean':
      return output.add(String(view.value))
    case 'text':
      return output.add(quoted(view.value))
    case 'list':
      return addAll(['[', ',', ']'], view.items, add, output)
    case 'map':
      return addEntries(entriesOf(view.map))
    case 'struct': {
      const { fields } = view
      return addEntries(Object.keys(fields).map(name => [name, fieldOf(fields, name)] as const))
    }
  }
}

/** Go escapes these two as well, which some readers of JSON take for line breaks. */
function quoted(text: string): string {
  return JSON.stringify(text)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`)
}

function numberText(value: number | bigint): string {
  return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : 'null'
}
