/** Reads what is in one action: commands, their operands, and the variables that they are for. */

import { didYouMean } from '../../yaml/suggest.ts'
import type { Span } from '../../yaml/tree.ts'
import { quote } from '../../yaml/words.ts'
import type { Refuse } from '../argument.ts'
import { count } from '../units.ts'
import { FUNCTIONS } from './functions.ts'
import { numberOf, unquoted } from './literals.ts'
import type { Base, Call, Command, Field, Pipeline } from './syntax.ts'
import type { Token } from './tokens.ts'

/** The tokens of one action, and what is known where it stands. */
export interface Cursor {
  readonly tokens: readonly Token[]
  at: number
  /** Where something is missing that should come last. */
  readonly end: Span
  /** Names of variables, by slot. */
  readonly scope: string[]
  /** How many more levels may open. */
  readonly room: number
  readonly refuse: Refuse
}

export const MAX_DEPTH = 64
const CONTROL = new Set(['if', 'with', 'range', 'else', 'end', 'break', 'continue'])

/** All of the action from here on. `most` is how many variables it may declare. */
export function pipelineFrom(cursor: Cursor, most: number): Pipeline {
  const pipeline = declared(cursor, most)
  const left = cursor.tokens[cursor.at]
  if (left === undefined) return pipeline
  throw cursor.refuse(left, 'this ")" closes nothing', 'leave it out')
}

function declared(cursor: Cursor, most: number): Pipeline {
  const names = namesFrom(cursor, most)
  const isNew = names.length > 0 && takeMark(cursor, ':=') !== undefined
  if (names.length > 0 && !isNew) takeMark(cursor, '=')
  const commands = commandsFrom(cursor)
  if (isNew) cursor.scope.push(...names.map(({ text }) => text))
  const first = cursor.scope.length - names.length
  const assigns = names.map((name, index) => (isNew ? first + index : slotOf(cursor, name)))
  return { ...spanOf(commands, cursor.end), assigns, commands }
}

/** The variables before `:=` or `=`; none where the action only uses some. */
function namesFrom(cursor: Cursor, most: number): readonly Token[] {
  const { tokens, at, refuse } = cursor
  const names: Token[] = []
  for (let next = at; tokens[next]?.kind === 'variable'; next += 2) {
    const name = tokens[next]
    const after = tokens[next + 1]
    if (name) names.push(name)
    if (after?.kind === 'mark' && (after.text === ':=' || after.text === '=')) {
      if (names.length > most) {
        const hint = most === 1 ? 'write {{$x := …}}' : 'write {{range $key, $value := …}}'
        throw refuse(name ?? after, 'there are more variables than values', hint)
      }
      cursor.at = next + 1
      return names
    }
    if (after?.text !== ',') return []
  }
  return []
}

function commandsFrom(cursor: Cursor): readonly [Command, ...Command[]] {
  const first = commandFrom(cursor, false)
  const commands: [Command, ...Command[]] = [first]
  while (takeMark(cursor, '|')) commands.push(commandFrom(cursor, true))
  return commands
}

/** A function and its arguments, or one value. */
function commandFrom(cursor: Cursor, isPiped: boolean): Command {
  const { refuse } = cursor
  const token = cursor.tokens[cursor.at]
  if (token?.kind === 'word' && FUNCTIONS.has(token.text)) {
    cursor.at += 1
    const operands = operandsFrom(cursor)
    return callOf(token, operands, { isPiped, refuse })
  }
  const value = operandFrom(cursor, 'a value')
  const isNothing =
    value.kind === 'operand' && value.base.kind === 'literal' && value.base.value === null
  if (isNothing) throw refuse(value, 'nil is nothing to show', 'leave the action out')
  if (isPiped) {
    throw refuse(value, 'only a function takes what is piped', 'write {{.Name | upper}}')
  }
  const next = cursor.tokens[cursor.at]
  if (next === undefined || isMark(next, '|', ')')) return value
  throw refuse(
    next,
    'only a function takes arguments',
    'write {{index .Labels "key"}} for one of many',
  )
}

function operandsFrom(cursor: Cursor): readonly Command[] {
  const operands: Command[] = []
  for (;;) {
    const next = cursor.tokens[cursor.at]
    if (next === undefined || isMark(next, '|', ')')) return operands
    if (!next.spaced) throw cursor.refuse(next, 'there is no space before this', 'put one there')
    operands.push(operandFrom(cursor, 'an argument'))
  }
}

interface Use {
  readonly isPiped: boolean
  readonly refuse: Refuse
}

