/** How much one run may delete. Every limit has a case on either side. */
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS, type Limits } from '../../src/retention/rules.ts'
import {
  goingTags,
  graph,
  image,
  index,
  judged,
  referrerTag,
  rule,
  steps,
  tag,
  tagVerdict,
} from './judging.ts'

const DEFAULTS = { limits: DEFAULT_LIMITS }

/** So many tags go, of so many. */
function pruned(going: number, of: number, repository = 'mirror/app') {
  const tags = Array.from({ length: of }, (_, at) => tag(`${at < going ? 'go' : 'stay'}-${at}`))
  return graph(tags, [], { repository })
}

const GO = { glob: 'go-*' }
const count = (text: string) => text.split(' ').filter(name => name !== '').length
const limited = (limits: Partial<Limits>) => ({ limits: { ...DEFAULT_LIMITS, ...limits } })

describe('a repository gives up', () => {
  it.each<[string, number, number, Partial<Limits>, boolean]>([
    ['its percentage', 10, 40, {}, true],
    ['no more than its percentage', 11, 40, {}, false],
    ['its percentage, rounded up', 11, 41, {}, true],
    ['four, whatever the percentage', 4, 5, {}, true],
    ['no five beyond the percentage', 5, 6, {}, false],
    ['nothing beyond no percentage', 5, 40, { maxDeletePercent: 0 }, false],
    ['its count', 7, 100, { maxDeleteCount: 7 }, true],
    ['no more than its count', 8, 100, { maxDeleteCount: 7 }, false],
    ['nothing where nothing may go', 1, 100, { maxDeleteCount: 0 }, false],
    ['all but what has to be left', 2, 4, { minKeep: 2 }, true],
    ['nothing of what has to be left', 3, 4, { minKeep: 2 }, false],
    ['not all', 1, 1, {}, false],
    ['all where nothing has to be left', 1, 1, { minKeep: 0 }, true],
  ])('%s', (_, going, of, limits, isDone) => {
    const verdicts = judged(rule({ delete: [GO] }), pruned(going, of), limited(limits))
    expect(count(goingTags(verdicts))).toBe(isDone ? going : 0)
    expect(verdicts.refusals).toHaveLength(isDone ? 0 : 1)
  })

  it('nothing where too much would go, and is told what would allow it', () => {
    const verdicts = judged(rule({ delete: [GO] }), pruned(24, 40), DEFAULTS)
    expect(verdicts.removals).toEqual([])
    expect(verdicts.refusals).toEqual([
      {
        store: 'reg.example',
        repository: 'mirror/app',
        limit: 'maxDelete',
        deletes: 24,
        tags: 40,
        message: '24 of 40 tags of reg.example/mirror/app would go, and maxDelete 25% allows 10',
        hint: '--max-deletes 24 allows it for one run, and limits in the manifest for good',
      },
    ])
    expect(tagVerdict(verdicts, 'go-0')).toMatchObject({
      verdict: 'kept',
      because: 'refused',
      reason: verdicts.refusals[0]?.message,
      matched: [{ list: 'delete', entry: 0 }],
    })
    expect(tagVerdict(verdicts, 'stay-30').because).toBe('unnamed')
  })

  it('by the strictest of what is said for it, and by what is said for all only then', () => {
    const strict = rule({ delete: [GO], limits: { maxDeleteCount: 9 } })
    const lax = rule({ limits: { maxDeleteCount: 1000, maxDeletePercent: 100, minKeep: 0 } })
    const seen = (limits: Partial<Limits>) => ({
      ...pruned(9, 9),
      repositories: [{ ...pruned(9, 9).repositories[0]!, limits }],
    })
    const gone = (rules: Parameters<typeof judged>[0], limits: Partial<Limits>) =>
      count(goingTags(judged(rules, seen(limits), DEFAULTS)))
    expect(gone([strict, lax], {})).toBe(9)
    expect(gone([strict, lax], { maxDeleteCount: 8 })).toBe(0)
    expect(gone([strict, lax], { minKeep: 1 })).toBe(0)
    expect(gone([strict], {})).toBe(0)
  })

  it('counts no tags of referrers, neither as going nor as there', () => {
    const names = Array.from({ length: 20 }, (_, at) => `go-${at}`)
    const signatures = names.map(name => tag(referrerTag(name, '.sig'), `${name} signature`))
    const seen = graph([...names.map(name => tag(name)), tag('stay'), ...signatures])
    const [refusal] = judged(rule({ delete: [GO] }), seen, DEFAULTS).refusals
    expect(refusal).toMatchObject({ deletes: 20, tags: 21 })
  })

  it('counts no parts of images, and untagged images by the count alone', () => {
    const loose = Array.from({ length: 6 }, (_, at) => index(`loose ${at}`, [`part ${at}`]))
    const parts = loose.map((_, at) => image(`part ${at}`))
    const seen = graph([tag('x')], [image('x'), ...loose, ...parts])
    const sweep = rule({ delete: [{ untagged: true }] })
    expect(steps(judged(sweep, seen, limited({ maxDeleteCount: 6 })))).toHaveLength(12)
    const [refusal] = judged(sweep, seen, limited({ maxDeleteCount: 5 })).refusals
    expect(refusal?.message).toBe(
      '6 untagged images of reg.example/mirror/app would go, and maxDeleteCount allows 5',
    )
    expect(steps(judged(sweep, seen, limited({ maxDeleteCount: 5 })))).toEqual([])
  })

  it('without a say in what others give up', () => {
    const seen = [pruned(9, 10), pruned(1, 10, 'mirror/other')]
    const verdicts = judged(rule({ delete: [GO] }), seen, DEFAULTS)
    expect(goingTags(verdicts)).toBe('go-0')
    expect(verdicts.removals).toMatchObject([
      { repository: 'mirror/other' },
      { repository: 'mirror/other' },
    ])
    expect(verdicts.refusals[0]?.hint).toContain('--max-deletes 10 ')
  })

  it('and keeps what it shares with others', () => {
    const tags = Array.from({ length: 9 }, (_, at) => tag(`go-${at}`, 'same'))
    const seen = {
      ...graph([]),
      repositories: [
        { repository: 'one', tags },
        { repository: 'two', tags: [tag('go', 'same'), tag('stay')] },
      ],
    }
    const rules = [{ in: 'reg.example/*', delete: [GO, 'go'] }]
    expect(steps(judged(rules, seen, DEFAULTS))).toEqual(['untag go'])
  })
})

