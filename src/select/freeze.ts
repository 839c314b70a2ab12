/** What a policy makes of tags that are chosen already. */

import { findCandidates } from './candidates.ts'
import { newestOf, sortCandidates } from './newest.ts'
import type { ReadPolicy } from './read-policy.ts'
import type { EntrySelection, Selection } from './select.ts'

/** All of `tags` that an entry takes are chosen, be there newer ones or not. */
export function freezeTags(policy: ReadPolicy, tags: Iterable<string>): Selection {
  const candidates = findCandidates(policy, tags)
  const entries = candidates.entries.map((found): EntrySelection => {
    const { chosen } = newestOf(sortCandidates(found.candidates), { keys: {}, order: [] })
    return { ...found, chosen, older: [], ties: [], held: [], gone: [] }
  })
  const all = new Set(entries.flatMap(({ chosen }) => chosen.map(({ tag }) => tag)))
  return { candidates, entries, tags: [...all], problems: [] }
}

/** What each entry would choose of it; all that it takes, where the names alone do not tell. */
export function newestFrozen({ entries, ...rest }: Selection): Selection {
  const newest = entries.map((selection): EntrySelection => {
    const { entry, candidates } = selection
    if (entry.kind === 'name' || entry.order.some(({ kind }) => kind === 'created'))
      return selection
    const { chosen, ties } = newestOf(sortCandidates(candidates), entry)
    return ties.length > 0 ? selection : { ...selection, chosen }
  })
  const tags = new Set(newest.flatMap(({ chosen }) => chosen.map(({ tag }) => tag)))
  return { ...rest, entries: newest, tags: [...tags] }
}
