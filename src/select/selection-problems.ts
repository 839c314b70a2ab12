/** Why an entry's selection would be a guess, and what would help. */

import type { Listed } from './candidates.ts'
import { describeKey } from './order.ts'
import type { EntrySelection } from './select.ts'
import { suggestFor } from './suggest.ts'
import type { Tie } from './ties.ts'
import { describePattern, listTags } from './words.ts'

export interface SelectionProblem {
  readonly kind: 'no-match' | 'all-excluded' | 'incomparable' | Tie['kind']
  /** Its place in the policy's `tags`. */
  readonly entry: number
  /** Those that it is about. */
  readonly tags: readonly string[]
  readonly message: string
  readonly hint: string
}

type Problem = Omit<SelectionProblem, 'entry'>

/** Nothing is wrong where all is held, or where the lock has what is gone. */
export function problemsOf(
  selection: EntrySelection,
  entry: number,
  listed: Listed,
): readonly SelectionProblem[] {
  const { candidates, gone, ties } = selection
  const isEmpty = candidates.length === 0 && gone.length === 0
  const problems = isEmpty
    ? [emptyProblem(selection, listed)]
    : ties.map(tie => tieProblem(selection, tie))
  return problems.map(problem => ({ entry, ...problem }))
}

function emptyProblem(selection: EntrySelection, listed: Listed): Problem {
  const { entry, excluded, incomparable } = selection
  const [unordered] = incomparable
  if (unordered) {
    const tags = incomparable.map(({ tag }) => tag)
    const message = `${whatTakes(selection)} takes only tags with ${unordered.lacks}: ${listTags(tags)}`
    const hint = 'order by what the tags have: text, created, or a capture of a regex'
    return { kind: 'incomparable', tags, message, hint }
  }
  const [first] = excluded
  if (first) {
    const tags = excluded.map(({ tag }) => tag)
    const message = `all that ${whatTakes(selection)} takes is excluded: ${listTags(tags)}`
    const hint = `${first.by} excludes ${first.tag}`
    return { kind: 'all-excluded', tags, message, hint }
  }
  const count = listed.tags?.length ?? 0
  const message =
    entry.kind === 'name'
      ? `there is no tag ${entry.tag}`
      : `${whatTakes(selection)} takes none of ${count === 1 ? '1 tag' : `${count} tags`}`
  return { kind: 'no-match', tags: [], message, hint: suggestFor(entry, listed) }
}

function tieProblem(selection: EntrySelection, { kind, tags, examples }: Tie): Problem {
  const [one, other] = examples
  const order = orderOf(selection)
  if (kind === 'collision') {
    return {
      kind,
      tags,
      message: `${order} does not tell ${one} from ${other}, and not all of ${listTags(tags)} are wanted`,
      hint: 'capture what tells them apart and order by that too, or add text to the order',
    }
  }
  return {
    kind,
    tags,
    message: `${order} would go by hashes, which have no order: ${one} and ${other}`,
    hint: 'order by created, or by a capture such as a date or a build number; or match no hashes',
  }
}

function whatTakes({ entry }: EntrySelection): string {
  return entry.kind === 'name' ? entry.tag : describePattern(entry.keys)
}

function orderOf({ entry }: EntrySelection): string {
  return entry.kind === 'name' ? 'the order' : `order [${entry.order.map(describeKey).join(', ')}]`
}
