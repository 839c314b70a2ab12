/** What is said of a tag or a manifest before what needs what is looked at. */

import type { Digest } from '../oci/digest.ts'
import { formatInstant } from '../select/words.ts'
import type { Match } from './matches.ts'
import type { ReadEntry, ReadRule } from './read-rules.ts'
import type { Because } from './verdicts.ts'

/** What is said for a verdict. */
export interface Ground {
  readonly because: Because
  readonly reason: string
  readonly frees?: string
}

export interface Stance extends Ground {
  /** `follows`: it belongs to another image, and goes where that one goes. */
  readonly kind: 'kept' | 'released' | 'follows'
  readonly matched: readonly Match[]
}

export interface Context {
  readonly nowMs: number
  /** All that the lock names. */
  readonly locked: ReadonlySet<Digest>
}

/** The rules that some repository is under. */
export interface Governing {
  readonly rules: readonly ReadRule[]
  readonly entries: readonly ReadEntry[]
  /** Whether what the lock names is protected. */
  readonly locks: boolean
}

export function governing(rules: readonly ReadRule[]): Governing {
  const entries = rules.flatMap(({ entries }) => entries)
  return { rules, entries, locks: entries.some(({ about }) => about.kind === 'lock') }
}

/** `keep semver *, newest 3 per minor: 2nd newest of minor 3.20` */
export function describeMatch({ list, text, detail }: Match): string {
  return `${list} ${text}${detail === undefined ? '' : `: ${detail}`}`
}

/** What is said where no entry is met: the entries of `delete` that come nearest. */
export function unmet(matched: readonly Match[]): Ground {
  for (const match of matched) {
    const { misses } = match
    if (misses?.kind === 'young') {
      const frees = `${match.list} ${match.text} takes it from ${formatInstant(misses.untilMs)} on`
      return { because: 'young', reason: `not yet ${describeMatch(match)}`, frees }
    }
    if (misses?.kind === 'undated') {
      const frees = 'a run that keeps a lock remembers when it first saw a tag'
      return { because: 'undated', reason: describeMatch(match), frees }
    }
  }
  return { because: 'unnamed', reason: 'no rule lets it go' }
}

/** What lets it go would, if it were not kept. */
export function withoutHold(matched: readonly Match[]): Pick<Ground, 'frees'> {
  const taking = matched.find(({ list, misses }) => list === 'delete' && misses === undefined)
  return taking ? { frees: `else ${describeMatch(taking)} would take it` } : {}
}
