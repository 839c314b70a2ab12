/**
 * Go's `filepath.Match`, which is what sources of COPY and ADD are matched with: `*` and `?` stop
 * at a slash, there is no `**`, and a class may match anything.
 */
import { BuildError } from '../../../errors.ts'

type Token =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'letter'; readonly letter: string }
  | { readonly kind: 'class'; readonly isNegated: boolean; readonly ranges: readonly Range[] }

/** From and to, both included. */
type Range = readonly [number, number]

export type Glob = (path: string) => boolean

/** Whether a text is more than itself; what follows a backslash is not. */
export function hasWildcards(text: string): boolean {
  return /^(?:[^\\*?[]|\\[^])*[*?[]/.test(text)
}

export function compileGlob(pattern: string): Glob {
  const tokens = parse(pattern)
  return path => matches(tokens, Array.from(path))
}

/** Going back only to the last star is enough, since no star matches a slash. */
function matches(tokens: readonly Token[], letters: readonly string[]): boolean {
  let at = 0
  let token = 0
  let star: { readonly token: number; at: number } | undefined
  while (at < letters.length || token < tokens.length) {
    const next = tokens[token]
    if (next?.kind === 'star') {
      star = { token, at }
      token += 1
    } else if (next && at < letters.length && fits(next, letters[at] ?? '')) {
      token += 1
      at += 1
    } else if (star && star.at < letters.length && letters[star.at] !== '/') {
      star.at += 1
      at = star.at
      token = star.token + 1
    } else return false
  }
  return true
}

function fits(token: Exclude<Token, { kind: 'star' }>, letter: string): boolean {
  switch (token.kind) {
    case 'any':
      return letter !== '/'
    case 'letter':
      return token.letter === letter
    case 'class': {
      const code = letter.codePointAt(0) ?? 0
      return token.ranges.some(([from, to]) => from <= code && code <= to) !== token.isNegated
    }
  }
}

function parse(pattern: string): readonly Token[] {
  const letters = Array.from(pattern)
  const tokens: Token[] = []
  for (let at = 0; at < letters.length;) {
    const letter = letters[at] ?? ''
    if (letter === '[') {
      const { token, end } = parseClass(pattern, letters, at + 1)
      tokens.push(token)
      at = end
      continue
    }
    if (letter === '\\') at += 1
    tokens.push(letter === '\\' ? literal(pattern, letters[at]) : tokenOf(letter))
    at += 1
  }
  return tokens
}

function tokenOf(letter: string): Token {
  if (letter === '*') return { kind: 'star' }
  return letter === '?' ? { kind: 'any' } : { kind: 'letter', letter }
}

function literal(pattern: string, letter: string | undefined): Token {
  if (letter === undefined) throw bad(pattern, 'it ends in a backslash')
  return { kind: 'letter', letter }
}

interface ParsedClass {
  readonly token: Token
  readonly end: number
}

function parseClass(pattern: string, letters: readonly string[], start: number): ParsedClass {
  const isNegated = letters[start] === '^'
  const ranges: Range[] = []
  let at = isNegated ? start + 1 : start
  const bound = (): number => {
    if (letters[at] === '\\') at += 1
    else if (letters[at] === '-' || letters[at] === ']') throw bad(pattern, 'a class is empty')
    const code = letters[at]?.codePointAt(0)
    at += 1
    if (code === undefined || letters[at] === undefined) throw bad(pattern, 'a [ is not closed')
    return code
  }
  while (letters[at] !== ']' || ranges.length === 0) {
    const from = bound()
    if (letters[at] !== '-') ranges.push([from, from])
    else {
      at += 1
      ranges.push([from, bound()])
    }
  }
  return { token: { kind: 'class', isNegated, ranges }, end: at + 1 }
}

function bad(pattern: string, why: string): BuildError {
  return new BuildError('BUILD_FAILED', `${JSON.stringify(pattern)} is no pattern: ${why}`, {
    hint: 'to mean such a letter itself, put a backslash before it',
  })
}
