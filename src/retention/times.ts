/** Ages, from what is known. The latest time counts, so that nothing is taken for too old. */

import type { Times } from './observed.ts'

const MOST_MS = 8.64e15

/** Since when it is what it is; our own sight counts where the store does not know of the tag. */
export function sinceMs({ pushedMs, taggedMs, seenMs }: Times): number | undefined {
  return later(known(pushedMs), known(taggedMs ?? seenMs))
}

/** When it was last pushed, tagged or pulled. Where nobody counts pulls, nobody knows. */
export function activeMs(times: Times): number | undefined {
  const { pulledMs } = times
  if (pulledMs === undefined) return undefined
  return later(sinceMs(times), pulledMs === 'never' ? undefined : known(pulledMs))
}

/** What no date can have is not known. */
function known(time: number | undefined): number | undefined {
  return time !== undefined && Math.abs(time) <= MOST_MS ? time : undefined
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
