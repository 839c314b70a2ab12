/** `printf`: the verbs of Go's fmt that make sense of texts, numbers and booleans. */

import { scanAt } from '../../select/scan.ts'
import { quote } from '../../yaml/words.ts'
import { count } from '../units.ts'
import { addValue, plain, type Single } from './print.ts'
import { quoteGo, quoteRune } from './quoting.ts'
import { kindName } from './values.ts'
import type { Output } from './work.ts'

type Something = Exclude<Single, { kind: 'nothing' }>

interface Verb {
  readonly text: string
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly letter: string
}

const VERB = /%(?<flags>[-+# 0]*)(?<width>\d*)(?:\.(?<precision>\d*))?(?<letter>[^\d.])?/suy
const LETTERS = 'vsqdxXobctf'
const KNOWN = '%s %v %q %d %x %X %o %b %c %t and %f'
const MAX_WIDTH = 1000
const MAX_PRECISION = 100

interface Target {
  readonly output: Output
  /** For headers, where every argument is text whatever the verb is for. */
  readonly anyText: boolean
}

export function addPrintf(format: string, args: readonly unknown[], target: Target): void {
  const { output } = target
  const { stop } = output.work
  let next = 0
  for (let at = 0; at < format.length;) {
    const found = format.indexOf('%', at)
    const percent = found < 0 ? format.length : found
    output.add(format.slice(at, percent))
    if (percent === format.length) break
    const verb = verbAt(format, percent, output)
    at = percent + verb.text.length
    if (verb.letter === '%') {
      output.add('%')
      continue
    }
    if (next === args.length) {
      const hint = 'give printf as many values as its text has verbs'
      throw stop(`nothing is given for ${quote(verb.text)}`, hint)
    }
    addVerb(verb, args[next++], target)
  }
  if (next === args.length) return
  const message = `printf is given ${count(args.length, 'value')}, and its text has ${count(next, 'verb')}`
  throw stop(message, `the verbs are ${KNOWN}`)
}

function verbAt(format: string, at: number, { work: { stop } }: Output): Verb {
  const match = scanAt(VERB, format, at)
  const { flags = '', width = '', precision, letter = '' } = match?.groups ?? {}
  const text = match?.[0] ?? '%'
  if (letter === '' || !`${LETTERS}%`.includes(letter)) {
    throw stop(
      `${quote(text)} is no verb of printf`,
      `there are ${KNOWN}, and %% for a percent sign`,
    )
  }
  if (Number(width) > MAX_WIDTH || Number(precision ?? 0) > MAX_PRECISION) {
    const hint = `up to ${MAX_WIDTH} columns and ${MAX_PRECISION} digits are made`
    throw stop(`${quote(text)} asks for too much`, hint)
  }
  const digits = precision === undefined ? undefined : Number(precision)
  return { text, flags, width: Number(width), precision: digits, letter }
}

function addVerb(verb: Verb, value: unknown, { output, anyText }: Target): void {
  const single = (view: Single): string => {
    if (view.kind === 'nothing') return padded(plain(view), verb)
    const asText = anyText && view.kind === 'text'
    const shown = shownBy(asText ? { ...verb, letter: 's' } : verb, view)
    if (shown !== undefined) return padded(shown, verb)
    const wanted = WANTED[verb.letter] ?? 'something else'
    const given = view.kind === 'number' ? String(view.value) : kindName(view.value)
    throw output.work.stop(
      `${quote(verb.text)} is for ${wanted}, and is given ${given}`,
      'write %v for any value',
    )
  }
  addValue(value, { single, names: verb.flags.includes('+') && verb.letter === 'v' }, output)
}

const WANTED: Readonly<Record<string, string>> = {
  q: 'text',
  d: 'a whole number',
  x: 'text or a whole number',
  X: 'text or a whole number',
  o: 'a whole number',
  b: 'a whole number',
  c: 'the code of a character',
  t: 'a boolean',
  f: 'a number',
}

/** `undefined` where the verb is for other values. */
function shownBy(verb: Verb, view: Something): string | undefined {
  const { letter } = verb
  if (letter === 'v' || letter === 's') {
    return view.kind === 'text' ? cut(view.value, verb.precision) : signed(plain(view), verb, view)
  }
  switch (view.kind) {
    case 'boolean':
      return letter === 't' ? String(view.value) : undefined
    case 'text':
      return textBy(verb, view.value)
    case 'number':
      return numberBy(verb, view.value)
  }
}

function textBy({ letter, precision }: Verb, value: string): string | undefined {
  const text = cut(value, precision)
  if (letter === 'q') return quoteGo(text)
  if (letter !== 'x' && letter !== 'X') return undefined
  const hex = Buffer.from(text).toString('hex')
  return letter === 'x' ? hex : hex.toUpperCase()
}

function numberBy(verb: Verb, value: number | bigint): string | undefined {
  const { letter, precision, flags } = verb
  if (letter === 'f') {
    return zeroed(
      signed(Number(value).toFixed(precision ?? 6), verb, { kind: 'number', value }),
      verb,
    )
  }
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined
  const whole = BigInt(value)
  if (letter === 'c' || letter === 'q') return characterBy(letter, whole)
  const radix = { d: 10, x: 16, X: 16, o: 8, b: 2 }[letter]
  if (radix === undefined) return undefined
  const prefix = flags.includes('#') ? ({ x: '0x', X: '0X', o: '0', b: '0b' }[letter] ?? '') : ''
  const digits = (whole < 0n ? -whole : whole).toString(radix).padStart(precision ?? 0, '0')
  const shown = letter === 'X' ? digits.toUpperCase() : digits
  const text = signed(`${whole < 0n ? '-' : ''}${prefix}${shown}`, verb, { kind: 'number', value })
  return precision === undefined ? zeroed(text, verb) : text
}

function characterBy(letter: 'c' | 'q', code: bigint): string | undefined {
  if (code < 0n || code > 0x10ffffn) return undefined
  const character = String.fromCodePoint(Number(code))
  return letter === 'c' ? character : quoteRune(character)
}

function signed(text: string, { flags, letter }: Verb, view: Single): string {
  // with %v the plus is for the names of fields
  if (view.kind !== 'number' || letter === 'v' || text.startsWith('-')) return text
  if (flags.includes('+')) return `+${text}`
  return flags.includes(' ') ? ` ${text}` : text
}

/** With zeros between the sign and the digits, as wide as asked. */
function zeroed(text: string, { flags, width }: Verb): string {
  if (!flags.includes('0') || flags.includes('-')) return text
  const [sign = ''] = /^[-+ ]?(?:0[xXb])?/.exec(text) ?? []
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

function padded(text: string, { flags, width }: Verb): string {
  if (width === 0 || text.length > 2 * width) return text
  const missing = ' '.repeat(Math.max(0, width - Array.from(text).length))
  return flags.includes('-') ? text + missing : missing + text
}

/** The first `most` characters. */
function cut(text: string, most: number | undefined): string {
  return most === undefined
    ? text
    : Array.from(text.slice(0, 2 * most))
        .slice(0, most)
        .join('')
}
