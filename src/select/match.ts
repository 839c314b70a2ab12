/** From patterns to one answer about a tag. Patterns are anchored: they are about whole tags. */

import { isTag } from '../oci/reference.ts'
import { compileGlob } from './glob.ts'
import { isTakenByNameOnly } from './names.ts'
import { compileRegex } from './regex.ts'
import { compileSemver } from './semver.ts'
import type { Engines, PatternKeys, TagMatcher, TagPattern } from './types.ts'

type Test = (tag: string) => boolean

/** Takes what any of the patterns takes. Throws a `PatternError` for one that cannot be read. */
export function compilePatterns(
  patterns: readonly TagPattern[],
  engines: Engines = {},
): TagMatcher {
  const names = new Set(patterns.filter(pattern => typeof pattern === 'string'))
  const rules = patterns.flatMap(pattern =>
    typeof pattern === 'string' ? [] : [testsOf(pattern, engines)],
  )
  return {
    matches: tag =>
      names.has(tag) ||
      (isTag(tag) &&
        !isTakenByNameOnly(tag) &&
        rules.some(tests => tests.every(test => test(tag)))),
  }
}

/** Those of `patterns` that `compilePatterns` needs an engine for. */
export function enginesNeeded(
  patterns: readonly TagPattern[],
): Readonly<Record<keyof Engines, boolean>> {
  const has = (key: keyof Engines) =>
    patterns.some(pattern => typeof pattern !== 'string' && pattern[key] !== undefined)
  return { regex: has('regex'), semver: has('semver') }
}

function testsOf({ glob, regex, semver }: PatternKeys, engines: Engines): readonly Test[] {
  return [
    ...(glob === undefined ? [] : [compileGlob(glob)]),
    ...(semver === undefined ? [] : [compileSemver(semver, loaded(engines, 'semver'))]),
    ...(regex === undefined ? [] : [compileRegex(regex, loaded(engines, 'regex'))]),
  ]
}

export function loaded<K extends keyof Engines>(engines: Engines, key: K): NonNullable<Engines[K]> {
  const engine = engines[key]
  if (engine) return engine
  throw new Error(`a ${key} is to be read, and nothing is loaded for it`)
}
