import { toError } from '../errors.ts'
import type { Call } from './call.ts'

/** Runs `work` over all items, at most `limit` at a time; results in the order of the items. */
export async function mapLimit<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  results.length = items.length
  const queue = items.entries()
  let failed = false
  async function lane(): Promise<void> {
    for (const [index, item] of queue) {
      try {
        results[index] = await work(item, index)
      } catch (error) {
        failed = true
        throw error
      }
      if (failed) return
    }
  }
  // what is under way is waited for, so that nothing goes on after the caller has heard of the end
  const lanes = await Promise.allSettled(
    Array.from({ length: Math.min(limit, items.length) }, lane),
  )
  for (const end of lanes) if (end.status === 'rejected') throw end.reason
  return results
}

/** A number of permits, which may change; whoever asks for one waits its turn. */
export interface Semaphore {
  /** Rejects with the signal's reason when told to stop while it waits. */
  acquire(call?: Call): Promise<void>
  release(): void
  readonly permits: number
  /** What is held stays held; fewer permits only keep new holders waiting. */
  resize(permits: number): void
}

export function createSemaphore(permits: number): Semaphore {
  let limit = permits
  let held = 0
  const waiting = new Set<() => void>()

  function admit(): void {
    for (const next of waiting) {
      if (held >= limit) return
      waiting.delete(next)
      held += 1
      next()
    }
  }

  return {
    get permits() {
      return limit
    },
    async acquire({ signal } = {}) {
      signal?.throwIfAborted()
      if (held < limit) {
        held += 1
        return
      }
      await new Promise<void>((resolve, reject) => {
        const leave = () => {
          waiting.delete(enter)
          reject(toError(signal?.reason))
        }
        const enter = () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        waiting.add(enter)
        signal?.addEventListener('abort', leave, { once: true })
      })
    },
    release() {
      held -= 1
      admit()
    },
    resize(permits) {
      limit = permits
      admit()
    },
  }
}
