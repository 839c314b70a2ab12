/** What holds for any policy, any listing and whatever is known. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { explain } from '../../src/select/explain.ts'
import type { Facts } from '../../src/select/facts.ts'
import { nameTags } from '../../src/select/naming.ts'
import type { RuleKeys, TagPolicy } from '../../src/select/policy.ts'
import { letters } from './patterns.ts'
import { DAY_MS, NOW_MS, select } from './selecting.ts'

const number = fc.constantFrom(0, 1, 2, 10)
const tag = fc.oneof(
  fc
    .tuple(fc.constantFrom('', 'v'), number, number, number)
    .map(([v, ...all]) => v + all.join('.')),
  fc
    .tuple(
      number,
      number,
      fc.constantFrom('rc.1', 'rc.2', 'slim', 'alpine3.9', 'alpine3.19', '2f1a9c3'),
    )
    .map(([major, minor, suffix]) => `${major}.${minor}.0-${suffix}`),
  fc
    .tuple(fc.constantFrom('a', 'b'), number, fc.constantFrom('', '-x', '-y'))
    .map(parts => parts.join('')),
  fc.constantFrom('1', '1.2', '10', '007', 'latest', 'edge', '2f1a9c3', '9e8d7c6', '1234567'),
  fc.constantFrom('a-2f1a9c3', 'a-9e8d7c6', `sha256-${'a'.repeat(64)}`, '-', 'é'),
)
const listings = fc.uniqueArray(tag, { maxLength: 24 })

const rules = fc
  .tuple(
    fc.constantFrom<RuleKeys>(
      { semver: '*' },
      { semver: '>=1-0 <10', newest: 1 },
      { semver: '*', newest: 1, per: 'minor' },
      { flavor: 'alpine{n}', newest: 2 },
      { glob: '*', order: ['text'], newest: 2 },
      { glob: '*', order: ['number'], newest: 2 },
      { glob: '*', order: ['created'], newest: 3 },
      { glob: '*', order: ['semver', 'created'], newest: 2, per: 'major' },
      { regex: '(?<b>[ab])(?<n>\\d+)(?:-.*)?', order: ['n:number'], newest: 2 },
      {
        regex: '(?<b>[ab])(?<n>\\d+)(?:-(?<s>.*))?',
        order: ['n:number', 's:text'],
        newest: 1,
        per: 'b',
      },
      { regex: 'a-(?<s>.*)', order: ['s:text'], newest: 1 },
    ),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([rule, newest]) => (rule.newest === undefined ? rule : { ...rule, newest }))

const policies: fc.Arbitrary<TagPolicy> = fc.record({
  tags: fc.array(fc.oneof({ arbitrary: rules, weight: 4 }, tag), { minLength: 1, maxLength: 3 }),
  exclude: fc.array(fc.constantFrom('1.0.0', 'edge', { glob: '*-rc*' }, { semver: '2' }), {
    maxLength: 2,
  }),
  guards: fc.record({
    minAgeMs: fc.constantFrom(0, 3 * DAY_MS),
    maxMajorJump: fc.constantFrom(0, 1, 100),
    allowDowngrade: fc.boolean(),
  }),
})

/** The same for the same tags, so that it does not matter how often or in which order it is asked. */
const facts: fc.Arbitrary<Facts> = fc
  .tuple(fc.uniqueArray(tag, { maxLength: 6 }), fc.nat(99), fc.boolean())
  .map(([locked, seed, isMoved]) => ({
    nowMs: NOW_MS,
    locked: new Set(locked),
    moved: new Set(isMoved ? locked : []),
    sinceMs: tag => (noise(tag, seed) === 0 ? undefined : NOW_MS - noise(tag, seed) * DAY_MS),
    createdMs: tag => (noise(tag, seed + 1) === 0 ? undefined : noise(tag, seed + 1)),
    lacks: tag => (noise(tag, seed + 2) === 0 ? ['linux/arm64'] : []),
  }))

function noise(tag: string, seed: number): number {
  return letters(tag).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, seed) % 7
}

const cases = fc.record({ policy: policies, listing: listings, facts })
const RUNS = { numRuns: 2_000 }

