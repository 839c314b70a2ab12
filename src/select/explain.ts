/** Why each tag is taken or not, in words. */

import { describeHold } from './guards.ts'
import { isReferrer } from './names.ts'
import type { Ranked } from './newest.ts'
import type { EntrySelection, Selection } from './select.ts'
import { describePattern, formatRank } from './words.ts'

export interface Verdict {
  readonly tag: string
  readonly verdict: VerdictKind
  /** `matches semver >=3.18 <4, 2nd newest of minor 3.20` */
  readonly reason: string
  /** The place in the policy's `tags` of the entry that decided. */
  readonly entry?: number
}

/** Of what several entries say of a tag, the first of these is said. */
const KINDS = ['taken', 'held', 'undecided', 'excluded', 'older', 'gone', 'not matched'] as const
export type VerdictKind = (typeof KINDS)[number]

type Said = Omit<Verdict, 'entry'>

/** Of every tag that is listed, and of those that are locked and gone; by code point. */
export function explain(selection: Selection): readonly Verdict[] {
  const decided = new Map<string, Verdict>()
  for (const [entry, own] of selection.entries.entries()) {
    for (const said of saidBy(own)) {
      const other = decided.get(said.tag)
      if (other && KINDS.indexOf(other.verdict) <= KINDS.indexOf(said.verdict)) continue
      decided.set(said.tag, { ...said, entry })
    }
  }
  const listed = selection.candidates.listed.tags ?? []
  const tags = [...new Set([...listed, ...decided.keys()])].toSorted()
  const unmatched = unmatchedBy(selection)
  return tags.map(tag => decided.get(tag) ?? unmatched(tag))
}

function saidBy(selection: EntrySelection): readonly Said[] {
  const what = whatOf(selection)
  const staying = new Set(selection.chosen.flatMap(({ tag, hold }) => (hold ? [tag] : [])))
  const held = selection.held.map(({ tag, hold }): Said => {
    const stays = staying.has(tag) ? '; it stays as locked' : ''
    return { tag, verdict: 'held', reason: `held: ${describeHold(hold)}${stays}` }
  })
  return [
    ...selection.chosen.flatMap(chosen => (chosen.hold ? [] : [takenAs(chosen, selection)])),
    ...held,
    ...selection.ties.flatMap(({ tags, kind }) =>
      tags.map((tag): Said => {
        const by = kind === 'collision' ? 'nothing' : 'nothing but a hash'
        return { tag, verdict: 'undecided', reason: `${what}, and ${by} tells whether it is newer` }
      }),
    ),
    ...selection.excluded.map(({ tag, by }): Said => ({
      tag,
      verdict: 'excluded',
      reason: `excluded by ${by}`,
    })),
    ...selection.older.map(older => olderThan(older, selection)),
    ...selection.incomparable.map(({ tag, lacks }): Said => ({
      tag,
      verdict: 'not matched',
      reason: `${what}, but has ${lacks}`,
    })),
    ...selection.gone.map((tag): Said => ({
      tag,
      verdict: 'gone',
      reason: 'locked, and no longer listed',
    })),
  ]
}

function takenAs({ tag, rank, group }: Ranked, selection: EntrySelection): Said {
  const { entry } = selection
  const isCounted = entry.kind === 'rule' && entry.keys.newest !== undefined
  const place = isCounted ? `, ${formatRank(rank)}${groupOf(group, selection)}` : ''
  return { tag, verdict: 'taken', reason: `${whatOf(selection)}${place}` }
}

function olderThan({ tag, group }: Ranked, selection: EntrySelection): Said {
  const { entry } = selection
  const newest = entry.kind === 'rule' ? (entry.keys.newest ?? 0) : 0
  const count = newest === 1 ? 'newest' : `newest ${newest}`
  return { tag, verdict: 'older', reason: `older than the ${count}${groupOf(group, selection)}` }
}

function groupOf(group: string | undefined, { entry }: EntrySelection): string {
  if (entry.kind === 'name' || entry.keys.per === undefined) return ''
  const { per } = entry.keys
  return group === undefined ? ` of those without ${per}` : ` of ${per} ${group}`
}

function whatOf({ entry }: EntrySelection): string {
  return entry.kind === 'name' ? 'named' : `matches ${describePattern(entry.keys)}`
}

function unmatchedBy({ candidates, entries }: Selection): (tag: string) => Verdict {
  const verdict = 'not matched'
  const rules = entries.flatMap(({ entry }) => (entry.kind === 'rule' ? [entry] : []))
  const [only] = rules.length === 1 ? rules : []
  const reason = only ? `does not match ${describePattern(only.keys)}` : 'no entry takes it'
  return tag => {
    if (isReferrer(tag)) {
      return { tag, verdict, reason: 'belongs to another image, as its signature for example' }
    }
    if (candidates.listed.isMoving(tag)) {
      return { tag, verdict, reason: 'a moving name, which is taken only where it is named' }
    }
    return { tag, verdict, reason }
  }
}
