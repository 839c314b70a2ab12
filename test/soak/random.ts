/** Chance that comes out the same for the same seed, so that what went wrong can be seen again. */
export interface Random {
  /** From 0, below 1. */
  next(): number
  /** A whole number from 0, below `limit`. */
  below(limit: number): number
  chance(probability: number): boolean
  /** Up to `count` of them, each once, in their order. */
  sample<T>(items: readonly T[], count: number): readonly T[]
}

/** splitmix32: small, and good enough to spread things. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  function next(): number {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: probability => next() < probability,
    sample(items, count) {
      const left = items.map((_, index) => index)
      const chosen = new Set<number>()
      while (chosen.size < count && left.length > 0) {
        const [index = 0] = left.splice(below(left.length), 1)
        chosen.add(index)
      }
      return items.filter((_, index) => chosen.has(index))
    },
  }
}

/** Another seed each time, small enough to be typed. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 1_000_000)
}
