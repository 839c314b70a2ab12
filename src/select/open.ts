import { compilePatterns, enginesNeeded } from './match.ts'
import type { Engines, TagMatcher, TagPattern } from './types.ts'

/** Loads what the keys of patterns need, and nothing else. */
export async function loadEngines(
  needed: Readonly<Record<keyof Engines, boolean>>,
): Promise<Engines> {
  return {
    ...(needed.regex && { regex: (await import('./regex-engine.ts')).regexEngine }),
    ...(needed.semver && { semver: (await import('./versions.ts')).versionReader }),
  }
}

/** `compilePatterns` with the engines that these patterns need. */
export async function openPatterns(patterns: readonly TagPattern[]): Promise<TagMatcher> {
  return compilePatterns(patterns, await loadEngines(enginesNeeded(patterns)))
}
