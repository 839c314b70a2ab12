import { describe, expect, it } from 'vitest'
import { compilePatterns } from '../../src/select/match.ts'
import { loadEngines, openPatterns } from '../../src/select/open.ts'
import type { TagPattern } from '../../src/select/types.ts'

const HEX = 'a'.repeat(64)

describe('patterns', () => {
  it.each<[string, TagPattern, string, string]>([
    ['v before versions', { semver: '>=1.0.0' }, 'v1.9.0 v1.10.0 1.2.0', 'latest main'],
    ['no pre-releases', { semver: '>=1.0.0' }, '1.0.0', '1.1.0-rc.1 1.1.0-rc.2'],
    ['pre-releases', { semver: '>=1.0.0-0' }, '1.0.0 1.1.0-rc.1 1.1.0-beta.9', ''],
    ['an upper bound', { semver: '>=1.0.0-0 <2.0.0' }, '1.0.0 1.1.0-rc.2', '2.0.0-rc.1'],
    ['patches', { semver: '1.2.x' }, '1.2.9 1.2.10', '1.3.0 1.2 1'],
    ['no flavours', { semver: '^1.0.0' }, '1.2.3', '1.2.3-alpine 1.2.4-alpine3.19'],
    ['dates', { glob: '*' }, '2024-01-09 2023-12-31', 'latest'],
    ['numbers', { glob: '*' }, '9 10 100 20240101123456789', ''],
    [
      'branches',
      { regex: 'main-[a-f0-9]+-(?<ts>[0-9]+)' },
      'main-2f1a9c3-1700000000 main-9e8d7c6-1699999999',
      'pr-12-abcdef0-1800000000 main-latest',
    ],
    [
      'a suffix that is left out',
      { regex: 'RELEASE\\.(?<t>.*)Z' },
      'RELEASE.2024-01-01T16-36-33Z',
      'RELEASE.2024-01-13T07-53-03Z.fips latest',
    ],
    ['what all keys take', { semver: '*', regex: '1\\.2' }, '', '1.2.3 11.2.0 1.20.0 1.2'],
    ['what both keys take', { semver: '1', glob: '*.0' }, '1.2.0', '1.2.3 2.2.0 1.0'],
    ['revisions', { regex: '(?<v>\\d+\\.\\d+\\.\\d+)(-r\\d+)?' }, '1.2.3 1.2.3-r1', '1.2.3-x'],
    ['no hashes', { semver: '*' }, '1.0.0', '1234567 7654321'],
    ['one of two ranges', { semver: '>=1.0.0, <2.0.0 || >=3.0.0' }, '1.9.9 3.0.1', '2.5.0'],
    ['no signatures', { glob: '*' }, '1.0.0', `sha256-${HEX}.sig sha256-${HEX}`],
    ['no referrers', { regex: '.*' }, `sha256-${HEX.slice(1)}`, `sha256-${HEX} sha512-${HEX}-x`],
    ['no moving names', { regex: '.*' }, 'latest-1 nightly 1', 'latest stable edge'],
    ['a name', 'latest', 'latest', 'Latest latest-1'],
    ['a name like a pattern', '1.2', '1.2', '1x2 1.2.3'],
    ['a name of a signature', `sha256-${HEX}.sig`, `sha256-${HEX}.sig`, `sha256-${HEX}`],
    ['no keys', {}, '1.2.3 x', 'edge'],
  ])('%s', async (_, pattern, taken, left) => {
    const { matches } = await openPatterns([pattern])
    const tags = `${taken} ${left}`.split(' ').filter(tag => tag !== '')
    expect(tags.filter(matches).join(' ')).toBe(taken)
  })

  it('take what any of them takes', async () => {
    const { matches } = await openPatterns(['edge', { glob: 'v*' }, { semver: '1' }])
    expect(['edge', 'v9', '1.2.3', '2.0.0', 'latest', 'e'].filter(matches)).toEqual([
      'edge',
      'v9',
      '1.2.3',
    ])
    expect(compilePatterns([]).matches('a')).toBe(false)
  })

  it.each(['', '.a', '-a', 'a/b', 'a b', 'é', 'a\n', 'a'.repeat(129)])(
    'take nothing that is no tag: %j',
    async text => {
      const { matches } = await openPatterns([{ glob: '*' }, { regex: '(?s).*' }])
      expect(matches(text)).toBe(false)
    },
  )
})

it.each([
  [{ regex: false, semver: false }, []],
  [{ regex: true, semver: false }, ['regex']],
  [{ regex: false, semver: true }, ['semver']],
])('loads what is needed, and nothing else: %j', async (needed, keys) => {
  expect(Object.keys(await loadEngines(needed))).toEqual(keys)
})

/** 100 KiB of tags of one length. */
function listing(letters: string, length: number): readonly string[] {
  let state = 1
  const next = () =>
    letters.charAt(((state = (state * 48_271) % 2_147_483_647) >> 8) % letters.length)
  return Array.from({ length: (100 * 1024) / length }, () => Array.from({ length }, next).join(''))
}

// the longest of these takes about half a second, and what backtracks takes years
it.each<[string, TagPattern]>([
  ['options', { regex: '(?:a?b?c?d?e?){49}x' }],
  ['runs', { regex: `${'.*'.repeat(230)}x` }],
  ['nested runs', { regex: '(?:(?:.*)*)*x' }],
  ['what no automaton remembers', { regex: '(?:.*a.{0,18}){10}.*b.{0,39}x' }],
  ['captures', { regex: '(?:(a)?(b)?){60}x' }],
  ['stars', { glob: `${'*a'.repeat(255)}x` }],
  ['choices', { glob: `${'{,a}'.repeat(127)}x` }],
  ['nested choices', { glob: `${'{*,'.repeat(125)}*${'}'.repeat(125)}x` }],
  ['ranges', { semver: Array(85).fill('!=1.x').join(' ') }],
])('a hostile pattern takes a hostile listing in its stride: %s', async (_, pattern) => {
  const { matches } = await openPatterns([pattern])
  const listings = [listing('ab', 128), listing('abc', 4)]
  const took = listings.map(tags => {
    const began = performance.now()
    tags.forEach(tag => matches(tag))
    return performance.now() - began
  })
  expect(Math.max(...took)).toBeLessThan(5_000)
})
