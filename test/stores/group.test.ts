import { expect, it } from 'vitest'
import type { Call } from '../../src/util/call.ts'
import { createGroup } from '../../src/stores/group.ts'

/** A group whose runs wait to be let go, and what each of them took. */
function gated() {
  const runs: (readonly string[])[] = []
  const gates: (() => void)[] = []
  const begun: (() => void)[] = []
  const add = createGroup<string>(async (take, { signal }: Call) => {
    begun.shift()?.()
    await new Promise<void>((resolve, reject) => {
      gates.push(resolve)
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
    const taken = take()
    runs.push(taken)
    if (taken.includes('bad')) throw new Error('no good')
  })
  return {
    add,
    runs,
    begins: () => new Promise<void>(resolve => begun.push(resolve)),
    letGo: () => gates.splice(0).forEach(open => open()),
  }
}

it('hands what came meanwhile to the next run, together', async () => {
  const { add, runs, begins, letGo } = gated()
  const [one, two] = [add('1'), add('2')]
  const next = begins()
  letGo()
  await Promise.all([one, two])
  const [three, four] = [add('3'), add('4')]
  await next
  const [five] = [add('5')]
  letGo()
  await Promise.all([three, four, five])
  expect(runs).toEqual([
    ['1', '2'],
    ['3', '4', '5'],
  ])
})

it('fails all of a run, and goes on with the next', async () => {
  const { add, begins, letGo } = gated()
  const first = Promise.allSettled([add('bad'), add('2')])
  letGo()
  expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = begins()
  const later = add('3')
  await next
  letGo()
  await expect(later).resolves.toBeUndefined()
})

it('leaves out who stopped waiting', async () => {
  const { add, runs, letGo } = gated()
  const stop = new AbortController()
  const stopped = add('1', { signal: stop.signal })
  const other = add('2')
  stop.abort(new Error('enough'))
  await expect(stopped).rejects.toThrow('enough')
  letGo()
  await other
  expect(runs).toEqual([['2']])
})

it('ends a run that nobody waits for, and serves who comes then', async () => {
  const { add, runs, begins, letGo } = gated()
  const stop = new AbortController()
  const stopped = add('1', { signal: stop.signal })
  const again = begins()
  stop.abort()
  const late = add('2')
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
  await again
  letGo()
  await late
  expect(runs).toEqual([['2']])
})

it('does not end a run that has begun its work', async () => {
  let work = () => {}
  let ended = false
  const add = createGroup<string>(async (take, { signal }) => {
    take()
    signal?.addEventListener('abort', () => (ended = true))
    await new Promise<void>(resolve => (work = resolve))
  })
  const first = add('1')
  const stop = new AbortController()
  const second = add('2', { signal: stop.signal })
  stop.abort()
  await expect(second).rejects.toMatchObject({ name: 'AbortError' })
  work()
  await first
  expect(ended).toBe(false)
})

it('begins nothing for who has stopped already', async () => {
  const { add, runs } = gated()
  const adding = add('1', { signal: AbortSignal.abort() })
  await expect(adding).rejects.toMatchObject({ name: 'AbortError' })
  expect(runs).toEqual([])
})
