/** Small graphs whose manifests have names, and what is judged of them in few words. */
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { fallbackTag } from '../../src/oci/referrers.ts'
import { judge } from '../../src/retention/judge.ts'
import type {
  ManifestKind,
  ObservedGraph,
  ObservedManifest,
  ObservedRepository,
  ObservedTag,
  Times,
} from '../../src/retention/observed.ts'
import { readRetention } from '../../src/retention/read-rules.ts'
import type { Allowance } from '../../src/retention/refuse.ts'
import type { RetentionRule } from '../../src/retention/rules.ts'
import type { ManifestVerdict, TagVerdict, Verdicts } from '../../src/retention/verdicts.ts'
import { DAY_MS, engines, NOW_MS } from '../select/selecting.ts'

export { DAY_MS, NOW_MS }

const names = new Map<string, string>()

/** Of a manifest by its name in a test. */
export function digest(name: string): Digest {
  const found = digestOf(Buffer.from(name))
  names.set(found, name)
  return found
}

export const nameOf = (digest: string) => names.get(digest) ?? digest

/** The tag under which what refers to a manifest is found. */
export const referrerTag = (name: string, suffix = '') => `${fallbackTag(digest(name))}${suffix}`

export const daysAgo = (days: number) => NOW_MS - days * DAY_MS

/** `days` since it was pushed; without them nothing tells. */
export function tag(
  name: string,
  image = name,
  days?: number,
  more: Partial<ObservedTag> = {},
): ObservedTag {
  const times: Times = days === undefined ? {} : { pushedMs: daysAgo(days) }
  return { tag: name, digest: digest(image), times, ...more }
}

interface ManifestInit extends Partial<Omit<ObservedManifest, 'needs' | 'subject' | 'digest'>> {
  readonly needs?: readonly string[]
  readonly subject?: string
  readonly days?: number
}

export function manifest(
  name: string,
  kind: ManifestKind,
  { needs = [], subject, days, ...more }: ManifestInit = {},
): ObservedManifest {
  return {
    digest: digest(name),
    kind,
    repository: 'mirror/app',
    needs: needs.map(digest),
    times: days === undefined ? {} : { pushedMs: daysAgo(days) },
    ...(subject !== undefined && { subject: digest(subject) }),
    ...more,
  }
}

export const image = (name: string, init?: ManifestInit) => manifest(name, 'image', init)
export const index = (name: string, needs: readonly string[], init: ManifestInit = {}) =>
  manifest(name, 'index', { ...init, needs })

type GraphInit = Partial<Omit<ObservedGraph, 'repositories'>> &
  Partial<Omit<ObservedRepository, 'tags'>>

/** One repository, in which all is listed and tags go alone, if nothing else is said. */
export function graph(
  tags: readonly ObservedTag[],
  manifests: readonly ObservedManifest[] = [],
  init: GraphInit = {},
): ObservedGraph {
  const { repository = 'mirror/app', blind, limits, ...rest } = init
  return {
    store: 'reg.example',
    isWhole: true,
    removesTags: true,
    manifests,
    repositories: [
      { repository, tags, ...(blind !== undefined && { blind }), ...(limits && { limits }) },
    ],
    ...rest,
  }
}

/** Docker-registry: nothing without a tag is listed, and a tag goes with its image. */
export const DOCKER_REGISTRY = { isWhole: false, removesTags: false } as const

export const UNLIMITED = { maxDeletePercent: 100, maxDeleteCount: 1_000_000, minKeep: 0 }

interface Given extends Allowance {
  readonly locked?: readonly string[]
  readonly nowMs?: number
}

/** Without limits, if none are given. */
export function judged(
  rules: RetentionRule | readonly RetentionRule[],
  graphs: ObservedGraph | readonly ObservedGraph[],
  { locked = [], nowMs = NOW_MS, ...allowance }: Given = {},
): Verdicts {
  const read = readRetention('in' in rules ? [rules] : rules, engines)
  return judge(read, 'store' in graphs ? [graphs] : graphs, {
    nowMs,
    locked: new Set(locked.map(digest)),
    limits: UNLIMITED,
    ...allowance,
  })
}

/** What is to be done, in order: `untag 1.0`, `delete index`; tags that go along in brackets. */
export function steps({ removals }: Pick<Verdicts, 'removals'>): readonly string[] {
  return removals.map(removal => {
    if (removal.kind === 'untag') return `untag ${removal.tag}`
    const along = removal.tags.length > 0 ? ` (${removal.tags.join(' ')})` : ''
    return `delete ${nameOf(removal.digest)}${along}`
  })
}

/** The tags that go, parted by spaces. */
export function goingTags({ tags }: Pick<Verdicts, 'tags'>): string {
  return tags.flatMap(({ tag, verdict }) => (verdict === 'kept' ? [] : [tag])).join(' ')
}

export function tagVerdict({ tags }: Verdicts, name: string): TagVerdict {
  const found = tags.find(({ tag }) => tag === name)
  if (found) return found
  throw new Error(`there is no verdict on the tag ${name}`)
}

export function manifestVerdict({ manifests }: Verdicts, name: string): ManifestVerdict {
  const found = manifests.find(({ digest }) => nameOf(digest) === name)
  if (found) return found
  throw new Error(`there is no verdict on the manifest ${name}`)
}

/** A rule for the repository of `graph`. */
export function rule(keys: Omit<RetentionRule, 'in'>): RetentionRule {
  return { in: 'reg.example/mirror/**', ...keys }
}
