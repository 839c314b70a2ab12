/**
 * Patterns in order, of which the last that matches decides; one with `!` lets in again.
 *
 * A path is matched by a pattern also where a folder above it is. It is moby's `patternmatcher`,
 * which goes for `.dockerignore` and for `--exclude`.
 */

import { PatternError } from '../select/pattern-error.ts'
import { trimSpace } from './characters.ts'
import { compilePathPattern } from './path-pattern.ts'
import { cleanPath } from './paths.ts'

/** What is known of a path in a walk, for the paths below it. */
export interface Look {
  readonly matched: boolean
  /** Of each pattern, whether it matches the path or a folder above. */
  readonly each: readonly boolean[]
}

export interface PathMatcher {
  /** Whether any pattern begins with `!`. */
  readonly hasExceptions: boolean
  /** Of a path without a slash at its start or end; all folders above it are looked at as well. */
  readonly matches: (path: string) => boolean
  /**
   * The same in a walk, where the folder above has been looked at; absent at the top. BuildKit
   * walks, and may find otherwise than `matches`, as it tries no pattern on a folder that could
   * change nothing there.
   */
  readonly look: (path: string, above?: Look) => Look
  /** Whether a walk has to go into a folder that matches, since something in it may not. */
  readonly mayLetIn: (folder: string) => boolean
}

interface PathPattern {
  readonly text: string
  readonly isException: boolean
  readonly matches: (path: string) => boolean
}

export function createPathMatcher(texts: readonly string[]): PathMatcher {
  const patterns = texts.flatMap(text => parsePattern(text) ?? [])
  const exceptions = patterns.filter(({ isException }) => isException)
  const starts = exceptions.map(({ text }) => text.replace(/\/\*\*$/, '').replace(/\/\*$/, ''))
  const arePlain = starts.every(start => !/[*[\]?^\\]/.test(start))
  const top: Look = { matched: false, each: patterns.map(() => false) }

  const look = (path: string, above: Look = top): Look => {
    let matched = false
    const each = patterns.map(({ isException, matches }, index) => {
      const isAbove = above.each[index] === true
      // what would change nothing is not looked at, and not known below
      if (!isAbove && isException !== matched) return false
      const isMatch = isAbove || matches(path)
      if (isMatch) matched = !isException
      return isMatch
    })
    return { matched, each }
  }

  const matches = (path: string): boolean => {
    const folders = foldersAbove(path)
    let matched = false
    for (const pattern of patterns) {
      if (pattern.isException !== matched) continue
      if (pattern.matches(path) || folders.some(pattern.matches)) matched = !pattern.isException
    }
    return matched
  }

  const mayLetIn = (folder: string): boolean => {
    if (exceptions.length === 0) return false
    return !arePlain || starts.some(start => `${start}/`.startsWith(`${folder}/`))
  }

  return { hasExceptions: exceptions.length > 0, look, matches, mayLetIn }
}

function parsePattern(text: string): PathPattern | undefined {
  const trimmed = trimSpace(text)
  if (trimmed === '') return undefined
  const cleaned = cleanPath(trimmed)
  const isException = cleaned.startsWith('!')
  const pattern = isException ? cleaned.slice(1) : cleaned
  if (pattern === '') {
    const hint = 'write what is let in again behind it'
    throw new PatternError('"!" alone is no pattern', { start: 0, end: text.length }, hint)
  }
  return { text: pattern, isException, matches: compilePathPattern(pattern) }
}

function foldersAbove(path: string): readonly string[] {
  const folders: string[] = []
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    folders.push(path.slice(0, at))
  }
  return folders
}
