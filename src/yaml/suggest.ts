/** Each is compared letter by letter. */
const MAX_CANDIDATES = 200

/** The one of `known` that `found` is most likely a misspelling of, if any is near enough. */
export function nearest(found: string, known: Iterable<string>): string | undefined {
  const wanted = found.toLowerCase().slice(0, 64)
  let best: string | undefined
  let least = Math.floor(wanted.length / 3) + 1
  for (const candidate of [...known].slice(0, MAX_CANDIDATES)) {
    const distance = editDistance(wanted, candidate.toLowerCase().slice(0, 64))
    if (distance < least || (distance === 0 && best === undefined)) {
      best = candidate
      least = distance
    }
  }
  return best
}

export function didYouMean(found: string, known: Iterable<string>): string | undefined {
  const best = nearest(found, known)
  return best === undefined ? undefined : `did you mean "${best}"?`
}

/** Letters put in, left out, replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (same ? 0 : 1),
        swapped ? at(beforeLast, j - 2) + 1 : Infinity,
      )
    }
    beforeLast = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity
}
