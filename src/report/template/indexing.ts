/** Parts of values: `index`, `slice` and `len`. */

import { didYouMean } from '../../yaml/suggest.ts'
import { quote } from '../../yaml/words.ts'
import { textOf } from './texts.ts'
import { keyText, kindName, viewOf } from './values.ts'
import type { Stop, Work } from './work.ts'

/** In bytes for text, as Go has it. */
export function lengthOf(value: unknown, { stop }: Work): number {
  const view = viewOf(value)
  switch (view.kind) {
    case 'nothing':
      return 0
    case 'text':
      return Buffer.byteLength(view.value)
    case 'list':
      return view.items.length
    case 'map':
      return view.map.size
    case 'boolean':
    case 'number':
    case 'struct':
      throw stop(`${kindName(value)} has no length`, 'len is for lists, maps and texts')
  }
}

/** Of a map, a key that it lacks gives an empty text, as labels do in docker. */
export function indexed(value: unknown, keys: readonly unknown[], work: Work): unknown {
  if (keys.length === 0) return value
  let found = value
  for (const key of keys) found = partOf(found, key, work)
  return found === undefined ? '' : found
}

function partOf(value: unknown, key: unknown, { stop }: Work): unknown {
  const view = viewOf(value)
  switch (view.kind) {
    case 'list':
      return itemAt(view.items, key, stop)
    case 'map':
      if (typeof key === 'string' || view.map.has(key)) return view.map.get(key)
      throw stop(`a map is indexed by text, not by ${kindName(key)}`, 'write {{index .Map "key"}}')
    case 'nothing':
      if (typeof key === 'string') return undefined
      return itemAt([], key, stop)
    case 'struct': {
      const name = keyText(key)
      const hint = didYouMean(name, Object.keys(view.fields)) ?? `write .${name} for a field`
      throw stop(`an object has fields, and no key ${quote(name)}`, hint)
    }
    case 'boolean':
    case 'number':
    case 'text':
      throw stop(`${kindName(value)} has no parts to index`, 'index is for lists and maps')
  }
}

function itemAt(items: readonly unknown[], key: unknown, stop: Stop): unknown {
  if (typeof key !== 'number' || !Number.isInteger(key)) {
    throw stop(`a list is indexed by whole numbers, not by ${kindName(key)}`, 'the first is 0')
  }
  if (key >= 0 && key < items.length) return items[key]
  const has = items.length === 0 ? 'is empty' : `has items 0 to ${items.length - 1}`
  throw stop(
    `there is no item ${key}: the list ${has}`,
    'ask first: {{with .List}}{{index . 0}}{{end}}',
  )
}

/** A part of a text or list, from one place up to another. */
export function sliced(value: unknown, ends: readonly unknown[], work: Work): unknown {
  const view = viewOf(value)
  const whole = view.kind === 'list' ? view.items : Array.from(textOf('slice', value, work))
  work.step(view.kind === 'list' ? whole.length : 1)
  const [from = 0, to = whole.length] = ends
  if (typeof from === 'number' && typeof to === 'number') {
    const isWhole = Number.isInteger(from) && Number.isInteger(to)
    if (isWhole && from >= 0 && from <= to && to <= whole.length) {
      const part = whole.slice(from, to)
      return view.kind === 'list' ? part : part.join('')
    }
  }
  const [shownFrom, shownTo] = [keyText(from), keyText(to)]
  throw work.stop(`there is nothing from ${shownFrom} to ${shownTo}: there are ${whole.length}`)
}
