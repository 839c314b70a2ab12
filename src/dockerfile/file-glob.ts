/**
 * Globs of one path: `*` is any text without a slash, `?` one character, `[a-z]` and `[^a-z]` one
 * of some, and `\` takes away the meaning of what follows.
 *
 * It is Go's `filepath.Match`, which COPY and ADD take for their sources. Only the last `*` is ever
 * tried again, so the time is at most the product of the lengths.
 */

import { characterAt } from './characters.ts'

/** Whether all of a text can be read as a pattern. */
export function isPattern(text: string): boolean {
  for (let rest = text; rest !== '';) {
    const { chunk, after } = nextChunk(rest)
    if (afterChunk(chunk, '') === 'malformed') return false
    rest = after
  }
  return true
}

/** Absent where the pattern is none, as far as it had to be read to tell. */
export function matchesGlob(pattern: string, path: string): boolean | undefined {
  let rest = pattern
  let name = path
  while (rest !== '') {
    const { star, chunk, after } = nextChunk(rest)
    rest = after
    if (star && chunk === '') return !name.includes('/')
    const found = afterChunk(chunk, name)
    if (found === 'malformed') return undefined
    if (typeof found === 'object' && (found.rest === '' || rest !== '')) {
      name = found.rest
      continue
    }
    const later = star ? laterChunk(chunk, name, rest === '') : undefined
    if (later === undefined) return false
    name = later
  }
  return name === ''
}

/** Whether a part of a path is a glob, and no plain name. */
export function isGlob(text: string): boolean {
  return /^(?:[^\\*?[]|\\.)*[*?[]/s.test(text)
}

interface Chunk {
  readonly star: boolean
  readonly chunk: string
  readonly after: string
}

/** All up to the next `*`, and whether one stands before. */
function nextChunk(pattern: string): Chunk {
  const [stars = ''] = /^\**/.exec(pattern) ?? []
  let inClass = false
  let at = stars.length
  for (; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === '\\') at++
    else if (character === '[') inClass = true
    else if (character === ']') inClass = false
    else if (character === '*' && !inClass) break
  }
  return {
    star: stars !== '',
    chunk: pattern.slice(stars.length, at),
    after: pattern.slice(at),
  }
}

type Taken = { readonly rest: string } | 'other' | 'malformed'

/** What is left of `name` behind `chunk`. */
function afterChunk(chunk: string, name: string): Taken {
  let fits = true
  let rest = name
  for (let at = 0; at < chunk.length;) {
    const found = characterAt(rest, 0)
    rest = rest.slice(found.length)
    const one = oneFrom(chunk, at)
    if (one === undefined) return 'malformed'
    fits &&= found !== '' && one.takes(found)
    at = one.end
  }
  return fits ? { rest } : 'other'
}

function laterChunk(chunk: string, name: string, isLast: boolean): string | undefined {
  for (let at = 0; at < name.length && name.charAt(at) !== '/';) {
    at += characterAt(name, at).length
    const found = afterChunk(chunk, name.slice(at))
    if (typeof found === 'object' && (found.rest === '' || !isLast)) return found.rest
  }
  return undefined
}

interface One {
  readonly takes: (character: string) => boolean
  readonly end: number
}

function oneFrom(chunk: string, at: number): One | undefined {
  const character = characterAt(chunk, at)
  if (character === '[') return classFrom(chunk, at + 1)
  if (character === '?') return { takes: found => found !== '/', end: at + 1 }
  if (character !== '\\') {
    return { takes: found => found === character, end: at + character.length }
  }
  const escaped = characterAt(chunk, at + 1)
  if (escaped === '') return undefined
  return { takes: found => found === escaped, end: at + 1 + escaped.length }
}

function classFrom(chunk: string, start: number): One | undefined {
  const isNegated = chunk.charAt(start) === '^'
  const ranges: { readonly low: number; readonly high: number }[] = []
  let at = start + (isNegated ? 1 : 0)
  while (chunk.charAt(at) !== ']' || ranges.length === 0) {
    const low = memberFrom(chunk, at)
    if (low === undefined) return undefined
    const high = chunk.charAt(low.end) === '-' ? memberFrom(chunk, low.end + 1) : low
    if (high === undefined) return undefined
    ranges.push({ low: low.code, high: high.code })
    at = high.end
  }
  const has = (code: number) => ranges.some(({ low, high }) => low <= code && code <= high)
  return { takes: found => has(found.codePointAt(0) ?? -1) !== isNegated, end: at + 1 }
}

/** Absent where no member is, or nothing behind it. */
function memberFrom(chunk: string, at: number): { code: number; end: number } | undefined {
  if (/^[-\]]?$/.test(chunk.charAt(at))) return undefined
  const start = chunk.charAt(at) === '\\' ? at + 1 : at
  const character = characterAt(chunk, start)
  const end = start + character.length
  const code = character.codePointAt(0)
  return code === undefined || end >= chunk.length ? undefined : { code, end }
}
