/** Texts and numbers as Go writes them. */

import type { Refuse } from '../argument.ts'
import type { Token } from './tokens.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}
const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|.)/gsu
const NUMBER =
  /^[+-]?(?:0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)$/

/** The text in the quotes; what is in single ones is a character, and so a number. */
export function unquoted(token: Token, refuse: Refuse): string | number {
  const inside = token.text.slice(1, -1)
  if (token.text.startsWith('`')) return inside.replaceAll('\r', '')
  const text = inside.replace(ESCAPE, (escape, at: number) => {
    const start = token.start + 1 + at
    const meant = meaningOf(escape.slice(1))
    if (meant !== undefined) return meant
    const hint = String.raw`there are \n \t \" \\ and \u00e9; a single \ is written \\`
    throw refuse({ start, end: start + escape.length }, `${escape} is no escape`, hint)
  })
  if (token.text.startsWith('"')) return text
  const [character = '', ...more] = text
  if (character !== '' && more.length === 0) return character.codePointAt(0) ?? 0
  throw refuse(token, 'single quotes hold one character', 'write text in double quotes')
}

function meaningOf(escape: string): string | undefined {
  const simple = ESCAPES[escape]
  if (simple !== undefined || escape.length === 1) return simple
  const code = /^[xuU]/.test(escape)
    ? Number.parseInt(escape.slice(1), 16)
    : Number.parseInt(escape, 8)
  const isCharacter = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}

/** Whole numbers stay exact at any length. */
export function numberOf(token: Token, refuse: Refuse): number | bigint {
  const { text } = token
  if (!NUMBER.test(text)) {
    throw refuse(token, `${text} is no number`, 'numbers are like 12, -3, 1.5 or 0x1f')
  }
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.replace(/^[+-]/, '')
  const value = sign * Number(digits)
  if (Number.isSafeInteger(value) || /^\d*\.|^\d+(?:\.\d*)?[eE]/.test(digits)) return value + 0
  return BigInt(sign) * BigInt(digits)
}
