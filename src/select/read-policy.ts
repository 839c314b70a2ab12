/** From a policy as it is written to one that can be asked about tags. */

import { compilePatterns, enginesNeeded } from './match.ts'
import { PatternError } from './pattern-error.ts'
import type { Guards, TagPolicy } from './policy.ts'
import { readList, readRule, type Rule } from './rule.ts'
import { plainVersions, type Attempt, type VersionOf } from './sight.ts'
import { hasPart, parseTemplate, type Template } from './template.ts'
import type { Engines, TagMatcher, TagPattern } from './types.ts'
import { describePattern } from './words.ts'

export interface ReadPolicy {
  readonly entries: readonly Entry[]
  readonly exclusions: readonly Exclusion[]
  readonly guards: Guards
  readonly needs: Needs
}

/** What it takes to select by a policy. */
export interface Needs {
  /** Of the repository's tags. */
  readonly listing: boolean
  /** When the candidates were made. */
  readonly created: boolean
  /** What the chosen tags stand for, to name them. */
  readonly digests: boolean
}

export type Entry = NamedTag | Rule

/** A tag that is wanted by its name. */
export interface NamedTag {
  readonly kind: 'name'
  readonly tag: string
  readonly templates: readonly Template[]
  readonly versionOf: VersionOf
}

export interface Exclusion extends TagMatcher {
  /** `glob *-rc*`, or a tag. */
  readonly text: string
  readonly isName: boolean
}

/** Something in a policy that cannot be read. */
export interface PolicyIssue {
  /** The keys that lead to it: `tags`, `0`, `semver`. */
  readonly path: readonly string[]
  readonly error: PatternError
}

const AS_IT_IS: Template = { text: '{tag}', pieces: [{ kind: 'tag' }] }

/** All that is wrong with a policy. */
export function policyIssues(policy: TagPolicy, engines: Engines): readonly PolicyIssue[] {
  return read(policy, engines).issues
}

/** Throws the first of the `policyIssues`. */
export function readPolicy(policy: TagPolicy, engines: Engines): ReadPolicy {
  const { issues, ...rest } = read(policy, engines)
  const [first] = issues
  if (first) throw first.error
  return rest
}

function read(
  { tags, exclude = [], as, guards = {} }: TagPolicy,
  engines: Engines,
): ReadPolicy & { readonly issues: readonly PolicyIssue[] } {
  const issues: PolicyIssue[] = []
  const written = tags.map((entry, index) => {
    if (typeof entry === 'string') return entry
    const attempt = attemptUnder(['tags', String(index)], issues)
    return readRule(entry, { engines, attempt, as: as ?? [] })
  })
  const captures = written.flatMap(entry => (typeof entry === 'string' ? [] : entry.captures))
  const shared = readList(as, 'as', attemptUnder([], issues), text => parseTemplate(text, captures))
  const templates = as === undefined ? [AS_IT_IS] : shared
  const versionOf = plainVersions(engines.semver)
  const entries = written.map((entry): Entry => {
    if (typeof entry === 'string') return { kind: 'name', tag: entry, templates, versionOf }
    return entry.keys.as === undefined ? { ...entry, templates } : entry
  })
  const exclusions = exclude.flatMap((pattern, index) => {
    const attempt = attemptUnder(['exclude', String(index)], issues)
    return readExclusion(pattern, engines, attempt)
  })
  return { entries, exclusions, guards, needs: needsOf(entries), issues }
}

function readExclusion(
  pattern: TagPattern,
  engines: Engines,
  attempt: Attempt,
): readonly Exclusion[] {
  const text = describePattern(pattern)
  if (typeof pattern === 'string') return [{ text, isName: true, matches: tag => tag === pattern }]
  const parts = Object.entries(pattern).flatMap(([key, text]) => {
    const part = attempt([key], () => compilePatterns([{ [key]: text }], engines))
    return part ? [part] : []
  })
  return [{ text, isName: false, matches: tag => parts.every(part => part.matches(tag)) }]
}

/** Attempts whose errors become issues of what is under `parents`. */
export function attemptUnder(parents: readonly string[], issues: PolicyIssue[]): Attempt {
  return (path, read) => {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof PatternError)) throw error
      issues.push({ path: [...parents, ...path], error })
      return undefined
    }
  }
}

function needsOf(entries: readonly Entry[]): Needs {
  const rules = entries.filter(entry => entry.kind === 'rule')
  return {
    listing: rules.length > 0,
    created: rules.some(({ order }) => order.some(({ kind }) => kind === 'created')),
    digests: entries.some(entry => entry.templates.some(template => hasPart(template, 'digest'))),
  }
}

/** What a policy is read with. */
export function policyEngines({
  tags,
  exclude = [],
  as = [],
  guards,
}: TagPolicy): Readonly<Record<keyof Engines, boolean>> {
  const rules = tags.filter(entry => typeof entry !== 'string')
  const patterns = enginesNeeded([...rules, ...exclude])
  const isAboutVersions = (text: string) => /semver|^(?:major|minor|patch)$/.test(text)
  const texts = rules.flatMap(({ order = [], per = '', as = [] }) => [...order, per, ...as])
  return {
    regex: patterns.regex,
    semver:
      patterns.semver ||
      guards?.maxMajorJump !== undefined ||
      rules.some(({ flavor }) => flavor !== undefined) ||
      [...texts, ...as].some(isAboutVersions),
  }
}
