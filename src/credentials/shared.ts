import type { Call } from '../util/call.ts'

interface Flight<T> {
  readonly result: Promise<T>
  readonly stop: AbortController
  waiting: number
  landed: boolean
}

/**
 * Work that is done once for all who ask, now or later. One who aborts leaves alone; the work
 * itself is stopped when nobody waits for it any more, and is then begun anew by the next.
 */
export function shared<T>(work: (call: Call) => Promise<T>): (call?: Call) => Promise<T> {
  let current: Flight<T> | undefined
  return async call => {
    call?.signal?.throwIfAborted()
    const flight = (current ??= depart(work))
    flight.waiting++
    try {
      return await orAborted(flight.result, call?.signal)
    } finally {
      flight.waiting--
      if (flight.waiting === 0 && !flight.landed) {
        if (current === flight) current = undefined
        flight.stop.abort()
      }
    }
  }
}

function depart<T>(work: (call: Call) => Promise<T>): Flight<T> {
  const stop = new AbortController()
  const result = work({ signal: stop.signal }).finally(() => {
    flight.landed = true
  })
  const flight: Flight<T> = { result, stop, waiting: 0, landed: false }
  return flight
}

async function orAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return result
  const { promise, stop } = aborted(signal)
  try {
    return await Promise.race([result, promise])
  } finally {
    stop()
  }
}

function aborted(signal: AbortSignal): { promise: Promise<never>; stop: () => void } {
  const listening = new AbortController()
  const promise = new Promise<never>((_, reject) => {
    const { signal: until } = listening
    signal.addEventListener('abort', () => reject(signal.reason), { once: true, signal: until })
  })
  return { promise, stop: () => listening.abort() }
}
