/**
 * Patterns of `${NAME#pattern}` and its kin: `*` is any text within a line, `?` any character of
 * one, and `\` takes away their meaning.
 *
 * A value is read once, with the set of places in the pattern that the text so far can have come
 * to, so the time is at most the product of their lengths, and that has a limit.
 */

type Piece = { readonly kind: 'run' | 'any' } | { readonly kind: 'one'; readonly character: string }

export type Refusal = (message: string, hint: string) => Error

const MOST_STEPS = 50_000_000

/** Without the shortest start that matches; the longest where the pattern begins with `#`. */
export function trimmedStart(value: string, pattern: string, refuse: Refusal): string {
  const longest = pattern.startsWith('#')
  const pieces = piecesOf(longest ? pattern.slice(1) : pattern, refuse)
  return restOf(Array.from(value), pieces, { longest, refuse }).join('')
}

/** The same at the end, and with `%`. */
export function trimmedEnd(value: string, pattern: string, refuse: Refusal): string {
  const longest = pattern.startsWith('%')
  const pieces = piecesOf(reversed(longest ? pattern.slice(1) : pattern), refuse)
  return restOf(Array.from(value).toReversed(), pieces, { longest, refuse }).toReversed().join('')
}

function restOf(
  value: readonly string[],
  pieces: readonly Piece[],
  { longest, refuse }: { readonly longest: boolean; readonly refuse: Refusal },
): readonly string[] {
  refuseCostly(value.length, pieces.length, refuse)
  const found = find(value, pieces, { from: 0, anchored: true, longest })
  return found === undefined ? value : value.slice(found.end)
}

export interface Replacement {
  readonly pattern: string
  readonly replacement: string
  readonly all: boolean
  /** How long the result may be. */
  readonly most: number
}

/** With the longest of what matches first replaced, or all that match. */
export function replaced(
  value: string,
  { pattern, replacement, all, most }: Replacement,
  refuse: Refusal,
): string {
  const pieces = piecesOf(pattern, refuse)
  const characters = Array.from(value)
  refuseCostly(characters.length, pieces.length, refuse)
  let result = ''
  let rest = 0
  let from = 0
  let lastEnd = -1
  while (from <= characters.length) {
    const found = find(characters, pieces, { from, anchored: false, longest: true })
    if (found === undefined) break
    const { start, end } = found
    const matched = characters.slice(start, end).join('')
    // nothing is not replaced right behind what was
    if (end > start || start !== lastEnd) {
      result += characters.slice(rest, start).join('')
      result += all ? filledIn(replacement, matched) : replacement
      rest = end
      lastEnd = end
    }
    if (!all) break
    if (result.length > most) throw refuse('the text becomes too long', 'replace less')
    from = end > start ? end : start + 1
  }
  return result + characters.slice(rest).join('')
}

/** `$0` is what matched, and other names are nothing: BuildKit has Go fill in what it replaces. */
function filledIn(replacement: string, matched: string): string {
  return replacement.replaceAll(
    /\$(?:\$|\{(?<braced>[\p{L}\p{Nd}_]+)\}|(?<bare>[\p{L}\p{Nd}_]+))/gu,
    (all, ...rest) => {
      if (all === '$$') return '$'
      const [braced, bare] = rest
      return /^0+$/.test(String(braced ?? bare)) ? matched : ''
    },
  )
}

/** Escapes stay before what they escape; the last character escapes nothing. */
function reversed(pattern: string): string {
  return [...pattern.matchAll(/\\.|./gsu)]
    .map(([part]) => part)
    .toReversed()
    .join('')
}

function piecesOf(pattern: string, refuse: Refusal): readonly Piece[] {
  const pieces: Piece[] = []
  const characters = Array.from(pattern.replace(/^\ufeff/, ''))
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '*') pieces.push({ kind: 'run' })
    else if (character === '?') pieces.push({ kind: 'any' })
    else if (character !== '\\') pieces.push({ kind: 'one', character })
    else {
      at++
      pieces.push({ kind: 'one', character: escaped(characters[at] ?? '', refuse) })
    }
  }
  return pieces
}

function escaped(character: string, refuse: Refusal): string {
  if (/^[}/*?\\]$/.test(character)) return character
  const message = `"\\${character}" in a pattern`
  throw refuse(message, 'a backslash may stand before * ? / } and itself')
}

function refuseCostly(value: number, pattern: number, refuse: Refusal): void {
  if ((value + 1) * (pattern + 1) <= MOST_STEPS) return
  throw refuse('a long pattern on a long text', 'take a shorter pattern')
}

interface Search {
  readonly from: number
  /** Whether it has to begin at `from`. */
  readonly anchored: boolean
  readonly longest: boolean
}

interface Match {
  readonly start: number
  readonly end: number
}

/** The match that begins first; of those, the longest or the shortest. */
function find(
  text: readonly string[],
  pieces: readonly Piece[],
  { from, anchored, longest }: Search,
): Match | undefined {
  /** For every place in the pattern, the first start that has come to it. */
  let starts = Array.from<number>({ length: pieces.length + 1 }).fill(Infinity)
  let found: Match | undefined
  for (let at = from; ; at++) {
    if (found === undefined && (at === from || !anchored)) starts[0] = Math.min(starts[0] ?? at, at)
    skipRuns(starts, pieces)
    const start = starts[pieces.length] ?? Infinity
    if (start < Infinity && (found === undefined || start <= found.start)) {
      found = { start, end: at }
      if (!longest) return found
    }
    const limit = found?.start ?? Infinity
    if (at >= text.length) return found
    starts = advanced(starts, pieces, text[at] ?? '', limit)
    if (starts.every(start => start === Infinity) && (found !== undefined || anchored)) return found
  }
}

function skipRuns(starts: number[], pieces: readonly Piece[]): void {
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind !== 'run') continue
    starts[index + 1] = Math.min(starts[index + 1] ?? Infinity, starts[index] ?? Infinity)
  }
}

/** Where the places come to with one more character, of those that began no later than `limit`. */
function advanced(
  starts: readonly number[],
  pieces: readonly Piece[],
  character: string,
  limit: number,
): number[] {
  const next = Array.from<number>({ length: starts.length }).fill(Infinity)
  for (const [index, piece] of pieces.entries()) {
    const start = starts[index] ?? Infinity
    if (start > limit || start === Infinity) continue
    const isTaken = piece.kind === 'one' ? piece.character === character : character !== '\n'
    const to = piece.kind === 'run' ? index : index + 1
    if (isTaken) next[to] = Math.min(next[to] ?? Infinity, start)
  }
  return next
}
