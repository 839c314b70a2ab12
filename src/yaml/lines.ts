/** The lines of a text, by index from 0, without their line breaks. */
export interface Lines {
  readonly count: number
  at(index: number): string
  /** Where a line begins. */
  startOf(index: number): number
  /** The line that an offset is in. */
  indexOf(offset: number): number
}

export function linesOf(text: string): Lines {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const startOf = (index: number) => starts[index] ?? text.length
  return {
    count: starts.length,
    at: index => text.slice(startOf(index), startOf(index + 1)).replace(/\r?\n$/, ''),
    startOf,
    indexOf: offset => lastUpTo(starts, offset),
  }
}

/** The index of the last of `sorted` that is not above `limit`. */
function lastUpTo(sorted: readonly number[], limit: number): number {
  let low = 0
  let high = sorted.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((sorted[middle] ?? Infinity) <= limit) low = middle
    else high = middle - 1
  }
  return low
}
