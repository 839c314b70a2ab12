import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSemaphore, mapLimit } from '../../src/util/concurrency.ts'

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('a semaphore', () => {
  it('gives a permit at once where one is free, and the next one in turn', async () => {
    const semaphore = createSemaphore(1)
    const order: string[] = []
    await semaphore.acquire()
    const waiting = ['a', 'b'].map(async name => {
      await semaphore.acquire()
      order.push(name)
      semaphore.release()
    })
    await turn()
    expect(order).toEqual([])
    semaphore.release()
    await Promise.all(waiting)
    expect(order).toEqual(['a', 'b'])
  })

  it('lets go of who is told to stop, before or while it waits', async () => {
    const semaphore = createSemaphore(1)
    await semaphore.acquire()
    await expect(semaphore.acquire({ signal: AbortSignal.abort() })).rejects.toThrow('aborted')
    const stop = new AbortController()
    const waiting = semaphore.acquire({ signal: stop.signal })
    const next = semaphore.acquire()
    stop.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    semaphore.release()
    await next
  })

  it('is not disturbed by a stop that comes too late', async () => {
    const semaphore = createSemaphore(1)
    const stop = new AbortController()
    await semaphore.acquire()
    const waiting = semaphore.acquire({ signal: stop.signal })
    semaphore.release()
    stop.abort()
    await expect(waiting).resolves.toBeUndefined()
    semaphore.release()
    await expect(semaphore.acquire()).resolves.toBeUndefined()
  })

  it('never has more holders than permits, but for those of a time with more, and lets nobody wait for nothing', async () => {
    const command = fc.oneof(
      fc.constant({ kind: 'acquire' } as const),
      fc.constant({ kind: 'release' } as const),
      fc.record({ kind: fc.constant('resize' as const), permits: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ kind: fc.constant('stop' as const), which: fc.nat(20) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async commands => {
        const semaphore = createSemaphore(2)
        const waiting = new Map<number, AbortController>()
        const overtaken: number[] = []
        let held = 0
        let asked = 0
        let most = 2
        for (const next of commands) {
          if (next.kind === 'acquire') {
            const id = asked++
            const stop = new AbortController()
            waiting.set(id, stop)
            semaphore.acquire({ signal: stop.signal }).then(
              () => {
                if (Math.min(...waiting.keys()) !== id) overtaken.push(id)
                waiting.delete(id)
                held += 1
              },
              () => waiting.delete(id),
            )
          } else if (next.kind === 'release') {
            if (held === 0) continue
            held -= 1
            semaphore.release()
          } else if (next.kind === 'resize') {
            semaphore.resize(next.permits)
          } else {
            waiting.get(next.which)?.abort()
          }
          most = Math.max(held, semaphore.permits)
          await turn()
          expect(held).toBeLessThanOrEqual(most)
          expect(waiting.size === 0 || held >= semaphore.permits).toBe(true)
        }
        expect(overtaken).toEqual([])
      }),
      { numRuns: 100 },
    )
  })
})

describe('mapLimit', () => {
  it('keeps the order of the items, and as many at work as it may', async () => {
    let now = 0
    let most = 0
    const results = await mapLimit([1, 2, 3, 4, 5], 2, async item => {
      most = Math.max(most, ++now)
      await turn()
      now -= 1
      return item * 2
    })
    expect(results).toEqual([2, 4, 6, 8, 10])
    expect(most).toBe(2)
  })

  it('begins nothing after a failure, and waits for what is under way', async () => {
    const begun: number[] = []
    const done: number[] = []
    const all = mapLimit([1, 2, 3, 4], 2, async item => {
      begun.push(item)
      await turn()
      if (item === 1) throw new Error('no')
      await turn()
      done.push(item)
    })
    await expect(all).rejects.toThrow('no')
    expect([begun, done]).toEqual([[1, 2], [2]])
  })
})
