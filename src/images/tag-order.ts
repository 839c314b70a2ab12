/**
 * Tags as people would order them who see nothing but their names: by the numbers in them, and
 * what moves (`latest`) last. Good enough to show some of many; nothing is decided by it.
 */
import { isReferrer, isTakenByNameOnly } from '../select/names.ts'
import { byCodePoint } from '../util/code-points.ts'

/** Those of images, without what signatures and lists of referrers are kept under. */
export function newestLast(tags: readonly string[]): readonly string[] {
  return tags
    .filter(tag => !isReferrer(tag))
    .map(tag => ({ tag, parts: partsOf(tag), moves: isTakenByNameOnly(tag) ? 1 : 0 }))
    .toSorted(
      (a, b) => a.moves - b.moves || compareParts(a.parts, b.parts) || byCodePoint(a.tag, b.tag),
    )
    .map(({ tag }) => tag)
}

type Part = bigint | string | undefined

/** Numbers whole, and all else one by one. */
function partsOf(tag: string): readonly Part[] {
  return (tag.match(/\d+|\D/gu) ?? []).map(part => (/^\d/.test(part) ? BigInt(part) : part))
}

function compareParts(a: readonly Part[], b: readonly Part[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const [one, other] = [a[at], b[at]]
    const result = rankOf(one) - rankOf(other)
    if (result !== 0) return result
    if (typeof one === 'bigint' && typeof other === 'bigint' && one !== other) {
      return one < other ? -1 : 1
    }
    if (typeof one === 'string' && typeof other === 'string' && one !== other) {
      return byCodePoint(one, other)
    }
  }
  return 0
}

/** `1.2-rc` comes before `1.2`, and that before `1.2.3`. */
function rankOf(part: Part): number {
  if (part === '-') return 0
  if (part === undefined) return 1
  return typeof part === 'bigint' ? 2 : 3
}
