/** What would help where nothing matches: the pattern that would. */

import type { Listed } from './candidates.ts'
import type { RuleKeys } from './policy.ts'
import type { Entry } from './read-policy.ts'
import type { Rule } from './rule.ts'
import { listTags, quoteYaml } from './words.ts'

/** To try a pattern costs as much as the rule itself, so it is tried on a part of the tags. */
const MAX_CHARACTERS = 32 * 1024
const MAX_HITS = 50
const SHOWN = 5
const VERSION = /(?<![\w.-])v?\d+(?:\.\d+){0,2}(?![\w.*-])/g
const FLAVORED = /^v?\d+\.\d+\.\d+-(.+)$/
const TWO_PARTS = /^v?\d+\.\d+$/

export function suggestFor(entry: Entry, listed: Listed): string {
  const tags = someTags(listed)
  const suggestion = entry.kind === 'name' ? nameLike(entry.tag, tags) : patternLike(entry, tags)
  if (suggestion !== undefined) return suggestion
  return tags.length === 0
    ? 'look whether the name of the image is right'
    : `there are tags such as ${listTags(spread(tags, SHOWN))}`
}

/** Those that a pattern could take, evenly out of all. */
function someTags({ tags = [], isMoving, exclusionOf }: Listed): readonly string[] {
  const characters = tags.reduce((sum, { length }) => sum + length, 0)
  const share = Math.min(1, MAX_CHARACTERS / Math.max(1, characters))
  return spread(tags, Math.ceil(tags.length * share)).filter(
    tag => !isMoving(tag) && exclusionOf(tag) === undefined,
  )
}

function spread(tags: readonly string[], count: number): readonly string[] {
  const step = tags.length / count
  return step > 1 ? tags.filter((_, index) => index % step < 1) : tags
}

function nameLike(tag: string, tags: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/^v(?=\d)/, '')
  const near =
    tags.find(other => plain(other) === plain(tag)) ??
    tags.findLast(other => other.startsWith(tag) && /[.-]/.test(other.charAt(tag.length)))
  return near === undefined ? undefined : `did you mean ${near}?`
}

function patternLike(rule: Rule, tags: readonly string[]): string | undefined {
  const { regex, glob, semver } = rule.keys
  return (
    (regex === undefined ? undefined : wider(rule, tags, widerRegexes(regex))) ??
    (glob === undefined ? undefined : wider(rule, tags, widerGlobs(glob))) ??
    firstOf(otherVersions(rule.keys, tags), rule, tags) ??
    (semver === undefined ? undefined : twoParts(tags))
  )
}

/** The last of `variants` takes whatever any of them takes, so only that is tried on all tags. */
function wider(
  rule: Rule,
  tags: readonly string[],
  variants: readonly RuleKeys[],
): string | undefined {
  const widest = rule.sightBy({ ...rule.keys, ...variants.at(-1) })
  const hits = widest ? tags.filter(tag => widest.look(tag)).slice(-MAX_HITS) : []
  return firstOf(variants, rule, hits)
}

function firstOf(
  variants: readonly RuleKeys[],
  rule: Rule,
  tags: readonly string[],
): string | undefined {
  for (const variant of variants) {
    const sight = rule.sightBy({ ...rule.keys, ...variant })
    const taken = sight && tags.findLast(tag => sight.look(tag))
    if (taken === undefined) continue
    const [[key, text] = ['', '']] = Object.entries(variant)
    return `${key}: ${quoteYaml(String(text))} would take ${taken}`
  }
  return undefined
}

function widerRegexes(regex: string): readonly RuleKeys[] {
  const inner = regex.replace(/^\^|(?<!\\)\$$/g, '')
  const group = inner.includes('|') ? `(?:${inner})` : inner
  return [`v${group}`, `${group}.*`, `.*${group}`, `.*${group}.*`].map(regex => ({ regex }))
}

function widerGlobs(glob: string): readonly RuleKeys[] {
  return [`v${glob}`, `${glob}*`, `*${glob}`, `*${glob}*`].map(glob => ({ glob }))
}

/** Pre-releases first, then the flavours that there are, then any version. */
function otherVersions({ semver, flavor }: RuleKeys, tags: readonly string[]): readonly RuleKeys[] {
  const numbered = flavor === undefined ? [] : [{ flavor: `${flavor}{n}` }]
  if (semver === undefined) return numbered
  const early = semver.replace(VERSION, '$&-0').replaceAll('*', '*-0')
  const flavors = new Set(tags.flatMap(tag => FLAVORED.exec(tag)?.[1] ?? []))
  return [
    ...numbered,
    ...[...flavors]
      .filter(text => /^[a-z]+$/i.test(text))
      .slice(0, SHOWN)
      .map(flavor => ({ flavor })),
    { semver: early },
    { semver: '*' },
  ]
}

function twoParts(tags: readonly string[]): string | undefined {
  const tag = tags.find(tag => TWO_PARTS.test(tag))
  if (tag === undefined) return undefined
  const regex = String.raw`regex: '(?<major>\d+)\.(?<minor>\d+)', order: ['major:number', 'minor:number']`
  return `a version has three parts, and ${tag} has two: ${regex} would take it`
}
