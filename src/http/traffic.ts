import type { Traffic } from '../util/traffic.ts'

/** What is counted of one host while a run goes on. */
export type Counters = { -readonly [Key in 'requests' | 'retries' | 'waitedMs']: Traffic[Key] }

export function createCounters(): Counters {
  return { requests: 0, retries: 0, waitedMs: 0 }
}
