/** The observed graph with its edges drawn, in an order of its own. */

import type { Digest } from '../oci/digest.ts'
import { fallbackTag } from '../oci/referrers.ts'
import { isReferrer } from '../select/names.ts'
import { byCodePoint } from '../util/code-points.ts'
import type {
  ObservedGraph,
  ObservedManifest,
  ObservedRepository,
  ObservedTag,
} from './observed.ts'

export interface Graph {
  readonly observed: ObservedGraph
  /** By digest: all that are there, and all that are only mentioned. */
  readonly nodes: readonly Node[]
  /** By repository and name. */
  readonly tags: readonly TagNode[]
}

export interface Node {
  readonly digest: Digest
  /** `undefined` where it is only mentioned. */
  readonly manifest: ObservedManifest | undefined
  readonly tags: readonly TagNode[]
  readonly needs: readonly Node[]
  readonly neededBy: readonly Node[]
  readonly subject: Node | undefined
  /** Manifests whose subject it is. */
  readonly referrers: readonly Node[]
  /** Tags that belong to it by their names: lists of referrers, cosign's signatures. */
  readonly referrerTags: readonly TagNode[]
}

export interface TagNode {
  readonly repository: ObservedRepository
  readonly observed: ObservedTag
  readonly node: Node
  /** Whether it belongs to another image by its name, be that one there or not. */
  readonly isReferrer: boolean
  readonly subjects: readonly Node[]
}

interface Draft extends Node {
  tags: TagNode[]
  needs: Node[]
  neededBy: Node[]
  subject: Node | undefined
  referrers: Node[]
  referrerTags: TagNode[]
}

export function drawGraph(observed: ObservedGraph): Graph {
  const drafts = draftsOf(observed)
  for (const draft of drafts.values()) link(draft, drafts)
  const subjectsOf = subjectsIn(observed, drafts)
  const tags = observed.repositories
    .toSorted((a, b) => byCodePoint(a.repository, b.repository))
    .flatMap(repository => tagNodesOf(repository, drafts, subjectsOf))
  return { observed, nodes: [...drafts.values()], tags }
}

type Drafts = ReadonlyMap<Digest, Draft>

function draftsOf({ manifests, repositories }: ObservedGraph): Drafts {
  const byDigest = new Map(manifests.map(manifest => [manifest.digest, manifest]))
  const digests = new Set(byDigest.keys())
  for (const { needs, subject } of manifests) {
    for (const digest of needs) digests.add(digest)
    if (subject !== undefined) digests.add(subject)
  }
  for (const { tags } of repositories) for (const { digest } of tags) digests.add(digest)
  return new Map(
    [...digests].toSorted().map(digest => [digest, draftOf(digest, byDigest.get(digest))]),
  )
}

function draftOf(digest: Digest, manifest: ObservedManifest | undefined): Draft {
  return {
    digest,
    manifest,
    tags: NONE,
    needs: NONE,
    neededBy: NONE,
    subject: undefined,
    referrers: NONE,
    referrerTags: NONE,
  }
}

/** Nodes are many, and most have few edges: the first of a kind makes the list. */
const NONE: never[] = []

function added<T>(list: T[], one: T): T[] {
  if (list.length === 0) return [one]
  list.push(one)
  return list
}

function link(draft: Draft, drafts: Drafts): void {
  const { needs = [], subject } = draft.manifest ?? {}
  for (const digest of needs.length > 1 ? new Set(needs) : needs) {
    const needed = drafts.get(digest)
    if (needed === undefined) continue
    draft.needs = added(draft.needs, needed)
    needed.neededBy = added(needed.neededBy, draft)
  }
  const about = subject === undefined ? undefined : drafts.get(subject)
  if (about === undefined) return
  draft.subject = about
  about.referrers = added(about.referrers, draft)
}

function tagNodesOf(
  repository: ObservedRepository,
  drafts: Drafts,
  subjectsOf: (tag: string) => readonly Draft[],
): readonly TagNode[] {
  return repository.tags
    .toSorted((a, b) => byCodePoint(a.tag, b.tag))
    .flatMap(observed => {
      const node = drafts.get(observed.digest)
      if (node === undefined) return []
      const subjects = subjectsOf(observed.tag)
      const tag = { repository, observed, node, isReferrer: isReferrer(observed.tag), subjects }
      node.tags = added(node.tags, tag)
      for (const subject of subjects) subject.referrerTags = added(subject.referrerTags, tag)
      return [tag]
    })
}

const PREFIX = 'sha256-'.length + 64

/** What tags such as `sha256-….sig` are about: of a long digest, only the beginning is in the name. */
function subjectsIn(
  { repositories }: ObservedGraph,
  drafts: Drafts,
): (tag: string) => readonly Draft[] {
  const wanted = new Map<string, Draft[]>()
  for (const { tags } of repositories) {
    for (const { tag } of tags) if (isReferrer(tag)) wanted.set(tag.slice(0, PREFIX), [])
  }
  if (wanted.size > 0) {
    for (const draft of drafts.values()) wanted.get(fallbackTag(draft.digest))?.push(draft)
  }
  return tag => wanted.get(tag.slice(0, PREFIX)) ?? []
}
