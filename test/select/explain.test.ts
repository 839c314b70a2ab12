import { expect, it } from 'vitest'
import { explain } from '../../src/select/explain.ts'
import type { TagPolicy } from '../../src/select/policy.ts'
import { DAY_MS, lockOf, NOW_MS, select } from './selecting.ts'

it('says of every tag what became of it, and which rule decided', () => {
  const policy: TagPolicy = {
    tags: ['edge', { semver: '>=3.18 <4', newest: 2, per: 'minor' }],
    exclude: [{ glob: '*.9' }],
    guards: { minAgeMs: 3 * DAY_MS },
  }
  const listing = '3.20.0 3.20.1 3.20.2 3.20.3 3.20.4 3.20.9 3.20 edge latest main'
  const signature = `sha256-${'a'.repeat(64)}.sig`
  const selection = select(policy, `${listing} ${signature}`, {
    ...lockOf('3.19.0'),
    sinceMs: tag => (tag === '3.20.4' ? NOW_MS : 0),
  })
  const rows = explain(selection).map(({ tag, verdict, reason, entry }) => [
    tag,
    verdict,
    reason,
    entry,
  ])
  expect(rows).toEqual([
    ['3.19.0', 'gone', 'locked, and no longer listed', 1],
    ['3.20', 'not matched', 'a moving name, which is taken only where it is named', undefined],
    ['3.20.0', 'older', 'older than the newest 2 of minor 3.20', 1],
    ['3.20.1', 'older', 'older than the newest 2 of minor 3.20', 1],
    ['3.20.2', 'taken', 'matches semver >=3.18 <4, 2nd newest of minor 3.20', 1],
    ['3.20.3', 'taken', 'matches semver >=3.18 <4, newest of minor 3.20', 1],
    ['3.20.4', 'held', 'held: minAge 3d, until 2026-11-27T09:00Z', 1],
    ['3.20.9', 'excluded', 'excluded by glob *.9', 1],
    ['edge', 'taken', 'named', 0],
    ['latest', 'not matched', 'a moving name, which is taken only where it is named', undefined],
    ['main', 'not matched', 'does not match semver >=3.18 <4', undefined],
    [signature, 'not matched', 'belongs to another image, as its signature for example', undefined],
  ])
})

it.each<[string, TagPolicy, string, string, string]>([
  [
    'all keys',
    { tags: [{ semver: '*', flavor: 'slim', glob: '1*' }] },
    '1.0.0-slim',
    'taken',
    'matches semver * and glob 1* and flavor slim',
  ],
  ['no keys', { tags: [{}] }, 'a', 'taken', 'matches every tag'],
  [
    'one place',
    { tags: [{ glob: '*', order: ['text'], newest: 1 }] },
    'a b',
    'older',
    'older than the newest',
  ],
  [
    'a tag without a group',
    { tags: [{ regex: '(?:(?<b>x)-)?\\d', order: ['text'], newest: 1, per: 'b' }] },
    '1',
    'taken',
    'matches regex (?:(?<b>x)-)?\\d, newest of those without b',
  ],
  [
    'what cannot be ordered',
    { tags: [{ glob: '*', order: ['number'], newest: 1 }] },
    'A 1',
    'not matched',
    'matches glob *, but has no number to order by',
  ],
  [
    'what cannot be grouped',
    { tags: [{ glob: '*', order: ['text'], newest: 1, per: 'minor' }] },
    'A 1.0.0',
    'not matched',
    'matches glob *, but has no version with a minor to group by',
  ],
  [
    'a collision',
    { tags: [{ regex: '(?<v>\\d)-.', order: ['v:number'], newest: 1 }] },
    '1-a 1-b',
    'undecided',
    'matches regex (?<v>\\d)-., and nothing tells whether it is newer',
  ],
  [
    'hashes',
    { tags: [{ glob: '*', order: ['text'], newest: 1 }] },
    '2f1a9c3 9e8d7c6',
    'undecided',
    'matches glob *, and nothing but a hash tells whether it is newer',
  ],
  [
    'what no entry takes',
    { tags: [{ glob: 'x' }, { glob: 'y' }] },
    'a',
    'not matched',
    'no entry takes it',
  ],
])('speaks of %s', (_, policy, listing, verdict, reason) => {
  const [tag] = listing.split(' ')
  const verdicts = explain(select(policy, listing))
  expect(verdicts.find(other => other.tag === tag)).toMatchObject({ verdict, reason })
})

it('says the best of what entries say', () => {
  const tags = [{ semver: '*', newest: 1 }, { glob: '1.0*' }]
  const verdicts = explain(select({ tags }, '1.0.0 1.1.0 1.2.0'))
  expect(verdicts.map(({ verdict, entry }) => [verdict, entry])).toEqual([
    ['taken', 1],
    ['older', 0],
    ['taken', 0],
  ])
})

it('says that a locked tag stays as it is while what it moved to is held', () => {
  const policy = { tags: ['edge'], guards: { minAgeMs: DAY_MS } }
  const facts = { ...lockOf('edge'), moved: new Set(['edge']), sinceMs: () => NOW_MS }
  expect(explain(select(policy, 'edge', facts))).toMatchObject([
    { verdict: 'held', reason: 'held: minAge 1d, until 2026-11-25T09:00Z; it stays as locked' },
  ])
})

it.each([
  [1, 'newest'],
  [2, '2nd newest'],
  [3, '3rd newest'],
  [4, '4th newest'],
  [11, '11th newest'],
  [12, '12th newest'],
  [21, '21st newest'],
  [112, '112th newest'],
])('counts to %i', (newest, words) => {
  const listing = Array.from({ length: newest }, (_, index) => `${1000 + index}`)
  const selection = select({ tags: [{ glob: '*', order: ['number'], newest }] }, listing)
  const [last] = explain(selection)
  expect(last?.reason).toBe(`matches glob *, ${words}`)
})
