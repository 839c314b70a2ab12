/**
 * Globs: `*` is any run of characters, `?` is one, `[a-z]` and `[!a-z]` are one of some, `{a,b}` is
 * one of several texts, and `\` takes away the meaning of what follows.
 *
 * A text is matched by keeping the set of places in it that the pattern so far can have come to.
 * Each part of the pattern moves the set once over the text, so the time is the product of their
 * lengths whatever they are.
 */

import { PatternError, refuseLong } from './pattern-error.ts'

type Piece =
  | { readonly kind: 'run' }
  | { readonly kind: 'one'; readonly has: (character: string) => boolean }
  | { readonly kind: 'either'; readonly branches: readonly Pieces[] }
type Pieces = readonly Piece[]

export function compileGlob(glob: string): (text: string) => boolean {
  refuseLong(glob)
  const reader: Reader = { glob, at: 0 }
  const pieces = piecesIn(reader, undefined)
  return text => {
    const places = [true]
    while (places.length <= text.length) places.push(false)
    return walk(pieces, text, places)[text.length] === true
  }
}

/** Moves `places`, which may be changed, over `text`. */
function walk(pieces: Pieces, text: string, places: boolean[]): boolean[] {
  let now = places
  for (const piece of pieces) {
    if (!now.includes(true)) return now
    now = step(piece, text, now)
  }
  return now
}

function step(piece: Piece, text: string, places: boolean[]): boolean[] {
  switch (piece.kind) {
    case 'run':
      return places.fill(true, places.indexOf(true))
    case 'one':
      for (let at = text.length; at > 0; at--) {
        places[at] = places[at - 1] === true && piece.has(text.charAt(at - 1))
      }
      places[0] = false
      return places
    case 'either': {
      const ends = piece.branches.map(branch => walk(branch, text, [...places]))
      return places.map((_, at) => ends.some(end => end[at]))
    }
  }
}

interface Reader {
  readonly glob: string
  at: number
}

/** Up to the end, or within braces up to a comma or the closing one, which is left. */
function piecesIn(reader: Reader, brace: number | undefined): Pieces {
  const { glob } = reader
  const pieces: Piece[] = []
  while (reader.at < glob.length) {
    const character = glob.charAt(reader.at)
    if (brace !== undefined && (character === ',' || character === '}')) return pieces
    pieces.push(pieceAt(reader, character))
  }
  if (brace === undefined) return pieces
  throw unclosed(brace, '{')
}

function pieceAt(reader: Reader, character: string): Piece {
  const start = reader.at
  reader.at += 1
  switch (character) {
    case '*':
      return { kind: 'run' }
    case '?':
      return { kind: 'one', has: () => true }
    case '[':
      return { kind: 'one', has: classFrom(reader, start) }
    case '{':
      return { kind: 'either', branches: branchesFrom(reader, start) }
    case ']':
    case '}':
      throw unopened(start, character)
    default: {
      const literal = character === '\\' ? escaped(reader) : character
      return { kind: 'one', has: other => other === literal }
    }
  }
}

function branchesFrom(reader: Reader, start: number): readonly Pieces[] {
  const branches = [piecesIn(reader, start)]
  while (reader.glob.charAt(reader.at) === ',') {
    reader.at += 1
    branches.push(piecesIn(reader, start))
  }
  reader.at += 1
  return branches
}

function classFrom(reader: Reader, start: number): (character: string) => boolean {
  const { glob } = reader
  const isNegated = /[!^]/.test(glob.charAt(reader.at))
  if (isNegated) reader.at += 1
  const ranges: { readonly from: string; readonly to: string }[] = []
  while (glob.charAt(reader.at) !== ']') ranges.push(rangeFrom(reader, start))
  reader.at += 1
  if (ranges.length === 0) throw emptyClass(start, reader.at)
  return character =>
    ranges.some(({ from, to }) => from <= character && character <= to) !== isNegated
}

function rangeFrom(reader: Reader, start: number) {
  const { glob, at } = reader
  const from = memberFrom(reader, start)
  const isRange = glob.charAt(reader.at) === '-' && !/^-(?:\]|$)/.test(glob.slice(reader.at))
  if (!isRange) return { from, to: from }
  reader.at += 1
  const to = memberFrom(reader, start)
  if (from <= to) return { from, to }
  throw new PatternError(
    `"${glob.slice(at, reader.at)}" goes backwards`,
    { start: at, end: reader.at },
    `write "${to}-${from}"`,
  )
}

function memberFrom(reader: Reader, start: number): string {
  const character = reader.glob.charAt(reader.at)
  if (character === '') throw unclosed(start, '[')
  reader.at += 1
  return character === '\\' ? escaped(reader) : character
}

function escaped(reader: Reader): string {
  const character = reader.glob.charAt(reader.at)
  reader.at += 1
  if (character !== '') return character
  const at = { start: reader.at - 2, end: reader.at - 1 }
  throw new PatternError('nothing follows the last "\\"', at, 'leave it out')
}

function unclosed(start: number, character: '[' | '{'): PatternError {
  const closing = character === '[' ? ']' : '}'
  const message = `this "${character}" is never closed`
  return new PatternError(message, { start, end: start + 1 }, `close it with "${closing}"`)
}

function unopened(start: number, character: string): PatternError {
  const message = `this "${character}" closes nothing`
  return new PatternError(message, { start, end: start + 1 }, 'leave it out')
}

function emptyClass(start: number, end: number): PatternError {
  const hint = 'name the characters that it stands for: [a-z]'
  return new PatternError('the brackets hold nothing', { start, end }, hint)
}
