/**
 * Listings that are hostile or large. What is far too slow takes minutes, so the bounds are generous:
 * `bench/selection.ts` measures.
 */
import { describe, expect, it } from 'vitest'
import { explain } from '../../src/select/explain.ts'
import { nameTags } from '../../src/select/naming.ts'
import type { RuleKeys } from '../../src/select/policy.ts'
import { select } from './selecting.ts'

const PATIENCE_MS = 8_000

/** 100 KiB of tags of one length. */
function hostile(letters: string, length: number): readonly string[] {
  let state = 1
  const next = () =>
    letters.charAt(((state = (state * 48_271) % 2_147_483_647) >> 8) % letters.length)
  return Array.from({ length: (100 * 1024) / length }, () => Array.from({ length }, next).join(''))
}

function timed<T>(act: () => T): readonly [T, number] {
  const began = performance.now()
  return [act(), performance.now() - began]
}

describe('a hostile rule takes a hostile listing in its stride', () => {
  it.each<[string, RuleKeys]>([
    ['options', { regex: '(?<n>(?:a?b?c?d?e?){25}x|.*)' }],
    ['runs', { regex: `(?<n>${'.*'.repeat(135)})x|.*` }],
    ['many runs', { regex: `(?<n>${'.*'.repeat(70)})x|(?<m>${'.*'.repeat(60)})y|.*` }],
    ['many captures', { regex: `(?:${'(.*)'.repeat(50)})x|(?<n>.*)` }],
    ['nested runs', { regex: '(?<n>(?:(?:.*)*)*)(?<m>.*)' }],
    ['what no automaton remembers', { regex: '(?<n>(?:.*a.{0,18}){5}.*b.{0,39}x|.*)' }],
  ])('that captures %s', (_, { regex }) => {
    const rule = { regex: regex!, order: ['n:text'], newest: 2, per: 'n', as: ['{n}'] }
    const took = [hostile('ab', 128), hostile('abc', 4)].map(tags => {
      const [selection, ms] = timed(() => select({ tags: [rule] }, tags))
      expect(selection.entries[0]?.candidates.length).toBeGreaterThan(0)
      return ms
    })
    expect(Math.max(...took)).toBeLessThan(PATIENCE_MS)
  })

  it.each<[string, RuleKeys]>([
    ['regex', { regex: '(?:(?:a?b?c?d?e?){49}x|z)q' }],
    ['glob', { glob: `${'*a'.repeat(254)}x` }],
    ['range', { semver: Array(85).fill('!=1.x').join(' ') }],
    ['flavor', { flavor: 'a{n}-{n}b{n}' }],
  ])('that matches nothing, and gets a suggestion: %s', (_, rule) => {
    const took = ['ab', 'abc', '1.-a', '1-'].map(letters => {
      const tags = [hostile(letters, 128), hostile(letters, 4)].flat()
      const [{ problems }, ms] = timed(() => select({ tags: [rule] }, tags))
      expect(problems.map(({ kind }) => kind)).toEqual(['no-match'])
      return ms
    })
    expect(Math.max(...took)).toBeLessThan(PATIENCE_MS)
  })

  it.each<[string, RuleKeys]>([
    ['text', { glob: '*', order: ['text'], newest: 1 }],
    ['numbers', { glob: '*', order: ['number'], newest: 1 }],
  ])('that orders hashes by %s', (_, rule) => {
    const tags = [hostile('0123456789abcdef', 64), hostile('01', 128)].flat()
    const [{ problems }, ms] = timed(() => select({ tags: [rule] }, tags))
    expect(problems.map(({ kind }) => kind)).toEqual(rule.order?.[0] === 'text' ? ['hashes'] : [])
    expect(ms).toBeLessThan(PATIENCE_MS)
  })
})

it('selects from 100,000 tags, names and explains them', () => {
  const tags = Array.from(
    { length: 100_000 },
    (_, index) => `${index % 40}.${Math.floor(index / 40) % 50}.${Math.floor(index / 2_000)}`,
  )
  const rule = { semver: '>=10', newest: 3, per: 'minor', as: ['{tag}', '{semver.major}'] }
  const policy = { tags: [rule, { semver: '*', as: ['all-{tag}'] }], exclude: [{ glob: '*.7' }] }
  const [[selection, names], ms] = timed(() => {
    const selection = select(policy, tags)
    return [selection, nameTags(selection).names] as const
  })
  expect(selection.entries.map(({ chosen }) => chosen.length)).toEqual([4_500, 98_000])
  expect(names).toHaveLength(4_500 + 30 + 98_000)
  expect(explain(selection)).toHaveLength(100_000)
  expect(ms).toBeLessThan(PATIENCE_MS)
})
