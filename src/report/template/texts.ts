/** What functions do with texts. */

import { addValue, plain } from './print.ts'
import { kindName, viewOf } from './values.ts'
import { createOutput, MAX_OUTPUT, type Work } from './work.ts'

/** Nothing is an empty text: what lacks a label is no reason to end a list. */
export function textOf(name: string, value: unknown, { stop }: Work): string {
  const view = viewOf(value)
  if (view.kind === 'text') return view.value
  if (view.kind === 'nothing') return ''
  const hint = 'write printf "%v" first to make it text'
  throw stop(`${name} takes text, and is given ${kindName(value)}`, hint)
}

export function countOf(name: string, value: unknown, { stop }: Work): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  const given = typeof value === 'number' ? String(value) : kindName(value)
  throw stop(`${name} counts in whole numbers from 0, and is given ${given}`)
}

export function joined(list: unknown, between: unknown, work: Work): string {
  const view = viewOf(list)
  if (view.kind === 'nothing') return ''
  if (view.kind !== 'list') {
    const hint = 'the list comes first: {{join .List ","}}'
    throw work.stop(`join takes a list, and is given ${kindName(list)}`, hint)
  }
  const separator = textOf('join', between, work)
  const output = createOutput(work)
  for (const [index, item] of view.items.entries()) {
    if (index > 0) output.add(separator)
    addValue(item, { single: plain }, output)
  }
  return output.text()
}

export function split(value: unknown, at: unknown, work: Work): readonly string[] {
  const text = textOf('split', value, work)
  const separator = textOf('split', at, work)
  return separator === '' ? Array.from(text) : text.split(separator)
}

/** The first letter of each word made big. */
export function titled(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}_])\p{L}/gu, letter => letter.toUpperCase())
}

export function truncated(value: unknown, most: unknown, work: Work): string {
  const text = textOf('truncate', value, work)
  const length = countOf('truncate', most, work)
  return Array.from(text.slice(0, 2 * length))
    .slice(0, length)
    .join('')
}

type Sides = readonly [before: unknown, after: unknown]

/** Spaces on both sides of what is not empty. */
export function padded(value: unknown, [before, after]: Sides, work: Work): string {
  const text = textOf('pad', value, work)
  const left = countOf('pad', before, work)
  const right = countOf('pad', after, work)
  const output = createOutput(work)
  for (const part of text === '' ? [] : [spaces(left), text, spaces(right)]) output.add(part)
  return output.text()
}

/** As many, or so many that they are refused. */
function spaces(count: number): string {
  return ' '.repeat(Math.min(count, MAX_OUTPUT + 1))
}
