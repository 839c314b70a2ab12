import { compilePatterns, enginesNeeded } from './match.ts'
import type { TagPolicy } from './policy.ts'
import { policyEngines, readPolicy, type ReadPolicy } from './read-policy.ts'
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

/** `readPolicy` with the engines that this policy needs. */
export async function openPolicy(policy: TagPolicy): Promise<ReadPolicy> {
  return readPolicy(policy, await loadEngines(policyEngines(policy)))
}
