/**
 * A template cut into text and actions, and actions into tokens, as Go's text/template does.
 *
 * In text the two characters `\t` are a tab and `\n` is a line break, as in docker's lists: a shell
 * makes it hard to type the real ones.
 */

import { scanAt } from '../../select/scan.ts'
import type { Span } from '../../yaml/tree.ts'
import { quote } from '../../yaml/words.ts'
import type { Refuse } from '../argument.ts'

export type Piece = { readonly kind: 'text'; readonly text: string } | Action

/** What is between `{{` and `}}`; the span has the braces too. */
export interface Action extends Span {
  readonly kind: 'action'
  readonly tokens: readonly Token[]
}

export interface Token extends Span {
  readonly kind: 'word' | 'field' | 'variable' | 'quoted' | 'number' | 'mark'
  readonly text: string
  /** Whether there is space before it. */
  readonly spaced: boolean
}

const OPENING = /\{\{(?:-(?=[ \t\r\n]))?/y
const CLOSING = /[ \t\r\n]*?(?:[ \t\r\n]-)?\}\}/y
const COMMENT = /[ \t\r\n]?\/\*/y
const SPACE = /[ \t\r\n]/
const SPACES = /[ \t\r\n]*/y

const TOKENS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['number', /[+-]?\.?\d(?:[eE][+-]|[\w.])*/y],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['quoted', /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'|`[^`]*`/y],
  ['mark', /:=|[=|(),.]/y],
]

/** What `text` has from `start` on. */
export function piecesOf(text: string, start: number, refuse: Refuse): readonly Piece[] {
  const pieces: Piece[] = []
  let trims = false
  for (let at = start; at < text.length;) {
    const open = text.indexOf('{{', at)
    const action = open < 0 ? undefined : actionAt(text, open, refuse)
    const plain = unescaped(text.slice(at, action?.start ?? text.length))
    const kept = trimmed(plain, trims, action?.trimsBefore === true)
    if (kept !== '') pieces.push({ kind: 'text', text: kept })
    if (action?.kind === 'action') pieces.push(action)
    trims = action?.trimsAfter === true
    at = action?.end ?? text.length
  }
  return pieces
}

function unescaped(text: string): string {
  return text.replaceAll(String.raw`\t`, '\t').replaceAll(String.raw`\n`, '\n')
}

function trimmed(text: string, atStart: boolean, atEnd: boolean): string {
  let start = 0
  let end = text.length
  if (atStart) while (start < end && SPACE.test(text.charAt(start))) start += 1
  if (atEnd) while (end > start && SPACE.test(text.charAt(end - 1))) end -= 1
  return text.slice(start, end)
}

interface Trims {
  readonly trimsBefore: boolean
  readonly trimsAfter: boolean
}

type Found = Trims & (Action | (Span & { readonly kind: 'comment' }))

function actionAt(text: string, start: number, refuse: Refuse): Found {
  const opening = scanAt(OPENING, text, start)?.[0] ?? ''
  const trimsBefore = opening.endsWith('-')
  const inside = start + opening.length
  const comment = scanAt(COMMENT, text, inside)?.[0] ?? ''
  if (comment.startsWith('/') || (comment !== '' && trimsBefore)) {
    const close = endOfComment(text, { start, end: inside + comment.length }, refuse)
    return { kind: 'comment', start, trimsBefore, ...close }
  }
  const tokens: Token[] = []
  for (let at = inside; ;) {
    const close = closingAt(text, at)
    if (close) return { kind: 'action', start, tokens, trimsBefore, ...close }
    const spaces = scanAt(SPACES, text, at)?.[0].length ?? 0
    if (at + spaces === text.length) {
      throw refuse({ start, end: inside }, 'this "{{" is never closed', 'close it with }}')
    }
    const token = tokenAt(text, at + spaces, spaces > 0)
    if (token === undefined) throw strange(text, at + spaces, refuse)
    tokens.push(token)
    at = token.end
  }
}

function closingAt(
  text: string,
  at: number,
): Omit<Trims & Span, 'trimsBefore' | 'start'> | undefined {
  const close = scanAt(CLOSING, text, at)?.[0]
  return close === undefined
    ? undefined
    : { trimsAfter: close.endsWith('-}}'), end: at + close.length }
}

function endOfComment(text: string, opening: Span, refuse: Refuse) {
  const end = text.indexOf('*/', opening.end)
  if (end < 0) throw refuse(opening, 'this comment is never closed', 'close it with */}}')
  const close = closingAt(text, end + 2)
  if (close) return close
  const hint = 'a comment has its braces to itself: {{/* like this */}}'
  throw refuse({ start: end, end: end + 2 }, 'the braces do not close after the comment', hint)
}

function tokenAt(text: string, start: number, spaced: boolean): Token | undefined {
  for (const [kind, pattern] of TOKENS) {
    const found = scanAt(pattern, text, start)?.[0]
    if (found !== undefined) return { kind, text: found, spaced, start, end: start + found.length }
  }
  return undefined
}

function strange(text: string, start: number, refuse: Refuse): Error {
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const at = { start, end: start + character.length }
  if (/["'`]/.test(character)) {
    return refuse(at, `this ${character} is never closed`, `close it with ${character}`)
  }
  const hint = 'there are fields like .Name, functions, "text", numbers, variables, | and ( )'
  return refuse(at, `${quote(character)} means nothing here`, hint)
}
