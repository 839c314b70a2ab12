import { describe, expect, it } from 'vitest'
import { findCandidates } from '../../src/select/candidates.ts'
import { openPolicy } from '../../src/select/open.ts'
import type { RuleKeys } from '../../src/select/policy.ts'
import { selectTags } from '../../src/select/select.ts'
import { chosenBy, NO_FACTS, select } from './selecting.ts'

const HEX = 'a'.repeat(64)

describe('a rule takes, in this order,', () => {
  it.each<[string, RuleKeys, string, string]>([
    ['all that its pattern takes', { glob: '1*' }, '1.0 2.0 1.5', '1.5 1.0'],
    ['versions, the greatest first', { semver: '*' }, '1.2.0 1.10.0 1.9.0', '1.10.0 1.9.0 1.2.0'],
    ['the greater text of equal versions', { semver: '*', newest: 1 }, '1.2.3 v1.2.3', 'v1.2.3'],
    [
      'the newest of each minor',
      { semver: '*', newest: 2, per: 'minor' },
      '1.1.1 1.1.2 1.1.3 1.2.0 2.2.0',
      '2.2.0 1.2.0 1.1.3 1.1.2',
    ],
    [
      'the newest of each major',
      { semver: '*', newest: 1, per: 'major' },
      '1.9.0 1.10.0 2.0.0',
      '2.0.0 1.10.0',
    ],
    [
      'the newest of each patch',
      { semver: '*-0', newest: 1, per: 'patch' },
      '1.0.0-rc.2 1.0.0-rc.10 1.0.1-a',
      '1.0.1-a 1.0.0-rc.10',
    ],
    [
      'the newest of each capture',
      { regex: '(?P<branch>\\w+)-(?<n>\\d+)', order: ['n:number'], newest: 1, per: 'branch' },
      'a-9 a-10 b-1',
      'a-10 b-1',
    ],
    [
      'a group of those that lack the capture',
      { regex: '(?:(?<branch>\\w+)-)?(?<n>\\d+)', order: ['n:number'], newest: 1, per: 'branch' },
      'a-9 9 10 a-8',
      '10 a-9',
    ],
    [
      'by a later key where the first is equal',
      { regex: '(?<v>\\d)-(?<r>\\d+)', order: ['v:number', 'r:number'], newest: 2 },
      '1-3 2-9 2-10',
      '2-10 2-9',
    ],
    [
      'last what a capture took nothing of',
      { regex: '(?<v>\\d)(?:-r(?<r>\\d+))?', order: ['v:number', 'r:number'], newest: 2 },
      '1 1-r0 1-r1',
      '1-r1 1-r0',
    ],
    [
      'numbers of any length',
      { glob: '*', order: ['number'], newest: 1 },
      `9${HEX.length} 10`,
      '964',
    ],
    ['equal numbers by text', { glob: '*', order: ['number'] }, '07 7 8', '8 7 07'],
    ['what is no number, last', { glob: '*', order: ['number'] }, 'main 7 8', '8 7 main'],
    [
      'no name that moves beside a release',
      { glob: '*', order: ['text'], newest: 9 },
      '1 1.2 v1 v1.2 1.2.3 1.3 2 1.2.3.4',
      '2 1.3 1.2.3.4 1.2.3',
    ],
    ['short names beside no release', { regex: '[\\d.]+' }, '1 1.2 1.2.3-rc.1', '1.2 1'],
    ['no referrers', { glob: '*' }, `a sha256-${HEX} sha256-${HEX}.sig`, 'a'],
    ['no moving names', { regex: '.*' }, 'latest stable edge main', 'main'],
    ['each tag once', { glob: '*' }, 'a b a', 'b a'],
    ['nothing that is no tag', { glob: '*' }, 'a -b é', 'a'],
  ])('%s', (_, rule, listing, chosen) => {
    expect(chosenBy(rule, listing)).toBe(chosen)
  })

  it('what is made last, and what nobody dates at the end', () => {
    const made = new Map([
      ['a', 3],
      ['b', 5],
      ['c', 5],
      ['e', Number.NaN],
    ])
    const createdMs = (tag: string) => made.get(tag)
    const rule = { glob: '*', order: ['created'], newest: 5 }
    expect(chosenBy(rule, 'a b c d e', { createdMs })).toBe('c b a e d')
  })
})

