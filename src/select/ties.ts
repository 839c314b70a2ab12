/** Tags of which an order does not tell which are among the newest. */

import type { Candidate, IncomparableTag } from './candidates.ts'
import { hashedNumber, hashesApart } from './hashes.ts'
import { compareValues, type OrderKey } from './order.ts'
import { compareReleases } from './version-order.ts'

export interface Tie {
  /** All that they are compared by is captured, and the same; or it is hashes. */
  readonly kind: 'collision' | 'hashes'
  readonly tags: readonly string[]
  /** Two that are compared, to show. */
  readonly examples: readonly [string, string]
  /** How many sorted candidates are before them. */
  readonly from: number
}

/** Among the candidates of one group, greatest first, of which the first `places` are wanted. */
export function tieAt(
  sorted: readonly Candidate[],
  places: number,
  order: readonly OrderKey[],
): Tie | undefined {
  const [above, below] = sorted.slice(places - 1, places + 1)
  if (!above || !below) return undefined
  let cut: Cut = { among: sorted, from: 0, above, below }
  for (const [index, key] of order.entries()) {
    const hashes = hashesAt(cut, comparedBy(key, index, above))
    if (hashes) return hashes
    const isSame = ({ values }: Candidate) =>
      compareValues(values[index], above.values[index]) === 0
    if (!isSame(below)) return undefined
    cut = narrowed(cut, isSame)
  }
  const isCaptured = order.every(key => key.kind !== 'created' && key.capture !== undefined)
  if (!isCaptured) return hashesAt(cut, ({ tag }) => tag)
  return tie('collision', cut, [above.tag, below.tag])
}

/** A part of the sorted candidates that has places, and has not enough of them. */
interface Cut {
  readonly among: readonly Candidate[]
  readonly from: number
  /** The last that has a place, and the first that has none. */
  readonly above: Candidate
  readonly below: Candidate
}

function narrowed(cut: Cut, isIn: (candidate: Candidate) => boolean): Cut {
  const from = cut.from + cut.among.findIndex(isIn)
  return { ...cut, among: cut.among.filter(isIn), from }
}

function tie(kind: Tie['kind'], { among, from }: Cut, examples: Tie['examples']): Tie {
  return { kind, examples, from, tags: among.map(({ tag }) => tag) }
}

type TextOf = (candidate: Candidate) => string | undefined

function hashesAt(cut: Cut, textOf: TextOf): Tie | undefined {
  const [above, below] = [textOf(cut.above), textOf(cut.below)]
  if (above === undefined || below === undefined) return undefined
  const texts = cut.among.flatMap(candidate => textOf(candidate) ?? [])
  const hashes = hashesApart(texts, above, below)
  if (!hashes) return undefined
  const isIn = (candidate: Candidate) => textOf(candidate)?.startsWith(hashes.prefix) ?? false
  return tie('hashes', narrowed(cut, isIn), hashes.examples)
}

/** The text that a key compares; of versions, what follows the numbers where these are the same. */
function comparedBy(key: OrderKey, index: number, { values }: Candidate): TextOf {
  const other = values[index]
  return ({ values }) => {
    const value = values[index]
    if (key.kind === 'text') return typeof value === 'string' ? value : undefined
    if (typeof value !== 'object' || typeof other !== 'object') return undefined
    if (compareReleases(value.version, other.version) !== 0) return undefined
    const { prerelease } = value.version
    return prerelease.length === 0 ? undefined : prerelease.join('.')
  }
}

/** Numbers that may be hashes, as there are hashes like them among what is no number. */
export function hashedNumbers(
  sorted: readonly Candidate[],
  others: readonly IncomparableTag[],
  [key]: readonly OrderKey[],
): Tie | undefined {
  if (key?.kind !== 'number' || others.length === 0) return undefined
  const numbers = sorted.flatMap(({ tag, values: [value] }) => {
    if (key.capture === undefined) return [tag]
    return typeof value === 'bigint' ? [String(value)] : []
  })
  const texts = others.map(({ text }) => text)
  const examples = hashedNumber(numbers, texts)
  return examples && { kind: 'hashes', examples, from: 0, tags: sorted.map(({ tag }) => tag) }
}
