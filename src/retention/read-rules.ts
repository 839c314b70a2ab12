/** From rules as they are written to ones that can be asked about tags. */

import { PatternError } from '../select/pattern-error.ts'
import type { RuleKeys } from '../select/policy.ts'
import { attemptUnder, policyEngines, type PolicyIssue } from '../select/read-policy.ts'
import { readRule, type Rule } from '../select/rule.ts'
import type { Attempt } from '../select/sight.ts'
import type { Engines } from '../select/types.ts'
import { describePattern, formatAge } from '../select/words.ts'
import { LONGEST_MS } from '../util/duration.ts'
import type { DeleteKeys, KeepKeys, Limits, RetentionRule } from './rules.ts'
import { compileWhere, type Where } from './where.ts'

export interface ReadRule {
  /** Its place among the rules. */
  readonly rule: number
  readonly where: Where
  readonly entries: readonly ReadEntry[]
  readonly limits: Partial<Limits>
}

export const LISTS = ['protect', 'keep', 'delete'] as const
export type List = (typeof LISTS)[number]

export interface ReadEntry {
  readonly list: List
  readonly rule: number
  /** Its place in the list. */
  readonly entry: number
  /** `semver *, newest 3 per minor` */
  readonly text: string
  readonly about: About
  readonly pushedWithinMs?: number
  readonly activeWithinMs?: number
  readonly olderThanMs?: number
}

export type About =
  | { readonly kind: 'name'; readonly tag: string }
  | { readonly kind: 'tags'; readonly rule: Rule }
  | { readonly kind: 'untagged' }
  | { readonly kind: 'lock' }

type Keys = KeepKeys & DeleteKeys & { readonly lock?: true }

/** All that is wrong with the rules, by the manifest's keys; a path begins with the rule's place. */
export function retentionIssues(
  rules: readonly RetentionRule[],
  engines: Engines,
): readonly PolicyIssue[] {
  return read(rules, engines).issues
}

/** Throws the first of the `retentionIssues`. */
export function readRetention(
  rules: readonly RetentionRule[],
  engines: Engines,
): readonly ReadRule[] {
  const { issues, read: all } = read(rules, engines)
  const [first] = issues
  if (first) throw first.error
  return all
}

/** What the rules are read with. */
export function retentionEngines(
  rules: readonly RetentionRule[],
): Readonly<Record<keyof Engines, boolean>> {
  const keys = rules.flatMap(rule => LISTS.flatMap(list => keysIn(rule, list)))
  const patterns = keys.filter(entry => typeof entry !== 'string')
  const { regex, semver } = policyEngines({ tags: patterns.map(patternOf) })
  return { regex, semver: semver || patterns.some(needsVersions) }
}

function read(rules: readonly RetentionRule[], engines: Engines) {
  const issues: PolicyIssue[] = []
  const all = rules.flatMap((written, rule): readonly ReadRule[] => {
    const path = String(rule)
    const where = attemptUnder([path], issues)(['in'], () => compileWhere(written.in))
    const entries = LISTS.flatMap(list =>
      keysIn(written, list).map((keys, entry) => {
        const attempt = attemptUnder([path, list, String(entry)], issues)
        return readEntry({ list, rule, entry }, keys, { engines, attempt })
      }),
    )
    return where ? [{ rule, where, entries, limits: written.limits ?? {} }] : []
  })
  return { read: all, issues }
}

function keysIn(rule: RetentionRule, list: List): readonly (string | Keys)[] {
  return rule[list] ?? []
}

interface Reader {
  readonly engines: Engines
  readonly attempt: Attempt
}