it('is the same for any order of the listing, and for tags that are listed twice', () => {
  const shuffled = cases.chain(one =>
    fc.record({
      one: fc.constant(one),
      listing: fc.shuffledSubarray(one.listing, { minLength: one.listing.length }),
    }),
  )
  fc.assert(
    fc.property(shuffled, ({ one: { policy, listing: first, facts }, listing: second }) => {
      const [a, b] = [first, [...second, ...second]].map(tags => select(policy, tags, facts))
      expect([b!.tags, b!.problems, explain(b!), nameTags(b!)]).toEqual([
        a!.tags,
        a!.problems,
        explain(a!),
        nameTags(a!),
      ])
    }),
    RUNS,
  )
})

it('is a part of the listing, without what is excluded, held or gone', () => {
  let [chosen, held] = [0, 0]
  fc.assert(
    fc.property(cases, ({ policy, listing, facts }) => {
      const { tags, entries } = select(policy, listing, facts)
      for (const entry of entries) {
        const out = [
          ...entry.excluded.map(({ tag }) => tag),
          ...entry.held.flatMap(({ tag }) => (facts.locked.has(tag) ? [] : [tag])),
          ...entry.gone,
        ]
        expect(entry.chosen.filter(({ tag }) => out.includes(tag))).toEqual([])
        held += entry.held.length
      }
      expect(tags.filter(tag => !listing.includes(tag))).toEqual([])
      chosen += tags.length
    }),
    RUNS,
  )
  expect(Math.min(chosen, held)).toBeGreaterThan(1_000)
})

it('has no more of a group than are wanted', () => {
  fc.assert(
    fc.property(cases, ({ policy, listing, facts }) => {
      for (const { entry, chosen } of select(policy, listing, facts).entries) {
        if (entry.kind === 'name') continue
        const groups = new Set(chosen.map(({ group }) => group))
        for (const group of groups) {
          const own = chosen.filter(other => other.group === group)
          expect(own.length).toBeLessThanOrEqual(entry.keys.newest ?? Infinity)
        }
      }
    }),
    RUNS,
  )
})

const oneTag = cases.chain(one =>
  fc.record({ one: fc.constant(one), tag: fc.constantFrom(...one.listing, 'none') }),
)

it('loses no other tag when one is excluded', () => {
  fc.assert(
    fc.property(oneTag, ({ one: { policy, listing, facts }, tag }) => {
      const before = select(policy, listing, facts).tags
      const excluding = { ...policy, exclude: [...(policy.exclude ?? []), tag] }
      const after = select(excluding, listing, facts).tags
      expect(before.filter(other => other !== tag && !after.includes(other))).toEqual([])
      expect(after).not.toContain(tag)
    }),
    { numRuns: 5_000 },
  )
})

it('loses no other tag when one is held', () => {
  fc.assert(
    fc.property(oneTag, ({ one: { policy, listing, facts }, tag }) => {
      const before = select(policy, listing, facts).tags
      const holding: Facts = {
        ...facts,
        lacks: other => (other === tag ? ['linux/s390x'] : (facts.lacks?.(other) ?? [])),
      }
      const after = select(policy, listing, holding).tags
      expect(before.filter(other => other !== tag && !after.includes(other))).toEqual([])
      expect(after.includes(tag) && !facts.locked.has(tag)).toBe(false)
    }),
    { numRuns: 5_000 },
  )
})

it('explains every tag, and those as taken that are', () => {
  fc.assert(
    fc.property(cases, ({ policy, listing, facts }) => {
      const selection = select(policy, listing, facts)
      const verdicts = explain(selection)
      const stay = selection.entries.flatMap(({ chosen }) =>
        chosen.flatMap(({ tag, hold }) => (hold ? [tag] : [])),
      )
      const taken = verdicts.flatMap(({ tag, verdict }) => (verdict === 'taken' ? [tag] : []))
      expect([...new Set([...taken, ...stay])].toSorted()).toEqual(selection.tags.toSorted())
      const known = verdicts.map(({ tag }) => tag)
      expect(listing.filter(tag => !known.includes(tag))).toEqual([])
    }),
    RUNS,
  )
})
