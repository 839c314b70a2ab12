/**
 * Regular expressions in RE2's syntax, which an engine of linear time runs. Its time is the length
 * of a tag times the size of the pattern written out, so that is bounded as well, and before the
 * engine writes it out.
 */

import { PatternError, refuseLong, type Part } from './pattern-error.ts'
import { scanAt } from './scan.ts'
import type { RegexEngine, RegexGroups } from './types.ts'

const MAX_REPEATS = 100
/** Characters, classes and decisions, once repeats are written out. */
const MAX_SIZE = 500
/** The same, where what groups take is asked for. */
const MAX_TAKEN_APART = 300

export function compileRegex(pattern: string, engine: RegexEngine): (tag: string) => boolean {
  refuseLong(pattern)
  refuseLarge(pattern, sizeOf(pattern))
  return engine.compile(pattern)
}

/** To take a text apart costs as much again as to match it. */
export function refuseLargeGroups(pattern: string, { size }: RegexGroups): void {
  refuseLarge(pattern, size, MAX_TAKEN_APART)
}

export function refuseLarge(pattern: string, size: number, most = MAX_SIZE): void {
  if (size <= most) return
  throw new PatternError(
    `the pattern comes to ${size} steps with its repeats written out, and at most ${most} are run`,
    { start: 0, end: pattern.length },
    'repeat less, or write several patterns',
  )
}

/** What is open: a group, or the pattern itself. */
interface Group {
  /** What closing it adds: a capture has its start and its end marked. */
  readonly marks: number
  size: number
  /** Of the part of `size` that a repeat would be about. */
  last: number
}

const REPEAT = /[*+?]|\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/y
const OPENING = /\((?:\?(?:P?<\w*>|[\w-]*:?))?/y
const CLASS = /\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?/sy
const LITERALS = /\\Q(.*?)(?:\\E|$)/sy
const ESCAPE = /\\(?:x(?:[0-9A-Fa-f]{2}|\{)|.)/sy

/** About what the engine makes of it. What is no pattern has any size: the engine refuses it. */
function sizeOf(pattern: string): number {
  const groups: Group[] = [{ marks: 0, size: 0, last: 0 }]
  let at = 0
  while (at < pattern.length) {
    const group = groups.at(-1) ?? { marks: 0, size: 0, last: 0 }
    const part = partAt(pattern, at)
    refuseBeyondAscii(part, at)
    at += part.text.length
    switch (part.kind) {
      case 'open':
        groups.push({ marks: /^\($|</.test(part.text) ? 2 : 0, size: 0, last: 0 })
        break
      case 'close':
        if (groups.length > 1) groups.pop()
        add(groups.at(-1) ?? group, group.size + group.marks)
        break
      case 'repeat': {
        const repeated = part.size(group.last)
        group.size += repeated - group.last
        group.last = repeated
        break
      }
      case 'one':
        add(group, part.size)
    }
  }
  return groups.reduce((sum, { size }) => sum + size, 0)
}

function add(group: Group, size: number): void {
  group.size += size
  group.last = size
}

type PatternPart = { readonly text: string } & (
  | { readonly kind: 'open' | 'close' }
  | { readonly kind: 'one'; readonly size: number }
  | { readonly kind: 'repeat'; readonly size: (repeated: number) => number }
)

function partAt(pattern: string, at: number): PatternPart {
  const repeat = scanAt(REPEAT, pattern, at)
  if (repeat) return repeatOf(repeat, at)
  const opening = scanAt(OPENING, pattern, at)?.[0]
  if (opening !== undefined) return { kind: 'open', text: opening }
  if (pattern.charAt(at) === ')') return { kind: 'close', text: ')' }
  const literals = scanAt(LITERALS, pattern, at)
  if (literals) return { kind: 'one', text: literals[0], size: literals[1]?.length ?? 0 }
  const text = (scanAt(CLASS, pattern, at) ?? scanAt(ESCAPE, pattern, at))?.[0]
  return { kind: 'one', text: text ?? pattern.charAt(at), size: 1 }
}

function repeatOf([text, from, comma, to]: RegExpExecArray, at: number): PatternPart {
  if (from === undefined) return { kind: 'repeat', text, size: once => once + 1 }
  const least = Number(from)
  const most = to === undefined ? least : Number(to)
  if (most > MAX_REPEATS || least > MAX_REPEATS) {
    const hint = 'write several patterns, or use * or +'
    throw new PatternError(`a repeat is at most ${MAX_REPEATS} times`, spanOf(text, at), hint)
  }
  const optional = to === undefined ? (comma ? 2 : 0) : most - least
  return { kind: 'repeat', text, size: once => Math.max(most, 1) * once + optional }
}

/** No tag has such characters, and to fold the case of thousands of them takes long. */
function refuseBeyondAscii({ text }: PatternPart, at: number): void {
  const beyond = /\\[pP]|\\x\{|[^\0-\x7f]+/.exec(text)
  if (beyond === null) return
  throw new PatternError(
    `${JSON.stringify(beyond[0])} is about characters that no tag has`,
    spanOf(beyond[0], at + beyond.index),
    'a tag has only letters, digits, _, . and -: write [A-Za-z]',
  )
}

function spanOf(text: string, start: number): Part {
  return { start, end: start + text.length }
}