function callOf(token: Token, operands: readonly Command[], { isPiped, refuse }: Use): Call {
  const { least, most, usage } = FUNCTIONS.get(token.text) ?? { least: 0, most: 0, usage: '' }
  const given = operands.length + (isPiped ? 1 : 0)
  const end = operands.at(-1)?.end ?? token.end
  if (given >= least && given <= most) {
    return { kind: 'call', name: token.text, operands, start: token.start, end }
  }
  const message = `${token.text} takes ${takenBy(least, most)}, and has ${given}`
  throw refuse({ start: token.start, end }, message, `write {{${usage}}}`)
}

function takenBy(least: number, most: number): string {
  if (least === most) return count(least, 'argument')
  return most === Infinity
    ? `at least ${count(least, 'argument')}`
    : `${least} to ${count(most, 'argument')}`
}

function operandFrom(cursor: Cursor, wanted: string): Command {
  const { refuse } = cursor
  const token = cursor.tokens[cursor.at]
  if (token === undefined) {
    throw refuse(cursor.end, `${wanted} is missing`, 'name a field, like .Name')
  }
  if (token.kind === 'word' && FUNCTIONS.has(token.text)) {
    cursor.at += 1
    return callOf(token, [], { isPiped: false, refuse })
  }
  const isField = token.kind === 'field'
  const base = isField ? { kind: 'dot' as const } : baseFrom(cursor, token)
  const last = cursor.tokens[cursor.at - 1] ?? token
  const fields = fieldsFrom(cursor, isField)
  const end = fields.at(-1)?.end ?? last.end
  if (fields.length > 0 && (base.kind === 'literal' || (base.kind === 'dot' && !isField))) {
    throw refuse({ start: token.start, end }, 'what is written out has no fields', 'write .Name')
  }
  return { kind: 'operand', base, fields, start: token.start, end }
}

/** Fields follow without space: `.A .B` are two. */
function fieldsFrom(cursor: Cursor, isFirst: boolean): readonly Field[] {
  const fields: Field[] = []
  for (;;) {
    const token = cursor.tokens[cursor.at]
    if (token?.kind !== 'field') return fields
    if (token.spaced && !(isFirst && fields.length === 0)) return fields
    fields.push({ name: token.text.slice(1), start: token.start + 1, end: token.end })
    cursor.at += 1
  }
}

function baseFrom(cursor: Cursor, token: Token): Base {
  const { refuse } = cursor
  cursor.at += 1
  switch (token.kind) {
    case 'quoted':
      return { kind: 'literal', value: unquoted(token, refuse) }
    case 'number':
      return { kind: 'literal', value: numberOf(token, refuse) }
    case 'variable':
      return { kind: 'variable', slot: slotOf(cursor, token) }
    case 'word':
      return wordOf(token, refuse)
    case 'mark':
    case 'field':
      if (token.text === '.') return { kind: 'dot' }
      if (token.text === '(') return groupFrom(cursor, token)
      throw refuse(
        token,
        `${quote(token.text)} stands where a value should`,
        'name a field, like .Name',
      )
  }
}

function wordOf(token: Token, refuse: Refuse): Base {
  const { text } = token
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' }
  if (text === 'nil') return { kind: 'literal', value: null }
  if (CONTROL.has(text)) {
    throw refuse(token, `${text} stands first in its braces`, `write {{${text}}} on its own`)
  }
  const hint = didYouMean(text, FUNCTIONS.keys()) ?? `a field has a dot before it: .${text}`
  throw refuse(token, `there is no function ${quote(text)}`, hint)
}

function groupFrom(cursor: Cursor, open: Token): Base {
  const { refuse } = cursor
  if (cursor.room <= 0) throw refuse(open, `this is more than ${MAX_DEPTH} levels deep`)
  const inner = { ...cursor, room: cursor.room - 1 }
  const pipeline = declared(inner, 1)
  cursor.at = inner.at
  if (takeMark(cursor, ')')) return { kind: 'group', pipeline }
  throw refuse(open, 'this "(" is never closed', 'close it with ")"')
}

/** The variable that a name means here: the last that was declared. */
function slotOf({ scope, refuse }: Cursor, token: Token): number {
  const slot = scope.lastIndexOf(token.text)
  if (slot >= 0) return slot
  const hint = didYouMean(token.text, scope) ?? `declare it first: {{${token.text} := .Name}}`
  throw refuse(token, `there is no variable ${quote(token.text)}`, hint)
}

function takeMark(cursor: Cursor, mark: string): Token | undefined {
  const token = cursor.tokens[cursor.at]
  if (token === undefined || !isMark(token, mark)) return undefined
  cursor.at += 1
  return token
}

function isMark(token: Token, ...marks: readonly string[]): boolean {
  return token.kind === 'mark' && marks.includes(token.text)
}

function spanOf(commands: readonly [Command, ...Command[]], end: Span): Span {
  return { start: commands[0].start, end: commands.at(-1)?.end ?? end.end }
}