function readEntry(
  at: Pick<ReadEntry, 'list' | 'rule' | 'entry'>,
  keys: string | Keys,
  reader: Reader,
): ReadEntry {
  if (typeof keys === 'string') return { ...at, text: keys, about: { kind: 'name', tag: keys } }
  const { attempt } = reader
  const { newest, pushedWithinMs, activeWithinMs, olderThanMs } = keys
  const times = {
    pushedWithin: pushedWithinMs,
    activeWithin: activeWithinMs,
    olderThan: olderThanMs,
  }
  for (const [key, ms] of Object.entries(times)) attempt([key], () => refuseAge(ms))
  attempt(['newest'], () => refuseCount(newest))
  return {
    ...at,
    text: describeKeys(keys),
    about: aboutOf(at.list, keys, reader),
    ...(pushedWithinMs !== undefined && { pushedWithinMs }),
    ...(activeWithinMs !== undefined && { activeWithinMs }),
    ...(olderThanMs !== undefined && { olderThanMs }),
  }
}

function aboutOf(list: List, keys: Keys, { engines, attempt }: Reader): About {
  const hasPattern = PATTERNS.some(key => keys[key] !== undefined)
  if (keys.lock === true) return { kind: 'lock' }
  if (keys.untagged === true) {
    if (hasPattern) attempt(['untagged'], () => refuse('true', ...NAMELESS))
    return { kind: 'untagged' }
  }
  if (list === 'delete' && !hasPattern) attempt([], () => refuse('', ...VAGUE))
  for (const [index, key] of (keys.order ?? []).entries()) {
    if (key === 'created') attempt(['order', String(index)], () => refuse(key, ...CREATED))
  }
  const { regex } = engines
  // where nothing is counted, tags are not read as versions for nothing
  const own = needsVersions(keys) ? engines : { ...(regex && { regex }) }
  const reader = { engines: own, attempt, as: [], takesMoving: true, hasTimes: true }
  return { kind: 'tags', rule: readRule(patternOf(keys), reader) }
}

/** What was pushed at one time is parted by version. */
function needsVersions({ semver, flavor, newest }: Keys): boolean {
  return semver !== undefined || flavor !== undefined || newest !== undefined
}

function patternOf({ glob, regex, semver, flavor, order, newest, per }: Keys): RuleKeys {
  return {
    ...(glob !== undefined && { glob }),
    ...(regex !== undefined && { regex }),
    ...(semver !== undefined && { semver }),
    ...(flavor !== undefined && { flavor }),
    ...(order !== undefined && { order }),
    ...(newest !== undefined && { newest }),
    ...(per !== undefined && { per }),
  }
}

function describeKeys(keys: Keys): string {
  const { newest, per, pushedWithinMs, activeWithinMs, olderThanMs } = keys
  const what = keys.lock ? 'what the lock names' : describePattern(patternOf(keys))
  const count =
    newest === undefined ? '' : `newest ${newest}${per === undefined ? '' : ` per ${per}`}`
  const ages = [
    ['pushed within', pushedWithinMs] as const,
    ['active within', activeWithinMs] as const,
    ['older than', olderThanMs] as const,
  ].flatMap(([words, ms]) => (ms === undefined ? [] : [`${words} ${formatAge(ms)}`]))
  const all = [keys.untagged ? 'untagged' : what, ...(count === '' ? [] : [count]), ...ages]
  return all.join(', ')
}

const PATTERNS = ['glob', 'regex', 'semver', 'flavor'] as const
const NAMELESS = ['what is untagged has no tag to match', 'write two entries'] as const
const VAGUE = [
  'nothing says which tags go',
  "add semver, flavor, glob or regex; every tag is { glob: '*' }",
] as const
const CREATED = [
  'what goes is never told by when an image says it was made',
  'leave order out, and the latest push is the newest',
] as const

function refuseCount(count: number | undefined): void {
  if (count === undefined || (Number.isSafeInteger(count) && count >= 0)) return
  refuse(String(count), `${count} is no count`, 'write a whole number: newest: 3')
}

function refuseAge(ms: number | undefined): void {
  if (ms === undefined || (Number.isSafeInteger(ms) && ms >= 0 && ms <= LONGEST_MS)) return
  const hint = `write a number and one of s, m, h, d and w, up to ${formatAge(LONGEST_MS)}`
  refuse(String(ms), `${ms} ms is no age to go by`, hint)
}

function refuse(text: string, message: string, hint: string): never {
  throw new PatternError(message, { start: 0, end: text.length }, hint)
}
