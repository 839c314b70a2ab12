import { toError } from '../errors.ts'
import type { Call } from '../util/call.ts'

interface Waiting<T> {
  readonly item: T
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Does for many at once what costs the same for one: what comes while `run` is busy is handed to
 * its next run together. `run` calls `take` once, as late as it can, and does all of it or throws.
 * Who stops waiting before that is left out; afterwards it is too late to stop.
 */
export function createGroup<T>(
  run: (take: () => readonly T[], call: Call) => Promise<void>,
): (item: T, call?: Call) => Promise<void> {
  const waiting = new Set<Waiting<T>>()
  let running = false
  /** Ends the run that has not taken anything yet. */
  let leave: AbortController | undefined

  async function drain(): Promise<void> {
    running = true
    while (waiting.size > 0) await runOnce()
    running = false
  }

  async function runOnce(): Promise<void> {
    let taken: readonly Waiting<T>[] = []
    const leaving = new AbortController()
    const take = () => {
      leave = undefined
      taken = [...waiting]
      waiting.clear()
      return taken.map(({ item }) => item)
    }
    leave = leaving
    try {
      await run(take, { signal: leaving.signal })
      for (const { resolve } of taken) resolve()
    } catch (error) {
      // nobody was left to wait for it; who came since gets a run of its own
      if (leaving.signal.aborted) return
      if (leave) take()
      for (const { reject } of taken) reject(toError(error))
    }
  }

  return (item, { signal } = {}) => {
    if (signal?.aborted) return Promise.reject(toError(signal.reason))
    return new Promise((resolve, reject) => {
      const settled = () => signal?.removeEventListener('abort', stop)
      const own: Waiting<T> = {
        item,
        resolve: () => (settled(), resolve()),
        reject: error => (settled(), reject(error)),
      }
      const stop = () => {
        if (!waiting.delete(own)) return
        own.reject(toError(signal?.reason))
        if (waiting.size === 0) leave?.abort()
      }
      signal?.addEventListener('abort', stop, { once: true })
      waiting.add(own)
      if (!running) void drain()
    })
  }
}
