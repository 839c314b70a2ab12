/** The `--flags` of an instruction, by what each one takes. */

import { didYouMean } from '../yaml/suggest.ts'
import { quote } from '../yaml/words.ts'
import type { Statement } from './statement.ts'
import type { Word } from './types.ts'
import { partOf, type Token } from './words.ts'

type Takes = 'yes-or-no' | 'value' | 'values'

export interface Flags {
  /** Whether a flag that is there or not is there. */
  is(name: string): boolean
  /** The same, and absent where it is not said. */
  said(name: string): boolean | undefined
  /** Absent where it is not given, and where it is given without anything. */
  value(name: string): Word | undefined
  values(name: string): readonly Word[]
  /** The same, as parts of the line. */
  tokens(name: string): readonly Token[]
}

export function readFlags(
  statement: Statement,
  known: Readonly<Record<string, Takes>> = {},
): Flags {
  const found = new Map<string, Token[]>()
  for (const flag of statement.flags) {
    const { name, value } = readFlag(statement, flag, known)
    const before = found.get(name)
    if (before === undefined) found.set(name, [value])
    else if (known[name] === 'values') before.push(value)
    else throw statement.refuse(`--${name} is given twice`, 'leave one of them out', flag)
  }
  const last = (name: string) => found.get(name)?.at(-1)
  const said = (name: string) => {
    const value = last(name)
    return value && value.text.toLowerCase() !== 'false'
  }
  return {
    is: name => said(name) === true,
    said,
    value: name => {
      const value = last(name)
      return value === undefined || value.text === '' ? undefined : statement.word(value)
    },
    values: name => (found.get(name) ?? []).map(statement.word),
    tokens: name => found.get(name) ?? [],
  }
}

/** Says of flags that BuildKit does not look at that they do nothing. */
export function ignoreFlags({ flags, name, warn }: Statement): void {
  for (const flag of flags) {
    warn(`${name.text.toUpperCase()} does not look at ${quote(flag.text)}`, 'leave it out', flag)
  }
}

function readFlag(
  { refuse }: Statement,
  flag: Token,
  known: Readonly<Record<string, Takes>>,
): { readonly name: string; readonly value: Token } {
  const equals = flag.text.indexOf('=')
  const name = flag.text.slice(2, equals < 0 ? undefined : equals)
  const takes = Object.hasOwn(known, name) ? known[name] : undefined
  if (takes === undefined) throw refuse(...unknownFlag(name, known), flag)
  const value = valueOf(flag, equals < 0 ? flag.text.length : equals + 1)
  if (takes !== 'yes-or-no') {
    if (equals < 0) throw refuse(`--${name} has no value`, `write --${name}=…`, flag)
  } else if (equals >= 0 && !/^(?:true|false)$/i.test(value.text)) {
    const hint = `write --${name}, or --${name}=false`
    throw refuse(`--${name} takes true or false, not ${quote(value.text)}`, hint, flag)
  }
  return { name, value }
}

/** Behind its name; where quotes were taken out of the flag, all of it is named. */
function valueOf(flag: Token, from: number): Token {
  const { text, start, end } = flag
  if (text.length === end - start) return partOf(flag, from)
  return { text: text.slice(from), start, end }
}

function unknownFlag(name: string, known: Readonly<Record<string, Takes>>): [string, string] {
  const names = Object.keys(known).map(one => `--${one}`)
  const those = names.length > 0 ? `there are ${names.join(', ')}` : 'there are none here'
  return [`there is no flag ${quote(`--${name}`)}`, didYouMean(`--${name}`, names) ?? those]
}
