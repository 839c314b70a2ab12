/**
 * Ranges of versions as Flux and Helm write them (github.com/Masterminds/semver): spaces and commas
 * are AND, `||` is OR. Two things differ on purpose: `<2.0.0` never takes a pre-release of 2.0.0,
 * and what no version fits, or gives a number after an `x`, is refused.
 */

import { PatternError, refuseLong } from './pattern-error.ts'
import { scanAt } from './scan.ts'
import type { Version, VersionReader } from './types.ts'
import { boundOf, type Bound, type Operator, type Term } from './version-bounds.ts'

export function compileSemver(range: string, versions: VersionReader): (tag: string) => boolean {
  const has = compileRange(range, versions)
  return tag => {
    const version = versions.parse(tag)
    return version !== undefined && has(version)
  }
}

export function compileRange(
  range: string,
  versions: VersionReader,
): (version: Version) => boolean {
  refuseLong(range)
  const groups = groupsIn({ range, at: 0, versions })
  return version => groups.some(bounds => isWithin(version, bounds))
}

/** A pre-release is meant only where one of the bounds that go together has one. */
function isWithin(version: Version, bounds: readonly Bound[]): boolean {
  const isMeant = version.prerelease.length === 0 || bounds.some(({ hasPre }) => hasPre)
  return isMeant && bounds.every(({ test }) => test(version))
}

interface Reader {
  readonly range: string
  at: number
  readonly versions: VersionReader
}

const OPERATOR = /(=>|=<|>=|<=|!=|~>|[=<>~^])\s*/y
const TERM =
  /v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-.]+)?(?=[\s,|]|$)/y
const HYPHEN = /\s+-\s+/y
const OR = /\s*\|\|\s*/y
const AND = /\s*,\s*|\s+(?![\s|]|$)/y
const SPACE = /\s*/y
const WORD = /[^\s,|]+|[^]/y

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '>': '>',
  '<': '<',
  '>=': '>=',
  '=>': '>=',
  '<=': '<=',
  '=<': '<=',
  '~': '~',
  '~>': '~',
  '^': '^',
}

const HINT = 'a version is like 1.2.3, v1.2.3-rc.1, 1.2 or 1.x'

function groupsIn(reader: Reader): readonly (readonly Bound[])[] {
  take(reader, SPACE)
  const groups = [boundsIn(reader)]
  while (take(reader, OR)) groups.push(boundsIn(reader))
  take(reader, SPACE)
  if (reader.at === reader.range.length) return groups
  throw stray(reader, 'is not expected here', 'part versions with a space, a comma or ||')
}

function boundsIn(reader: Reader): readonly Bound[] {
  const bounds = [...boundsAt(reader)]
  while (take(reader, AND)) bounds.push(...boundsAt(reader))
  return bounds
}

/** One bound, or the two of `1.2 - 2.3`. */
function boundsAt(reader: Reader): readonly Bound[] {
  const start = reader.at
  const written = take(reader, OPERATOR)?.[1]
  const term = termAt(reader)
  if (written === undefined && take(reader, HYPHEN)) {
    return [boundOf('>=', term), boundOf('<=', termAt(reader))]
  }
  const operator = OPERATORS[written ?? '='] ?? '='
  if (term.given > 0 || (operator !== '<' && operator !== '>' && operator !== '!=')) {
    return [boundOf(operator, term)]
  }
  const at = { start, end: reader.at }
  const text = reader.range.slice(at.start, at.end)
  throw new PatternError(`no version is "${text}"`, at, '"*" alone takes every release')
}

function termAt(reader: Reader): Term {
  const start = reader.at
  const found = take(reader, TERM)
  if (!found) throw stray(reader, 'is not a version', HINT)
  const [text, major, minor, patch, pre = ''] = found
  const at = { start, end: reader.at }
  const numbers = [major, minor, patch]
  const open = numbers.findIndex(number => number === undefined || /[xX*]/.test(number))
  const given = open < 0 ? numbers.length : open
  if (numbers.slice(given).some(number => /\d/.test(number ?? ''))) {
    throw new PatternError(`"${text}" has a number after an open part`, at, HINT)
  }
  const release = numbers.map((number, index) => (index < given ? number : '0')).join('.')
  const version = reader.versions.parse(`${release}${pre}`)
  const floor = reader.versions.parse(`${release}${pre || '-0'}`)
  if (version && floor) return { version, given, floor }
  throw new PatternError(`"${text}" is not a version`, at, 'numbers have no leading zeros')
}

function take(reader: Reader, pattern: RegExp): RegExpExecArray | undefined {
  const found = scanAt(pattern, reader.range, reader.at)
  reader.at += found?.[0].length ?? 0
  return found
}

function stray({ range, at }: Reader, complaint: string, hint: string): PatternError {
  const text = scanAt(WORD, range, at)?.[0]
  return text === undefined
    ? new PatternError('a version is missing at the end', { start: at, end: at }, hint)
    : new PatternError(`"${text}" ${complaint}`, { start: at, end: at + text.length }, hint)
}
