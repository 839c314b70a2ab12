import type { Call } from '../util/call.ts'
import { pause } from '../util/pause.ts'

/** Spreads requests of one host over time: at most `perSecond`, and one second's worth at once. */
export function createPace(perSecond: number, now: () => number): (call?: Call) => Promise<void> {
  const gapMs = 1000 / perSecond
  let next = 0
  return async ({ signal } = {}) => {
    const at = Math.max(now() - 1000 + gapMs, next)
    next = at + gapMs
    await pause(at - now(), { signal })
  }
}
