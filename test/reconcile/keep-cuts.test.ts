/** What the lock has of an image that is cut to platforms: never on a plan's word. */
import { describe, expect, it } from 'vitest'
import type { Lock } from '../../src/lock/types.ts'
import type { Result, Step, StepReport } from '../../src/plan/types.ts'
import { intend, settle } from '../../src/reconcile/keep.ts'
import { lockOf } from '../lock/locks.ts'
import { copy, digest, done, reported, tag } from '../report/sample.ts'

const [A, B] = [digest('a'), digest('b')]
const FROM = 'up.io/app:1'
const NONE = new Map<string, never>()
const LOCK = lockOf({
  images: new Map([
    ['app', { references: new Map([[FROM, { digest: A, cuts: new Map(), places: new Map() }]]) }],
  ]),
})
const came = (step: Step, result: Result): StepReport => reported(step, { ...done, result })

describe('what an image is cut to', () => {
  const cut = { digest: B, platforms: ['linux/amd64'] }
  const to = [{ at: 'r.io/app:1', replaces: null, lock: { image: 'app', prune: 'off' } as const }]
  const cutsIn = ({ images }: Lock) => [...(images.get('app')?.references.get(FROM)?.cuts ?? [])]
  const copied = copy({ from: FROM, source: A, to, ...cut })
  const named = tag({ from: FROM, source: A, to: to, ...cut })

  it('is what a copy cut it to', () => {
    expect(cutsIn(settle(LOCK, [came(copied, 'done')], NONE))).toEqual([['linux/amd64', B]])
  })

  it.each<[string, Lock]>([
    ['is about to be done', intend(LOCK, [copied], NONE)],
    ['had nothing to do', settle(LOCK, [came(copied, 'unchanged')], NONE)],
    ['failed', settle(LOCK, [came(copied, 'failed')], NONE)],
    ['writes a name', settle(LOCK, [came(named, 'done')], NONE)],
  ])('is not what a step says that %s', (_, lock) => {
    expect(cutsIn(lock)).toEqual([])
  })
})
