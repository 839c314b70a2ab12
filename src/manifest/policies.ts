/** What an `images` entry says of its tags, as a policy; and what is wrong in that. */

import { isRecord } from '../oci/descriptor.ts'
import type { RuleKeys, TagPolicy } from '../select/policy.ts'
import { policyIssues } from '../select/read-policy.ts'
import type { Engines, PatternKeys, TagPattern } from '../select/types.ts'
import type { ReadDocument } from './document.ts'
import { within } from './tag-patterns.ts'
import { spotAt, type Tree } from '../yaml/tree.ts'
import type { Issue } from '../yaml/issue.ts'
import { quote } from '../yaml/words.ts'

export interface Written {
  readonly file: ReadDocument
  /** The entry as data. The schema may have refused some of it. */
  readonly image: unknown
  /** Of the entry in the file. */
  readonly tree: Tree
  readonly isBroken: boolean
  readonly engines: Engines
}

/** Whether the tags, or what they are called, take more than what is written down. */
export function isChosen(image: unknown): boolean {
  if (!isRecord(image)) return false
  const { tags, exclude, as } = image
  if (exclude !== undefined) return true
  if (Array.isArray(tags) && tags.some(entry => typeof entry !== 'string')) return true
  return textsIn(as, '').some(template => /\{(?!tag\})/.test(template))
}

/** `tag`: the one that is taken where `tags` names none. */
export function policyOf(image: unknown, tag = 'latest'): TagPolicy {
  const { tags, exclude, as } = isRecord(image) ? image : {}
  return {
    tags: Array.isArray(tags) ? tags.map(ruleOf) : [tag],
    ...(Array.isArray(exclude) && { exclude: exclude.map(patternOf) }),
    ...(as !== undefined && { as: textsIn(as, '{tag}') }),
  }
}

/** What the schema refuses is passed over, so that it can be asked where something else is wrong. */
export function issuesIn({ file, image, tree, isBroken, engines }: Written): Issue[] {
  if (!isRecord(image) || (image['as'] === undefined && !isChosen(image))) return []
  const policy = policyOf(image)
  const source = file.text.text
  const found = policyIssues(policy, engines).flatMap(({ path, error: { message, hint, at } }) => {
    const text = String(valueAt(policy, path))
    // a variable that is not there has been told of
    if (isBroken && text.includes('${')) return []
    const span = within(spotAt(tree, path).node, { source, text, at })
    return [file.text.issue(span, { code: 'MANIFEST_SCHEMA', message, hint })]
  })
  return isBroken ? found : [...found, ...vague(policy, file, tree)]
}

/** That every tag is meant is said, as it seldom is. */
function vague({ tags }: TagPolicy, file: ReadDocument, tree: Tree): Issue[] {
  return tags.flatMap((rule, index) => {
    if (typeof rule === 'string' || SAYING.some(key => rule[key] !== undefined)) return []
    const { node } = spotAt(tree, ['tags', String(index)])
    const message = `${quote(`tags[${index}]`)} does not say which tags`
    const hint = "add semver, flavor, glob or regex; every tag is { glob: '*' }"
    return [file.text.issue(node, { code: 'MANIFEST_SCHEMA', message, hint })]
  })
}

const SAYING = ['semver', 'flavor', 'glob', 'regex'] as const

function ruleOf(entry: unknown): string | RuleKeys {
  if (!isRecord(entry)) return String(entry)
  const { newest, order, as } = entry
  const flavor = textIn(entry, 'flavor')
  const per = textIn(entry, 'per')
  return {
    ...keysOf(entry),
    ...(flavor !== undefined && { flavor }),
    ...(per !== undefined && { per }),
    ...(newest !== undefined && { newest: typeof newest === 'number' ? newest : 1 }),
    ...(order !== undefined && { order: textsIn(order, 'text') }),
    ...(as !== undefined && { as: textsIn(as, '{tag}') }),
  }
}

function patternOf(pattern: unknown): TagPattern {
  return isRecord(pattern) ? keysOf(pattern) : String(pattern)
}

function keysOf(entry: Readonly<Record<string, unknown>>): PatternKeys {
  const [glob, regex, semver] = [
    textIn(entry, 'glob'),
    textIn(entry, 'regex'),
    textIn(entry, 'semver'),
  ]
  return {
    ...(semver !== undefined && { semver }),
    ...(glob !== undefined && { glob }),
    ...(regex !== undefined && { regex }),
  }
}

function textIn(entry: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = entry[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** One or a list, in their places; `filler` stands for what is no text. */
function textsIn(value: unknown, filler: string): readonly string[] {
  if (value === undefined) return []
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  return texts.map(text => (typeof text === 'string' && text !== '' ? text : filler))
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      Array.isArray(inner) ? inner[Number(step)] : isRecord(inner) ? inner[step] : undefined,
    value,
  )
}
