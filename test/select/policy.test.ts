import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openPolicy } from '../../src/select/open.ts'
import type { RuleKeys, TagPolicy } from '../../src/select/policy.ts'
import { policyEngines, policyIssues, readPolicy } from '../../src/select/read-policy.ts'
import { patternRefusal, textsOf, unlessRefused } from './patterns.ts'
import { engines, select } from './selecting.ts'

/** The path of each issue, and what is said about which part of the value there. */
function issuesOf(policy: TagPolicy) {
  return policyIssues(policy, engines).map(({ path, error: { message, at } }) => [
    path.join('.'),
    message,
    at,
  ])
}

describe('a policy is refused', () => {
  it.each<[RuleKeys, string, string, number, number]>([
    [{ glob: 'a[' }, 'glob', 'this "[" is never closed', 1, 2],
    [{ regex: '(' }, 'regex', 'missing closing )', 0, 1],
    [{ semver: '^1 foo' }, 'semver', '"foo" is not a version', 3, 6],
    [{ flavor: '' }, 'flavor', 'the flavor is empty', 0, 0],
    [{ flavor: 'a b' }, 'flavor', '" " is in no tag', 1, 2],
    [{ flavor: 'a{x}' }, 'flavor', '"{" is in no tag', 1, 2],
    [{ flavor: 'a{n}é' }, 'flavor', '"é" is in no tag', 4, 5],
    [{ flavor: 'a{n}1.{n}' }, 'flavor', '"{n}1.{n}" does not say where one number ends', 1, 9],
    [
      { flavor: 'a'.repeat(513) },
      'flavor',
      'the pattern has 513 bytes, and at most 512 are read',
      0,
      513,
    ],
    [{ glob: '*', order: ['date'] }, 'order.0', '"date" is no key to order by', 0, 4],
    [
      { glob: '*', order: ['text', 'd:number'] },
      'order.1',
      'no part of the regex is called "d"',
      0,
      1,
    ],
    [
      { regex: '(?<d>.)', order: ['e:text'] },
      'order.0',
      'no part of the regex is called "e"',
      0,
      1,
    ],
    [{ regex: '(?<d>.)', order: ['d:size'] }, 'order.0', '"size" is no kind of order', 2, 6],
    [{ regex: '(?<d>.)', order: ['d:created'] }, 'order.0', '"created" is no kind of order', 2, 9],
    [{ semver: '*', newest: 1, per: 'week' }, 'per', '"week" makes no groups', 0, 4],
    [
      { regex: '(?<d>.)', order: ['text'], newest: 1, per: 'e' },
      'per',
      'no part of the regex is called "e"',
      0,
      1,
    ],
    [{ semver: '*', per: 'minor' }, 'per', 'nothing says how many tags of each group', 0, 5],
    [{ glob: '*', newest: 12 }, 'newest', 'nothing says which of the tags are newest', 0, 2],
    [
      { regex: '.*', order: [], newest: 1 },
      'newest',
      'nothing says which of the tags are newest',
      0,
      1,
    ],
    [{ glob: '*', as: ['{tag}', '{x}'] }, 'as.1', '"{x}" is no part of a template', 1, 2],
  ])('for %j', (rule, path, message, start, end) => {
    expect(issuesOf({ tags: ['edge', rule] })).toEqual([
      [`tags.1.${path}`, message, { start, end }],
    ])
  })

  it('for what is excluded, and for what names it gives', () => {
    const policy = {
      tags: [{ regex: '(?<d>.)' }, { regex: '(?<e>.)' }],
      exclude: ['a', { glob: '[', semver: 'x.1' }],
      as: ['{d}', '{e}', '{f}'],
    }
    expect(issuesOf(policy).map(([path]) => path)).toEqual([
      'as.2',
      'exclude.1.glob',
      'exclude.1.semver',
    ])
    expect(patternRefusal(() => readPolicy(policy, engines)).message).toMatch('called "f"')
  })

  it('for a regex that is too large to be taken apart, and only where it is', () => {
    const issues = (rule: RuleKeys) => policyIssues({ tags: [rule] }, engines)
    const [fits, large] = ['(?:x{100}){2}y{90}', '(?:x{100}){3}'].map(text => `(?<n>${text})`)
    expect(issues({ regex: large!, order: ['text'] })).toEqual([])
    expect(issues({ regex: fits!, order: ['n:text'] })).toEqual([])
    for (const rule of [
      { order: ['n:text'] },
      { order: ['text'], newest: 1, per: 'n' },
      { as: ['{n}'] },
    ]) {
      const [issue] = issues({ regex: large!, ...rule })
      expect(issue?.error.message).toMatch(/comes to \d+ steps .* and at most 300 are run/)
    }
    const image = policyIssues({ tags: [{ regex: large! }], as: ['{n}'] }, engines)
    expect(image.map(({ path }) => path.join('.'))).toEqual(['tags.0.regex'])
  })

  it('or read, whatever is written under one of its keys', () => {
    const pieces = 'semver number text created d:number d e : {n} {tag} minor alpine * ( (?<d> ) .'
    const valid: RuleKeys = { glob: '*', regex: '(?<d>.)', semver: '*', flavor: 'a', per: 'd' }
    const changes = fc.oneof(
      ...['glob', 'regex', 'semver', 'flavor', 'per'].map(key =>
        textsOf(pieces.split(' ')).map(text => ({ [key]: text })),
      ),
      textsOf(pieces.split(' ')).map(text => ({ order: [text] })),
      textsOf(pieces.split(' ')).map(text => ({ as: [text] })),
    )
    const read = { true: 0, false: 0 }
    fc.assert(
      fc.property(changes, change => {
        const policy = { tags: [{ ...valid, newest: 1, ...change }] }
        const isRead = unlessRefused(() => readPolicy(policy, engines)) !== undefined
        expect(policyIssues(policy, engines).length === 0).toBe(isRead)
        read[`${isRead}`] += 1
      }),
      { numRuns: 3_000 },
    )
    expect(Math.min(read.true, read.false)).toBeGreaterThan(100)
  })
})

it('groups by a capture that is called like a part of a version', () => {
  const rule = { regex: '(?<minor>\\d)\\.\\d', order: ['text'], newest: 1, per: 'minor' }
  expect(select({ tags: [rule] }, '1.0 1.1 2.0').tags).toEqual(['2.0', '1.1'])
})

it.each<[TagPolicy, boolean, boolean]>([
  [{ tags: ['edge', { glob: '*', order: ['text'], newest: 1 }] }, false, false],
  [{ tags: [{ regex: '.*' }] }, true, false],
  [{ tags: ['a'], exclude: [{ regex: '.*' }] }, true, false],
  [{ tags: ['a'], exclude: [{ semver: '*' }] }, false, true],
  [{ tags: [{ semver: '*' }] }, false, true],
  [{ tags: [{ flavor: 'slim' }] }, false, true],
  [{ tags: [{ glob: '*', order: ['semver'] }] }, false, true],
  [{ tags: [{ glob: '*', order: ['text'], newest: 1, per: 'minor' }] }, false, true],
  [{ tags: [{ glob: '*', as: ['{semver.major}'] }] }, false, true],
  [{ tags: ['1.0.0'], as: ['{semver.major}'] }, false, true],
  [{ tags: [{ glob: '*' }], guards: { maxMajorJump: 1 } }, false, true],
])('%j is read with what it needs', async (policy, regex, semver) => {
  expect(policyEngines(policy)).toEqual({ regex, semver })
  expect((await openPolicy(policy)).entries).toHaveLength(policy.tags.length)
})
