/** `.dockerignore`: a pattern a line, comments, and what is cleaned before it is a pattern. */

import { PatternError } from '../select/pattern-error.ts'
import { DocumentError } from '../yaml/errors.ts'
import type { Issue } from '../yaml/issue.ts'
import { spaceEnd, spaceStart, trimSpace } from './characters.ts'
import { createPathMatcher, type PathMatcher } from './path-matcher.ts'
import { cleanPath } from './paths.ts'
import { createSource } from './source.ts'

export const MOST_IGNORE_BYTES = 1024 * 1024
/** Each one is tried on every path. */
export const MOST_IGNORE_PATTERNS = 10_000

export interface IgnoreFile {
  /** What the lines come to, for a build's key: others with the same ignore the same. */
  readonly patterns: readonly string[]
  readonly matcher: PathMatcher
}

/** Throws a `DocumentError` with every line that holds no pattern. */
export function parseIgnoreFile(text: string, file: string): IgnoreFile {
  const source = createSource(file, text, 'DOCKERIGNORE_INVALID')
  refuseLarge(text, source)
  const issues: Issue[] = []
  const patterns: string[] = []
  let start = text.startsWith('\ufeff') ? 1 : 0
  for (const line of text.slice(start).split('\n')) {
    const pattern = patternOf(line)
    if (pattern !== undefined) {
      patterns.push(pattern)
      const at = { start: start + spaceEnd(line, 0), end: start + spaceStart(line, 0, line.length) }
      const finding = problemOf(pattern)
      if (finding) issues.push(source.issue(at, finding))
    }
    start += line.length + 1
  }
  if (issues.length > 0) throw new DocumentError(issues)
  return { patterns, matcher: createPathMatcher(patterns) }
}

/** As moby reads a line: paths from the root of the context are relative, and cleaned. */
function patternOf(line: string): string | undefined {
  if (line.startsWith('#')) return undefined
  const trimmed = trimSpace(line)
  if (trimmed === '') return undefined
  const isException = trimmed.startsWith('!')
  const written = isException ? trimSpace(trimmed.slice(1)) : trimmed
  const cleaned = written === '' ? '' : cleanPath(written)
  const pattern = cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned
  return `${isException ? '!' : ''}${pattern}`
}

function problemOf(pattern: string): { message: string; hint?: string } | undefined {
  try {
    createPathMatcher([pattern])
    return undefined
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return { message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }
  }
}

function refuseLarge(text: string, source: ReturnType<typeof createSource>): void {
  const bytes = Buffer.byteLength(text)
  const lines = text.split('\n').length
  const at = { start: 0, end: 1 }
  const hint = 'take patterns that stand for several paths'
  if (bytes > MOST_IGNORE_BYTES) {
    const message = `the file has ${bytes} bytes, and at most ${MOST_IGNORE_BYTES} are read`
    throw source.error(at, { message, hint })
  }
  if (lines <= MOST_IGNORE_PATTERNS) return
  const message = `the file has ${lines} lines, and at most ${MOST_IGNORE_PATTERNS} are read`
  throw source.error(at, { message, hint })
}
