/**
 * Hashes among tags, as builds put them there: of commits, of contents. They have no order, so an
 * order that would have to go by one is a guess.
 */

/** What stands between dots, dashes and underscores; git writes a `g` before a hash. */
const TOKENS = /(?<![A-Za-z0-9])g?([0-9a-f]{7,128})(?![A-Za-z0-9])/g

/** A date may have a letter or two at its end: `20240131b`. */
const DATED = /^\d{6,}[a-f]{1,2}$/

export interface Hashes {
  /** What is before them. */
  readonly prefix: string
  /** Two of the texts. */
  readonly examples: readonly [string, string]
}

/**
 * Where `above` and `below` begin alike and a hash follows in some of the `texts` that do, which of
 * these are above is a matter of hashes. Of several such beginnings, it is the shortest.
 */
export function hashesApart(
  texts: readonly string[],
  above: string,
  below: string,
): Hashes | undefined {
  const shared = commonPrefix(above, below)
  const byPrefix = new Map<string, Map<string, string>>()
  for (const text of texts) {
    for (const { index, 1: hex = '' } of text.matchAll(TOKENS)) {
      const prefix = text.slice(0, index)
      if (!shared.startsWith(prefix)) break
      const alike = byPrefix.get(prefix) ?? new Map<string, string>()
      if (!alike.has(hex)) byPrefix.set(prefix, alike.set(hex, text))
    }
  }
  for (const [prefix, alike] of [...byPrefix].toSorted(([a], [b]) => a.length - b.length)) {
    const [one, other] = alike.values()
    const hasHash = [...alike.keys()].some(isHash)
    if (one !== undefined && other !== undefined && hasHash) {
      return { prefix, examples: [one, other] }
    }
  }
  return undefined
}

/** A number that may be a hash without letters: one of `others` is a hash, and just as long. */
export function hashedNumber(
  numbers: readonly string[],
  others: readonly string[],
): readonly [string, string] | undefined {
  const byLength = new Map(others.filter(isHash).map(hash => [hash.length, hash]))
  for (const number of numbers) {
    const hash = byLength.get(number.length)
    if (hash !== undefined) return [number, hash]
  }
  return undefined
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{7,128}$/.test(text) && /[a-f]/.test(text) && !DATED.test(text)
}

function commonPrefix(a: string, b: string): string {
  let end = 0
  while (end < a.length && a[end] === b[end]) end += 1
  return a.slice(0, end)
}
