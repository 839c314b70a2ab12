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

/** A number of permits; whoever asks for one waits its turn. */
export interface Semaphore {
  acquire(): Promise<void>
  release(): void
}

export function createSemaphore(permits: number): Semaphore {
  let free = permits
  const waiting: (() => void)[] = []
  return {
    acquire() {
      if (free > 0) {
        free -= 1
        return Promise.resolve()
      }
      return new Promise(resolve => waiting.push(resolve))
    },
    release() {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    },
  }
}
