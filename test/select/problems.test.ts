/** What is an error and not a guess, and what is neither. */
import { describe, expect, it } from 'vitest'
import type { RuleKeys } from '../../src/select/policy.ts'
import { lockOf, NOW_MS, select } from './selecting.ts'

function problemsOf(rule: string | RuleKeys, listing: string) {
  return select({ tags: [rule] }, listing).problems
}

describe('a pattern that takes nothing says which one would', () => {
  it.each<[string | RuleKeys, string, string]>([
    [{ semver: '*', regex: '1\\.2' }, '1.2.3 11.2.0', "regex: '1\\.2.*' would take 1.2.3"],
    [{ regex: '^1\\.2|x$' }, '1.2.3 4', "regex: '(?:1\\.2|x).*' would take 1.2.3"],
    [{ regex: '\\d+' }, 'v12', "regex: 'v\\d+' would take v12"],
    [{ regex: '\\d+' }, 'pr-12', "regex: '.*\\d+' would take pr-12"],
    [{ regex: '\\d+' }, 'pr-12-x', "regex: '.*\\d+.*' would take pr-12-x"],
    [{ glob: '1.*' }, 'v1.2', "glob: 'v1.*' would take v1.2"],
    [{ glob: 'rc' }, '1-rc.1 1-rc', "glob: '*rc' would take 1-rc"],
    [{ glob: "it'" }, 'a', 'there are tags such as a'],
    [{ semver: '^1' }, '1.2.3-alpine 1.2.3-slim', "flavor: 'alpine' would take 1.2.3-alpine"],
    [{ semver: '>=1.2 <2' }, '1.2.3-rc.1', "semver: '>=1.2-0 <2-0' would take 1.2.3-rc.1"],
    [{ semver: '*' }, '1.2.3-rc.1', "semver: '*-0' would take 1.2.3-rc.1"],
    [{ semver: '^5' }, '1.2.3 2.0.0', "semver: '*' would take 2.0.0"],
    [{ semver: '*', flavor: 'alpine' }, '1.2.3-alpine3.19', "flavor: 'alpine{n}' would take"],
    [{ semver: '*' }, '16.4', 'a version has three parts, and 16.4 has two: regex:'],
    ['1.2', '1.2.3 v1.3', 'did you mean 1.2.3?'],
    ['1.2.3', 'v1.2.3 x', 'did you mean v1.2.3?'],
    ['edge', 'a b c d e f g h', 'there are tags such as a, c, e, f, h'],
    [{ glob: 'x' }, '', 'look whether the name of the image is right'],
  ])('%j of %s: %s', (rule, listing, hint) => {
    const [problem] = problemsOf(rule, listing)
    expect([problem?.kind, problem?.hint]).toEqual(['no-match', expect.stringContaining(hint)])
  })

  it('that is not excluded, and says how many tags there are', () => {
    const { problems } = select({ tags: [{ glob: 'x' }], exclude: ['x-1'] }, 'x-1 x-2 y')
    expect(problems).toEqual([
      {
        kind: 'no-match',
        entry: 0,
        tags: [],
        message: 'glob x takes none of 3 tags',
        hint: "glob: 'x*' would take x-2",
      },
    ])
  })
})

