/**
 * Paths for `--path`: `$.config.Env[0]`, `$.config.Labels['org.opencontainers.image.source']`,
 * `$.layers[*].digest`.
 */

import { scanAt } from '../select/scan.ts'
import type { Span } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { hintAmong, namesIn, refuseLong, refuserOf, type Refuse } from './argument.ts'

/** The parts of a value that a path leads to, in its order. */
export type Path = (value: unknown) => readonly unknown[]

type Step = Span &
  (
    | { readonly kind: 'key'; readonly key: string }
    | { readonly kind: 'index'; readonly index: number }
    | { readonly kind: 'all' }
  )

/** Where values share parts, each `[*]` may double them. */
const MAX_PARTS = 1_000_000

const NAME = /\.([\p{L}_$][\p{L}\p{N}_$-]*)/uy
const QUOTED = /\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]/suy
const INDEX = /\[\s*(\d{1,15})\s*\]/y
const ALL = /\[\s*\*\s*\]/y
const HINT = "a path is like $.config.Env[0], $.labels['a.b'] or $.layers[*].digest"

/** Throws where the text cannot be read; what it gives throws where a step fits nothing. */
export function readPath(text: string, flag = '--path'): Path {
  const refuse = refuserOf({ flag, text })
  refuseLong(text, refuse)
  if (!text.startsWith('$')) throw refuse({ start: 0, end: 1 }, 'a path begins with "$"', HINT)
  const steps: Step[] = []
  for (let at = 1; at < text.length; at = steps.at(-1)?.end ?? text.length) {
    const step = stepAt(text, at)
    if (step === undefined) throw strange(text, at, refuse)
    steps.push(step)
  }
  return value =>
    steps.reduce<readonly unknown[]>((found, step) => partsOf(found, step, refuse), [value])
}

function stepAt(text: string, start: number): Step | undefined {
  const name = scanAt(NAME, text, start)
  if (name) return { kind: 'key', key: name[1] ?? '', start, end: start + name[0].length }
  const quoted = scanAt(QUOTED, text, start)
  if (quoted) {
    const key = (quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/gsu, '$1')
    return { kind: 'key', key, start, end: start + quoted[0].length }
  }
  const index = scanAt(INDEX, text, start)
  if (index) return { kind: 'index', index: Number(index[1]), start, end: start + index[0].length }
  const all = scanAt(ALL, text, start)
  return all ? { kind: 'all', start, end: start + all[0].length } : undefined
}

function strange(text: string, start: number, refuse: Refuse): Error {
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const at = { start, end: start + character.length }
  if (character === '[') {
    return refuse(at, 'this "[" holds no index, quoted key or *, or is not closed', HINT)
  }
  if (character === '.') return refuse(at, 'no name follows this dot', HINT)
  return refuse(at, `${quote(character)} means nothing here`, HINT)
}

/** After `[*]` a step may fit some values and not others; one that fits none is a mistake. */
function partsOf(values: readonly unknown[], step: Step, refuse: Refuse): readonly unknown[] {
  const parts: unknown[] = []
  let fits = values.length === 0
  for (const value of values) {
    const found = partOf(value, step)
    fits ||= found !== undefined
    if (parts.length + (found?.length ?? 0) > MAX_PARTS) {
      throw refuse(step, `this leads to more than ${MAX_PARTS} values`, 'write [0] for one')
    }
    for (const part of found ?? []) parts.push(part)
  }
  if (fits) return parts
  throw lacking(values[0], step, refuse)
}

/** `undefined` where the value has no such part. */
function partOf(value: unknown, step: Step): readonly unknown[] | undefined {
  const isHolder = typeof value === 'object' && value !== null
  if (!isHolder) return undefined
  const isList = Array.isArray(value)
  switch (step.kind) {
    case 'index':
      return isList && step.index < value.length ? [value[step.index]] : undefined
    case 'all':
      return isList ? value : Array.from(entriesIn(value).values())
    case 'key': {
      const entries: ReadonlyMap<unknown, unknown> = isList ? new Map() : entriesIn(value)
      return entries.has(step.key) ? [entries.get(step.key)] : undefined
    }
  }
}

function entriesIn(value: object): ReadonlyMap<unknown, unknown> {
  return value instanceof Map ? value : new Map(Object.entries(value))
}

function lacking(value: unknown, step: Step, refuse: Refuse): Error {
  const isHolder = typeof value === 'object' && value !== null
  const isList = Array.isArray(value)
  if (!isHolder) {
    return refuse(
      step,
      `there is nothing inside ${shown(value)}`,
      'leave this out, and what follows',
    )
  }
  const keys = isList ? [] : [...entriesIn(value).keys()].map(String)
  if (step.kind === 'index') {
    if (!isList) return refuse(step, 'what is here has keys, and no items', namesIn(keys))
    const has = value.length === 0 ? 'is empty' : `has items 0 to ${value.length - 1}`
    return refuse(step, `there is no item ${step.index}`, `the list ${has}`)
  }
  const key = step.kind === 'key' ? step.key : '*'
  if (isList) {
    return refuse(step, `a list has no key ${quote(key)}`, 'write [0] for one item, or [*] for all')
  }
  return refuse(step, `there is no key ${quote(key)}`, hintAmong(key, keys))
}

function shown(value: unknown): string {
  return typeof value === 'string' ? quote(value) : String(value)
}
