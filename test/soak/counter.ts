/** Counts events, and tells of one of them. */
export interface Counter {
  readonly add: () => void
  count(): number
  /** Counts from nothing; `reached` hears of the event with that number. */
  restart(moment: number | undefined, reached?: () => void): void
}

export function createCounter(): Counter {
  let seen = 0
  let at: number | undefined
  let tell: (() => void) | undefined
  return {
    add() {
      seen += 1
      if (seen === at) tell?.()
    },
    count: () => seen,
    restart(moment, reached) {
      seen = 0
      at = moment
      tell = reached
    },
  }
}
