import type { Clock } from '../report/progress.ts'

export function createClock(): Clock {
  return {
    now: () => performance.now(),
    every(ms, work) {
      const timer = setInterval(work, ms)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
