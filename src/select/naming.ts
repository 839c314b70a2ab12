/** The names that what is selected has at its destinations. */

import { isTag } from '../oci/reference.ts'
import { compareFlavored, type FlavoredVersion } from './flavor.ts'
import type { Entry } from './read-policy.ts'
import type { EntrySelection, Selection } from './select.ts'
import { isShorter, renderTemplate, type Template } from './template.ts'
import type { Captures } from './types.ts'
import { listTags } from './words.ts'

/** What is known where names are given. */
export interface NamingFacts {
  /** What a tag stands for; `undefined` where it is not known. */
  readonly digest?: (tag: string) => string | undefined
  /** The tags that have the names now, as the lock says. */
  readonly current?: ReadonlyMap<string, string>
  /** The tags that a hold gives the names to. */
  readonly pinned?: ReadonlyMap<string, string>
}

export interface Naming {
  /** By code point. */
  readonly names: readonly Named[]
  /** Tags that lack a part of every template. */
  readonly nameless: readonly string[]
  readonly problems: readonly NamingProblem[]
}

export interface Named {
  readonly name: string
  /** The tag of the source that has it. */
  readonly tag: string
  /** Why that is not the one which is selected for it: it need not be selected, nor listed. */
  readonly because?: 'pinned' | 'never backwards'
}

export interface NamingProblem {
  readonly kind: 'name-collision' | 'bad-name'
  readonly name: string
  readonly tags: readonly string[]
  readonly message: string
  readonly hint: string
}

/** A tag that a template gives a name to. */
interface Claim {
  readonly name: string
  readonly tag: string
  readonly entry: Entry
  readonly template: Template
  readonly version: FlavoredVersion | undefined
}

/**
 * Of several versions that one entry gives a shorter name, the greatest has it, and it goes back to
 * a lesser one only for a hold. Any other two tags for one name collide.
 */
export function nameTags({ entries, tags }: Selection, facts: NamingFacts = {}): Naming {
  const claims = entries.flatMap(entry => claimsOf(entry, facts))
  const good = claims.filter(({ name }) => isTag(name))
  const names: Named[] = []
  const problems = claims.filter(({ name }) => !isTag(name)).map(badName)
  for (const [name, rivals] of byName(good)) {
    const winners = winnersOf(rivals)
    const [winner] = winners
    const pinned = facts.pinned?.get(name)
    if (pinned !== undefined) names.push({ name, tag: pinned, because: 'pinned' })
    else if (winners.length > 1) problems.push(collision(name, winners))
    else if (winner) names.push(named(winner, facts.current?.get(name)))
  }
  const claiming = new Set(claims.map(({ tag }) => tag))
  return { names, nameless: tags.filter(tag => !claiming.has(tag)), problems }
}

function claimsOf({ entry, chosen }: EntrySelection, facts: NamingFacts): readonly Claim[] {
  return chosen.flatMap(({ tag }) => {
    const digest = facts.digest?.(tag)
    const { version, captures } = seenBy(entry, tag)
    return entry.templates.flatMap(template => {
      const seen = { tag, version: version?.version, captures, digest }
      const name = renderTemplate(template, seen)
      return name === undefined ? [] : [{ name, tag, entry, template, version }]
    })
  })
}

function seenBy(
  entry: Entry,
  tag: string,
): { readonly version: FlavoredVersion | undefined; readonly captures: Captures } {
  const seen = entry.kind === 'rule' ? entry.look(tag) : undefined
  return seen ?? { version: entry.versionOf(tag), captures: new Map() }
}

function byName(claims: readonly Claim[]): readonly (readonly [string, readonly Claim[]])[] {
  const all = new Map<string, Claim[]>()
  for (const claim of claims) {
    const rivals = all.get(claim.name)
    if (rivals) rivals.push(claim)
    else all.set(claim.name, [claim])
  }
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** One claim for each tag that is left when each entry has settled its shorter names. */
function winnersOf(rivals: readonly Claim[]): readonly Claim[] {
  const exact = rivals.filter(({ template }) => !isShorter(template))
  const greatest = new Map<Entry, Claim>()
  for (const claim of rivals.filter(({ template }) => isShorter(template))) {
    const other = greatest.get(claim.entry)
    if (!other || compareClaims(other, claim) < 0) greatest.set(claim.entry, claim)
  }
  const winners = [...greatest.values(), ...exact]
  return [...new Map(winners.map(claim => [claim.tag, claim])).values()]
}

/** Below 0 where `a` is the lesser version. */
function compareClaims({ version: a }: Claim, { version: b }: Claim): number {
  return a && b ? compareFlavored(a, b) : 0
}

function named({ name, tag, entry, template, version }: Claim, current: string | undefined): Named {
  const before =
    current === undefined || !isShorter(template) ? undefined : entry.versionOf(current)
  const isBackwards = before && version && compareFlavored(version, before) < 0
  return current !== undefined && isBackwards
    ? { name, tag: current, because: 'never backwards' }
    : { name, tag }
}

function collision(name: string, claims: readonly Claim[]): NamingProblem {
  const tags = claims.map(({ tag }) => tag)
  const ways = new Set(claims.map(({ template }) => template.text))
  return {
    kind: 'name-collision',
    name,
    tags,
    message: `${listTags(tags)} would all be called ${name}, by ${[...ways].join(' and ')}`,
    hint: 'put into the template what tells them apart, or select only one of them',
  }
}

function badName({ name, tag, template }: Claim): NamingProblem {
  return {
    kind: 'bad-name',
    name,
    tags: [tag],
    message: `${tag} would be called "${name}" by ${template.text}, which is no tag`,
    hint: 'a tag has 1 to 128 letters, digits, _, . or -, and starts with none of . and -',
  }
}
