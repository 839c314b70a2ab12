import { isRecord } from '../oci/descriptor.ts'
import { compilePatterns } from '../select/match.ts'
import { PatternError, type Part } from '../select/pattern-error.ts'
import { report, type Declaration } from './declared.ts'
import type { Span } from '../yaml/tree.ts'

const KINDS = ['glob', 'regex', 'semver']

/**
 * Reads the patterns under `key`, and says of each which part of it cannot be read. What the schema
 * refuses is passed over, so that it can be asked where something else is wrong.
 */
export function checkPatterns(declaration: Declaration, key: string, patterns: unknown): void {
  for (const [index, pattern] of Array.isArray(patterns) ? patterns.entries() : []) {
    for (const kind of isRecord(pattern) ? KINDS : []) {
      const text: unknown = isRecord(pattern) ? pattern[kind] : undefined
      if (typeof text === 'string') checkPattern(declaration, [key, String(index), kind], text)
    }
  }
}

function checkPattern(
  declaration: Declaration,
  keys: readonly [string, string, string],
  text: string,
): void {
  try {
    compilePatterns([{ [keys[2]]: text }], declaration.engines)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    const { message, hint, at } = error
    const source = declaration.file.text.text
    report(declaration, keys, { message, hint }, node => within(node, { source, text, at }))
  }
}

/** The part of a value in the file; all of it where it is written in another way than it reads. */
export function within(
  node: Span,
  { source, text, at }: { readonly source: string; readonly text: string; readonly at: Part },
): Span {
  const written = source.slice(node.start, node.end)
  const quotes = written === text ? 0 : written.slice(1, -1) === text ? 1 : undefined
  if (quotes === undefined) return node
  const start = node.start + quotes
  return { start: start + at.start, end: start + at.end }
}
