/** What a policy could choose, as far as one tag tells. */

import { candidateOf, isComparable } from './candidates.ts'
import { mayMove } from './names.ts'
import type { Entry, ReadPolicy } from './read-policy.ts'
import { couldRender } from './template.ts'

/** A tag as it is claimed to have been chosen. */
export interface Claimed {
  readonly tag: string
  /** `undefined` where it is not known. */
  readonly digest: string | undefined
  /** What it is called at its destination, where a template is to have made that. */
  readonly name: string | undefined
}

/** Whether there are listings for which the policy chooses the tag, and gives it the name. */
export function couldChoose({ entries, exclusions }: ReadPolicy, claimed: Claimed): boolean {
  const { tag } = claimed
  return entries.some(entry => {
    if (!couldTake(entry, tag)) return false
    const isSpared = (isName: boolean) => !isName && entry.kind === 'name' && mayMove(tag)
    if (exclusions.some(({ matches, isName }) => matches(tag) && !isSpared(isName))) return false
    return couldName(entry, claimed)
  })
}

function couldTake(entry: Entry, tag: string): boolean {
  if (entry.kind === 'name') return entry.tag === tag
  const found = candidateOf(entry, tag)
  return found !== undefined && isComparable(found)
}

function couldName(entry: Entry, { tag, digest, name }: Claimed): boolean {
  if (name === undefined) return true
  const seen = entry.kind === 'rule' ? entry.look(tag) : undefined
  const version = (seen ? seen.version : entry.versionOf(tag))?.version
  const facts = { tag, version, captures: seen?.captures ?? new Map<string, string>(), digest }
  return entry.templates.some(template => couldRender(template, facts, name))
}
