/**
 * One pattern of an ignore file: `*` and `?` stay within a folder, and `**` goes through any.
 *
 * moby makes a regular expression of it, of which some surprises are to be had: `**foo` is any path
 * that ends so, and brackets and escaped letters mean what they mean there. What is as simple as
 * most patterns are is matched here, in time linear in the path; the rest by an engine that is
 * linear too.
 */

import { regexEngine } from '../select/regex-engine.ts'
import { PatternError } from '../select/pattern-error.ts'
import { quote } from '../yaml/words.ts'
import { characterAt } from './characters.ts'
import { matchesGlob } from './file-glob.ts'

/** Throws a `PatternError` for what is no pattern; `pattern` is cleaned. */
export function compilePathPattern(pattern: string): (path: string) => boolean {
  refuseLong(pattern, MOST_LENGTH, 'a pattern')
  if (matchesGlob(pattern, '.') === undefined) throw malformed(pattern)
  const { kind, pieces, regex, isOdd } = read(pattern)
  switch (kind) {
    case 'exact':
      return path => path === pattern
    case 'start': {
      const start = pattern.slice(0, -2)
      return path => path.startsWith(start)
    }
    case 'end': {
      const end = pattern.slice(2)
      return path => path.endsWith(end) || `/${path}` === end
    }
    case 'pieces':
      return isOdd ? regexMatcher(pattern, regex) : path => matchesPieces(pieces, path)
  }
}

function malformed(pattern: string): PatternError {
  const hint = 'close every [ with ], and write \\ only before what is no letter and no digit'
  const whole = { start: 0, end: pattern.length }
  return new PatternError(`${quote(pattern)} is no pattern`, whole, hint)
}

/** The path is searched for it, which makes a difference where it says `|`. */
function regexMatcher(pattern: string, regex: string): (path: string) => boolean {
  refuseLong(pattern, MOST_ODD_LENGTH, 'a pattern with brackets')
  try {
    return regexEngine.compile(`(?s:.*)(?:^${regex}$)(?s:.*)`)
  } catch (error) {
    throw error instanceof PatternError ? malformed(pattern) : error
  }
}

/** No path is longer. */
const MOST_LENGTH = 4096
/** The engine bounds what it runs by size. */
const MOST_ODD_LENGTH = 100

function refuseLong(pattern: string, most: number, what: string): void {
  if (pattern.length <= most) return
  const message = `${what} that is longer than ${most} characters`
  throw new PatternError(message, { start: 0, end: pattern.length }, 'write several patterns')
}

type Piece =
  | { readonly kind: 'one'; readonly character: string }
  /** One character but a slash, or any number of them. */
  | { readonly kind: 'any' | 'run' }
  /** Anything up to a slash and with it, or nothing: two pieces, of which the first goes past both. */
  | { readonly kind: 'folders' | 'within' }
  /** Anything. */
  | { readonly kind: 'rest' }

interface Shape {
  readonly kind: 'exact' | 'start' | 'end' | 'pieces'
  readonly pieces: readonly Piece[]
  readonly regex: string
  /** Whether only the regular expression says what it means. */
  readonly isOdd: boolean
}

function read(pattern: string): Shape {
  const pieces: Piece[] = []
  let kind: Shape['kind'] = 'exact'
  let regex = ''
  let isOdd = false
  for (let at = 0, index = 0; at < pattern.length; index++) {
    const character = characterAt(pattern, at)
    at += character.length
    if (character === '*' && pattern.charAt(at) === '*') {
      at += pattern.charAt(at + 1) === '/' ? 2 : 1
      const isLast = at === pattern.length
      kind = index === 0 ? 'end' : isLast && kind === 'exact' ? 'start' : 'pieces'
      regex += isLast ? '.*' : '(.*/)?'
      pieces.push(...(isLast ? REST : FOLDERS))
    } else if (character === '*' || character === '?') {
      kind = 'pieces'
      regex += character === '*' ? '[^/]*' : '[^/]'
      pieces.push({ kind: character === '*' ? 'run' : 'any' })
    } else if (character === '\\') {
      const escaped = characterAt(pattern, at)
      at += escaped.length
      kind = 'pieces'
      regex += `\\${escaped}`
      isOdd ||= !/^[!-/:-@[-`{-~]$/.test(escaped)
      pieces.push({ kind: 'one', character: escaped })
    } else {
      if (character === '[' || character === ']') kind = 'pieces'
      // moby leaves these as they are, and so they mean something
      isOdd ||= /^[[^|{}]$/.test(character)
      regex += /^[.+()$]$/.test(character) ? `\\${character}` : character
      pieces.push({ kind: 'one', character })
    }
  }
  return { kind, pieces, regex, isOdd }
}

const REST: readonly Piece[] = [{ kind: 'rest' }]
const FOLDERS: readonly Piece[] = [{ kind: 'folders' }, { kind: 'within' }]

/** By the set of places in the pattern that the path so far can have come to. */
function matchesPieces(pieces: readonly Piece[], path: string): boolean {
  let places = new Uint8Array(pieces.length + 1)
  places[0] = 1
  for (let at = 0; at < path.length;) {
    skipEmpty(pieces, places)
    const character = characterAt(path, at)
    at += character.length
    const next = new Uint8Array(places.length)
    let isAlive = false
    for (const [index, piece] of pieces.entries()) {
      if (places[index] === 1 && advance(piece, index, character, next)) isAlive = true
    }
    if (!isAlive) return false
    places = next
  }
  skipEmpty(pieces, places)
  return places[pieces.length] === 1
}

/** What may take nothing is gone past. */
function skipEmpty(pieces: readonly Piece[], places: Uint8Array): void {
  for (const [index, { kind }] of pieces.entries()) {
    if (places[index] !== 1) continue
    if (kind === 'run' || kind === 'rest' || kind === 'folders') places[index + 1] = 1
    if (kind === 'folders') places[index + 2] = 1
  }
}

/** Marks the places that `character` leads to from the piece at `index`. */
function advance(piece: Piece, index: number, character: string, next: Uint8Array): boolean {
  const to = (place: number, isTaken: boolean) => {
    if (isTaken) next[place] = 1
    return isTaken
  }
  switch (piece.kind) {
    case 'one':
      return to(index + 1, character === piece.character)
    case 'any':
      return to(index + 1, character !== '/')
    case 'run':
      return to(index, character !== '/')
    case 'rest':
      return to(index, character !== '\n')
    case 'folders':
      return false
    case 'within':
      to(index + 1, character === '/')
      return to(index, character !== '\n')
  }
}
