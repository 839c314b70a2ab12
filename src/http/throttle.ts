import type { Call } from '../util/call.ts'
import { createSemaphore } from '../util/concurrency.ts'

/**
 * How many requests are in flight to a host: as many as it is allowed while all goes well, half as
 * many whenever it says that this is too much, and one more for each round that went well again
 * (additive increase, multiplicative decrease).
 */
export interface Throttle {
  /** Resolves when there is room; the caller must `leave`. */
  enter(call?: Call): Promise<Pass>
  leave(): void
  /** The host was asked too much. What was in flight before the last cut does not cut again. */
  tooMuch(pass: Pass): void
  /** The host answered well. */
  well(): void
}

export interface Pass {
  readonly cuts: number
}

export function createThrottle(most: number): Throttle {
  const turns = createSemaphore(most)
  let cuts = 0
  let good = 0
  return {
    async enter(call) {
      await turns.acquire(call)
      return { cuts }
    },
    leave: () => turns.release(),
    tooMuch(pass) {
      if (pass.cuts !== cuts) return
      cuts += 1
      good = 0
      turns.resize(Math.max(1, Math.floor(turns.permits / 2)))
    },
    well() {
      if (turns.permits === most) return
      good += 1
      if (good < turns.permits) return
      good = 0
      turns.resize(turns.permits + 1)
    },
  }
}