describe('--max-deletes', () => {
  const seen = [pruned(9, 10), pruned(1, 10, 'mirror/other')]
  const rules = rule({ delete: [GO] })

  it('lifts what limits a repository', () => {
    const verdicts = judged(rules, seen, { ...DEFAULTS, maxDeletes: 10 })
    expect(count(goingTags(verdicts))).toBe(10)
    expect(verdicts.refusals).toEqual([])
  })

  it('does none of them where the run has more', () => {
    const verdicts = judged(rules, seen, { ...DEFAULTS, maxDeletes: 9 })
    expect(verdicts.removals).toEqual([])
    expect(verdicts.refusals).toMatchObject([
      { limit: '--max-deletes', repository: 'mirror/app', deletes: 9 },
      { limit: '--max-deletes', repository: 'mirror/other', deletes: 1 },
    ])
    expect(verdicts.refusals[0]).toMatchObject({
      message: 'the run would delete 10, and --max-deletes allows 9',
      hint: 'look at what would go, and allow it with --max-deletes 10',
    })
  })

  it('never lifts minKeep', () => {
    const verdicts = judged(rules, pruned(3, 3), { ...DEFAULTS, maxDeletes: 99 })
    expect(verdicts.removals).toEqual([])
    expect(verdicts.refusals).toMatchObject([{ limit: 'minKeep' }])
  })
})
