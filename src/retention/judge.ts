/**
 * What may go of all that was seen, and what holds the rest.
 *
 * Rules decide on tags, then all is kept that something kept needs. With nothing to say, everything
 * stays; where something is not known, too.
 */

import { byCodePoint } from '../util/code-points.ts'
import { tellGrounds, type Grounds } from './grounds.ts'
import type { ObservedGraph } from './observed.ts'
import { openCase } from './open-case.ts'
import type { ReadRule } from './read-rules.ts'
import { decideWithin, type Allowance } from './refuse.ts'
import { removalsOf } from './removals.ts'
import type { Context } from './stances.ts'
import { unmatchedBy } from './unmatched.ts'
import type { ManifestVerdict, Removal, TagVerdict, Verdicts } from './verdicts.ts'

export function judge(
  rules: readonly ReadRule[],
  graphs: readonly ObservedGraph[],
  context: Context & Allowance,
): Verdicts {
  const cases = graphs.toSorted(byPlace).map(graph => openCase(graph, rules, context))
  const { decisions, refusals } = decideWithin(cases, context)
  const all = decisions.map(tellGrounds)
  const removals: Removal[] = []
  for (const grounds of all)
    for (const one of removalsOf(grounds, removals.length)) removals.push(one)
  return {
    tags: all.flatMap(tagVerdicts),
    manifests: all.flatMap(manifestVerdicts),
    removals,
    refusals,
    leftAlone: cases.flatMap(({ leftAlone }) => leftAlone),
    unmatched: unmatchedBy(rules, cases),
  }
}

/** By store, then by the first of its repositories: no two graphs have one of them. */
function byPlace(a: ObservedGraph, b: ObservedGraph): number {
  return byCodePoint(a.store, b.store) || byCodePoint(firstOf(a), firstOf(b))
}

function firstOf({ repositories }: ObservedGraph): string {
  const [first = ''] = repositories.map(({ repository }) => repository).toSorted(byCodePoint)
  return first
}

function tagVerdicts({ decision, ofTag }: Grounds): readonly TagVerdict[] {
  const { graph, tags } = decision.case
  return graph.tags.map(tag => ({
    store: graph.observed.store,
    repository: tag.repository.repository,
    tag: tag.observed.tag,
    digest: tag.observed.digest,
    verdict: decision.fate(tag).kind,
    ...ofTag(tag),
    matched: tags.get(tag)?.matched ?? [],
  }))
}

function manifestVerdicts({ decision, ofManifest }: Grounds): readonly ManifestVerdict[] {
  const { graph, manifests } = decision.case
  const verdicts: ManifestVerdict[] = []
  for (const node of graph.nodes) {
    const { manifest, digest } = node
    if (manifest === undefined) continue
    const { repository } = manifest
    verdicts.push({
      store: graph.observed.store,
      ...(repository !== undefined && { repository }),
      digest,
      verdict: decision.goes(node) ? 'deleted' : 'kept',
      ...ofManifest(node),
      matched: manifests.get(node)?.matched ?? [],
    })
  }
  return verdicts
}
