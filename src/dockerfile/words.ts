/**
 * The words of an instruction, still quoted. BuildKit has several ideas of what parts words, and
 * each instruction takes one of them.
 */

import { isSpace, spaceEnd, spaceStart } from './characters.ts'
import type { Escape } from './types.ts'

/** A part of a joined line; `text` differs from what is there where escapes were taken out. */
export interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

export function tokenOf(line: string, start: number, end: number): Token {
  const from = Math.min(spaceEnd(line, start, end), end)
  const to = spaceStart(line, from, end)
  return { text: line.slice(from, to), start: from, end: to }
}

/** A part of a token that stands in the line as it is. */
export function partOf({ text, start }: Token, from: number, to = text.length): Token {
  return { text: text.slice(from, to), start: start + from, end: start + to }
}

const BLANK = /[\t\v\f\r ]/

/** What the instruction is called, and the rest. */
export function splitName(line: string): { readonly name: Token; readonly rest: Token } {
  const whole = tokenOf(line, 0, line.length)
  const [name = whole, rest = partOf(whole, whole.text.length)] = splitBlank(whole, 2)
  return { name, rest }
}

/** Parts between spaces and tabs, of which the last takes all that remains. */
export function splitBlank(token: Token, most = Infinity): readonly Token[] {
  const { text } = token
  const parts: Token[] = []
  let start = 0
  for (let at = 0; at < text.length && parts.length < most - 1; at++) {
    if (!BLANK.test(text.charAt(at))) continue
    parts.push(partOf(token, start, at))
    while (BLANK.test(text.charAt(at + 1))) at++
    start = at + 1
  }
  return [...parts, partOf(token, start)]
}

/** The `--flag`s that come first, without their quotes; `--` alone ends them. */
export function takeFlags(
  line: string,
  rest: Token,
  escape: Escape,
): { readonly flags: readonly Token[]; readonly rest: Token } {
  const flags: Token[] = []
  let at = spaceEnd(line, rest.start, rest.end)
  while (line.startsWith('--', at) && at + 1 < rest.end) {
    const flag = flagFrom(line, at, rest.end, escape)
    if (flag.text === '--') return { flags, rest: tokenOf(line, flag.end, rest.end) }
    if (flag.text !== '') flags.push(flag)
    at = spaceEnd(line, flag.end, rest.end)
  }
  return { flags, rest: tokenOf(line, at, rest.end) }
}

function flagFrom(line: string, start: number, end: number, escape: Escape): Token {
  let text = ''
  let quote = ''
  let at = start
  for (; at < end; at++) {
    let character = line.charAt(at)
    if (quote === '' && isSpace(character)) break
    if (quote === '' ? /['"]/.test(character) : character === quote) {
      quote = quote === '' ? character : ''
      continue
    }
    if (character === escape) {
      at++
      if (at === end) break
      character = line.charAt(at)
    }
    text += character
  }
  return { text, start, end: at }
}

/** Words between spaces, in which quotes and escapes keep spaces, and are kept themselves. */
export function splitQuoted({ text, start }: Token, escape: Escape): readonly Token[] {
  const words: Token[] = []
  let at = spaceEnd(text, 0)
  while (at < text.length) {
    const end = quotedEnd(text, at, escape)
    const isCut = end.at === text.length && end.isEscape
    const word = text.slice(at, isCut ? end.at - 1 : end.at)
    if (word !== '') words.push({ text: word, start: start + at, end: start + end.at })
    at = spaceEnd(text, end.at)
  }
  return words
}

/** Where a word ends; an escape that has nothing to escape is not part of it. */
function quotedEnd(text: string, start: number, escape: Escape) {
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    const character = text.charAt(at)
    if (quote === '' && isSpace(character)) break
    if (character === escape && quote !== "'") {
      if (at + 1 === text.length) return { at: text.length, isEscape: true }
      at++
    } else if (quote === '' && /['"]/.test(character)) quote = character
    else if (character === quote) quote = ''
  }
  return { at, isEscape: false }
}