describe('a flavor', () => {
  it.each<[string, string, string, string]>([
    [
      'alpine',
      '*',
      '1.2.3-alpine 1.10.0-alpine 1.2.4-alpine3.19 1.2.5',
      '1.10.0-alpine 1.2.3-alpine',
    ],
    [
      'alpine{n}',
      '*',
      '1.2.3-alpine3.9 1.2.3-alpine3.19 1.2.4-alpine3.1 1.2.9-alpine 1.2.3-alpine3',
      '1.2.4-alpine3.1 1.2.3-alpine3.19 1.2.3-alpine3.9 1.2.3-alpine3',
    ],
    [
      'debian-{n}-r{n}',
      '^1',
      '1.0.0-debian-12-r9 1.0.0-debian-12-r10 1.0.0-debian-9-r99 2.0.0-debian-12-r1',
      '1.0.0-debian-12-r10 1.0.0-debian-12-r9 1.0.0-debian-9-r99',
    ],
    ['slim', '*', '1.0.0-rc.1-slim 1.0.0-slim v1.0.0-slim 1.0-slim', 'v1.0.0-slim 1.0.0-slim'],
    ['slim', '*-0', '1.0.0-rc.1-slim 1.0.0-slim', '1.0.0-slim 1.0.0-rc.1-slim'],
    ['a{n}', '*', '1.0.0-a3 1.0.0-a3.9', '1.0.0-a3.9 1.0.0-a3'],
    ['a{n}', '*', '1.0.0-a3.9.1 1.0.0-a3.9', '1.0.0-a3.9.1 1.0.0-a3.9'],
    ['a.b', '*', '1.0.0-a.b 1.0.0-axb', '1.0.0-a.b'],
  ])('%s of %s', (flavor, semver, listing, chosen) => {
    expect(chosenBy({ semver, flavor }, listing)).toBe(chosen)
  })

  it('stands for any version where no range is given', () => {
    const listing = '1.0.0-slim 2.0.0-slim 3.0.0 x-slim'
    expect(chosenBy({ flavor: 'slim', newest: 1 }, listing)).toBe('2.0.0-slim')
    expect(chosenBy({ flavor: 'slim', glob: '1*' }, listing)).toBe('1.0.0-slim')
  })
})

describe('exclude', () => {
  it('takes away what any of its patterns takes, and the place goes to the next', () => {
    const rule = { semver: '*', newest: 2 }
    const exclude = ['1.3.0', { glob: '*.1', semver: '<2' }]
    expect(select({ tags: [rule], exclude }, '1.0.0 1.2.0 1.2.1 1.3.0').tags).toEqual([
      '1.2.0',
      '1.0.0',
    ])
  })

  it('takes a moving name only where it is named', () => {
    const tags = ['edge', 'latest', '1.2']
    const exclude = ['latest', { glob: '*' }]
    expect(select({ tags, exclude }, 'edge latest 1.2 1.2.3').tags).toEqual(['edge', '1.2'])
  })
})

it('selects what any entry does, each once', () => {
  const tags = [{ semver: '*', newest: 1 }, 'edge', { glob: '1.*', order: ['text'], newest: 2 }]
  expect(select({ tags }, '1.0.0 1.9.0 edge').tags).toEqual(['1.9.0', 'edge', '1.0.0'])
})

it('takes tags that are named to be there where nothing was listed', async () => {
  const policy = await openPolicy({ tags: ['edge', 'latest'], exclude: ['latest'] })
  expect(policy.needs).toEqual({ listing: false, created: false, digests: false })
  const { tags, problems } = selectTags(findCandidates(policy, undefined), NO_FACTS)
  expect([tags, problems.map(({ kind }) => kind)]).toEqual([['edge'], ['all-excluded']])
})

it('does not match patterns without a listing', async () => {
  const policy = await openPolicy({ tags: [{ glob: '*' }] })
  expect(() => findCandidates(policy, undefined)).toThrow('no tags are given')
})

it.each<[RuleKeys, object]>([
  [{ glob: '*' }, { listing: true, created: false, digests: false }],
  [
    { glob: '*', order: ['created'] },
    { listing: true, created: true, digests: false },
  ],
  [
    { glob: '*', as: ['{digest:12}'] },
    { listing: true, created: false, digests: true },
  ],
])('%j needs %j', async (rule, needs) => {
  expect((await openPolicy({ tags: [rule] })).needs).toEqual(needs)
})