describe('hashes have no order', () => {
  const sha = '0123456789abcdef'.repeat(4)
  it.each<[RuleKeys, string]>([
    [{ glob: '*', order: ['text'], newest: 1 }, '2f1a9c3 9e8d7c6 1.0'],
    [{ glob: '*', order: ['text'], newest: 2 }, 'abc1234 def5678 2024-01-10 2024-01-11'],
    [{ glob: '*', order: ['text'], newest: 1 }, '1234567 abc1234'],
    [{ glob: '*', order: ['text'], newest: 1 }, `${sha} ${sha.replace('0', 'f')}`],
    [{ glob: '*', order: ['text'], newest: 1 }, 'sha-2f1a9c3 sha-9e8d7c6'],
    [{ glob: '*', order: ['text'], newest: 1 }, '1.2-4-g2f1a9c3 1.2-4-g9e8d7c6'],
    [{ glob: '*', order: ['text'], newest: 1 }, '20240110-2f1a9c3 20240110-9e8d7c6'],
    [{ regex: 'v-(?<s>[a-f\\d]+)', order: ['s:text'], newest: 1 }, 'v-2f1a9c3 v-9e8d7c6'],
    [
      { regex: '(?<n>\\d)-(?<s>.*)', order: ['n:number', 's:text'], newest: 2 },
      '2-1111111 1-2f1a9c3 1-9e8d7c6',
    ],
    [{ semver: '*-0', newest: 1 }, '1.0.0-2f1a9c3 1.0.0-9e8d7c6'],
    [{ glob: '*', order: ['number'], newest: 1 }, '1234567 2f1a9c3'],
    [{ regex: 'v-(?<s>.*)', order: ['s:number'], newest: 2 }, 'v-1234567 v-2f1a9c3'],
    [{ glob: '*', order: ['created'], newest: 1 }, '2f1a9c3 9e8d7c6'],
  ])('%j: %s', (rule, listing) => {
    expect(problemsOf(rule, listing).map(({ kind }) => kind)).toEqual(['hashes'])
  })

  it.each<[RuleKeys, string, string]>([
    [{ glob: '*', order: ['text'] }, '2f1a9c3 9e8d7c6', '9e8d7c6 2f1a9c3'],
    [{ glob: '*', order: ['text'], newest: 2 }, '2f1a9c3 9e8d7c6', '9e8d7c6 2f1a9c3'],
    [{ glob: '*', order: ['text'], newest: 1 }, 'z v-2f1a9c3 v-9e8d7c6', 'z'],
    [{ glob: '*', order: ['text'], newest: 1 }, '20240131 20240131b 20240131c', '20240131c'],
    [
      { glob: '*', order: ['text'], newest: 1 },
      '20240110-2f1a9c3 20240109-9e8d7c6',
      '20240110-2f1a9c3',
    ],
    [{ glob: '*', order: ['text'], newest: 1 }, 'bookworm trixie', 'trixie'],
    [{ glob: '*', order: ['number'], newest: 1 }, '101 102 2f1a9c3', '102'],
    [{ semver: '*-0', newest: 1 }, '1.0.1-2f1a9c3 1.0.0-9e8d7c6 1.0.0', '1.0.1-2f1a9c3'],
    [{ semver: '*-0', newest: 1 }, '1.0.0 1.0.0-2f1a9c3 1.0.0-9e8d7c6', '1.0.0'],
  ])('and none is needed for %j: %s', (rule, listing, chosen) => {
    const { tags, problems } = select({ tags: [rule] }, listing)
    expect([tags.join(' '), problems]).toEqual([chosen, []])
  })

  it('and those that are greater are chosen without', () => {
    const rule = { glob: '*', order: ['text'], newest: 3 }
    const { entries, problems } = select({ tags: [rule] }, 'z y a-2f1a9c3 a-9e8d7c6 a 1')
    expect(entries[0]?.chosen.map(({ tag }) => tag)).toEqual(['z', 'y'])
    expect(entries[0]?.older.map(({ tag }) => tag)).toEqual(['a', '1'])
    expect(problems[0]?.tags).toEqual(['a-9e8d7c6', 'a-2f1a9c3'])
  })

  it('but those by their creation', () => {
    const rule = { glob: '*', order: ['created'], newest: 1 }
    const createdMs = (tag: string) => (tag === '2f1a9c3' ? 2 : 1)
    expect(select({ tags: [rule] }, '2f1a9c3 9e8d7c6', { createdMs }).tags).toEqual(['2f1a9c3'])
  })
})

describe('tags that captures do not tell apart', () => {
  const rule = { regex: '(?<v>\\d)-.*', order: ['v:number'] }

  it.each([
    [1, '', '2-c 2-b 2-a'],
    [2, '', '2-c 2-b 2-a'],
    [3, '2-c 2-b 2-a', ''],
    [4, '2-c 2-b 2-a', '1-b 1-a'],
    [5, '2-c 2-b 2-a 1-b 1-a', ''],
  ])('collide where newest: %i would part them', (newest, chosen, tied) => {
    const { tags, problems } = select({ tags: [{ ...rule, newest }] }, '1-a 2-a 2-b 2-c 1-b')
    expect(tags.join(' ')).toBe(chosen)
    expect(problems.flatMap(({ tags }) => tags).join(' ')).toBe(tied)
    expect(problems.every(({ kind }) => kind === 'collision')).toBe(true)
  })

  it('are shown', () => {
    const [problem] = problemsOf({ ...rule, newest: 1 }, '2-a 2-b')
    expect(problem?.message).toBe(
      'order [v:number] does not tell 2-b from 2-a, and not all of 2-b, 2-a are wanted',
    )
  })

  it('go by code point where the whole tag has a say', () => {
    const order = ['v:number', 'text']
    expect(select({ tags: [{ ...rule, order, newest: 1 }] }, '2-a 2-b').tags).toEqual(['2-b'])
  })
})

it('shows what is not comparable where nothing is', () => {
  expect(problemsOf({ glob: '*', order: ['number'], newest: 1 }, 'a b')).toMatchObject([
    { kind: 'incomparable', tags: ['a', 'b'] },
  ])
})

it('shows what exclude takes where it takes all', () => {
  const { problems } = select({ tags: [{ glob: '*' }, 'a'], exclude: [{ glob: '?' }] }, 'a b')
  expect(problems).toMatchObject([
    { kind: 'all-excluded', entry: 0, tags: ['a', 'b'], hint: 'glob ? excludes a' },
    { kind: 'all-excluded', entry: 1, tags: ['a'] },
  ])
})

describe('nothing is wrong', () => {
  it.each<[string, string | RuleKeys]>([
    ['1.0.0', { semver: '*' }],
    ['edge', 'edge'],
  ])('where the lock has what is gone: %s', (locked, rule) => {
    const { entries, tags, problems } = select({ tags: [rule] }, 'x', lockOf(locked))
    expect([entries[0]?.gone, tags, problems]).toEqual([[locked], [], []])
  })

  it('where all is held', () => {
    const policy = { tags: [{ semver: '*' }, 'edge'], guards: { minAgeMs: 1 } }
    const { tags, problems } = select(policy, '1.0.0 edge', { sinceMs: () => NOW_MS })
    expect([tags, problems]).toEqual([[], []])
  })

  it('but where the lock has only what other entries take', () => {
    const { problems } = select({ tags: [{ semver: '*' }] }, 'x', lockOf('main'))
    expect(problems).toMatchObject([{ kind: 'no-match' }])
  })
})
