import { describe, expect, it } from 'vitest'
import type { Facts } from '../../src/select/facts.ts'
import { describeHold } from '../../src/select/guards.ts'
import type { Guards, TagPolicy } from '../../src/select/policy.ts'
import { DAY_MS, lockOf, NOW_MS, select } from './selecting.ts'

const NEWEST = { semver: '*', newest: 1 }

/** What is chosen, and what is held and why. */
function outcome(policy: TagPolicy, listing: string, facts: Partial<Facts> = {}) {
  const { tags, entries } = select(policy, listing, facts)
  const held = entries.flatMap(({ held }) => held)
  return [tags.join(' '), held.map(({ tag, hold }) => `${tag}: ${describeHold(hold)}`)]
}

function guarded(guards: Guards, rule: TagPolicy['tags'][number] = NEWEST): TagPolicy {
  return { tags: [rule], guards }
}

describe('minAge', () => {
  const policy = guarded({ minAgeMs: 3 * DAY_MS })
  const since = (ages: Readonly<Record<string, number>>) => (tag: string) => {
    const age = ages[tag]
    return age === undefined ? undefined : NOW_MS - age
  }

  it('holds a tag until it is old enough, and gives its place to the next', () => {
    const sinceMs = since({ '1.1.0': 3 * DAY_MS - 1, '1.0.0': 3 * DAY_MS })
    expect(outcome(policy, '1.0.0 1.1.0', { sinceMs })).toEqual([
      '1.0.0',
      ['1.1.0: minAge 3d, until 2026-11-24T09:01Z'],
    ])
  })

  it('holds what nobody knows the age of, and nobody knows how long', () => {
    expect(outcome(policy, '1.0.0')).toEqual(['', ['1.0.0: minAge 3d, and nothing tells its age']])
    const { entries } = select(policy, '1.0.0')
    expect(entries[0]?.held[0]?.hold.untilMs).toBeUndefined()
  })

  it('counts from now for what is seen now', () => {
    const { entries } = select(policy, '1.0.0', { sinceMs: () => NOW_MS })
    expect(entries[0]?.held[0]?.hold.untilMs).toBe(NOW_MS + 3 * DAY_MS)
  })

  it('is for tags that are named as well', () => {
    const sinceMs = since({ edge: DAY_MS, main: 4 * DAY_MS })
    const tags = ['edge', 'main']
    expect(outcome({ ...policy, tags }, 'edge main', { sinceMs })).toEqual([
      'main',
      ['edge: minAge 3d, until 2026-11-26T09:00Z'],
    ])
  })

  it('does not hold what stands as it is locked', () => {
    expect(outcome(policy, '1.0.0', lockOf('1.0.0'))).toEqual(['1.0.0', []])
  })

  it('holds what a locked tag has moved to, which keeps its place as it is locked', () => {
    const facts = { ...lockOf('1.1.0'), moved: new Set(['1.1.0']), sinceMs: () => NOW_MS }
    const { entries } = select(policy, '1.0.0 1.1.0', facts)
    expect(entries[0]?.chosen).toMatchObject([{ tag: '1.1.0', hold: { guard: 'minAge' } }])
  })

  it('tells what would be chosen if it did not hold', () => {
    const tags = [{ semver: '*', newest: 2 }]
    const { entries } = select({ ...policy, tags }, '1.0.0 1.1.0 1.2.0', { sinceMs: () => NOW_MS })
    const awaited = entries[0]?.held.filter(({ isAwaited }) => isAwaited).map(({ tag }) => tag)
    expect(awaited).toEqual(['1.2.0', '1.1.0'])
  })

  it('bears times that no calendar has', () => {
    expect(outcome(policy, '1.0.0', { sinceMs: () => 1e300 })).toEqual([
      '',
      ['1.0.0: minAge 3d, until +275760-09-13T00:00Z'],
    ])
  })
})

describe('maxMajorJump', () => {
  it.each([
    [0, '1.0.0', '1.9.0', '2.0.0'],
    [1, '1.0.0', '2.0.0', '3.0.0'],
    [2, '1.0.0', '3.0.0', ''],
    [1, '1.0.0 2.0.0', '3.0.0', ''],
    [0, 'v2.5.0', '2.0.0', '3.0.0'],
    [0, 'main', '3.0.0', ''],
  ])('of %i from %s comes to %s', (maxMajorJump, locked, chosen, held) => {
    const { tags, entries } = select(guarded({ maxMajorJump }), '1.9.0 2.0.0 3.0.0', lockOf(locked))
    expect(tags).toEqual([chosen])
    expect(entries[0]?.held[0]?.tag ?? '').toBe(held && '3.0.0')
  })

  it('says from where, and holds no tag that is named', () => {
    const policy = guarded({ maxMajorJump: 1 })
    expect(outcome(policy, '1.0.0 3.0.0', lockOf('1.0.0'))).toEqual([
      '1.0.0',
      ['3.0.0: maxMajorJump 1, and major 1 is locked'],
    ])
    expect(outcome({ ...policy, tags: ['3.0.0'] }, '3.0.0', lockOf('1.0.0'))[0]).toBe('3.0.0')
  })

  it('goes by what an order reads as a version, too', () => {
    const rule = { regex: 'r-(?<v>.*)', order: ['v:semver'], newest: 1 }
    const policy = guarded({ maxMajorJump: 0 }, rule)
    expect(outcome(policy, 'r-1.0.0 r-2.0.0', lockOf('r-1.0.0'))[0]).toBe('r-1.0.0')
  })

  it('is exact for numbers of any length', () => {
    const [first, second] = ['20240101123456788.0.0', '20240101123456789.0.0']
    expect(outcome(guarded({ maxMajorJump: 0 }), `${first} ${second}`, lockOf(first))[0]).toBe(
      first,
    )
    expect(outcome(guarded({ maxMajorJump: 1 }), `${first} ${second}`, lockOf(first))[0]).toBe(
      second,
    )
  })
})

describe('allowDowngrade false', () => {
  const policy = guarded({ allowDowngrade: false })

  it('lets nothing take the place of a greater tag that is gone', () => {
    expect(outcome(policy, '1.0.0 1.1.0', lockOf('1.2.0'))).toEqual([
      '',
      [
        '1.1.0: allowDowngrade false, and the greater 1.2.0 is locked',
        '1.0.0: allowDowngrade false, and the greater 1.2.0 is locked',
      ],
    ])
  })

  it.each([
    ['a greater one', policy, '1.0.0 1.3.0', '1.2.0', '1.3.0'],
    ['where nothing is gone', policy, '1.0.0 1.2.0', '1.2.0', '1.2.0'],
    ['a locked one', policy, '1.0.0 1.1.0', '1.1.0 1.2.0', '1.1.0'],
    ['where it is excluded', { ...policy, exclude: ['1.2.0'] }, '1.1.0 1.2.0', '1.2.0', '1.1.0'],
    ['where it is excluded and gone', { ...policy, exclude: ['1.2.0'] }, '1.1.0', '1.2.0', '1.1.0'],
    ['where it is allowed', guarded({ allowDowngrade: true }), '1.1.0', '1.2.0', '1.1.0'],
    ['where nothing is said', guarded({}), '1.1.0', '1.2.0', '1.1.0'],
    [
      'in another group',
      guarded({ allowDowngrade: false }, { ...NEWEST, per: 'minor' }),
      '1.1.0 2.0.0',
      '1.1.1 2.0.0',
      '2.0.0',
    ],
    [
      'where all are wanted',
      guarded({ allowDowngrade: false }, { semver: '*' }),
      '1.1.0',
      '1.2.0',
      '1.1.0',
    ],
    [
      'where nobody dates what is gone',
      guarded({ allowDowngrade: false }, { glob: '*', order: ['created'], newest: 1 }),
      'a',
      'b',
      'a',
    ],
  ])('lets be chosen %s', (_, policy, listing, locked, chosen) => {
    expect(select(policy, listing, lockOf(locked)).tags.join(' ')).toBe(chosen)
  })

  it('goes by when tags were made where the order does', () => {
    const rule = { glob: '*', order: ['created'], newest: 1 }
    const createdMs = (tag: string) => (tag === 'b' ? 2 : 1)
    const facts = { ...lockOf('b'), createdMs }
    expect(select(guarded({ allowDowngrade: false }, rule), 'a', facts).tags).toEqual([])
  })
})

describe('missing platforms', () => {
  const lacks = (tag: string) => (tag === '1.1.0' ? ['linux/arm64', 'linux/s390x'] : [])

  it('hold a tag for as long as they are missing', () => {
    expect(outcome({ tags: [NEWEST] }, '1.0.0 1.1.0', { lacks })).toEqual([
      '1.0.0',
      ['1.1.0: it lacks linux/arm64, linux/s390x'],
    ])
  })

  it('leave a locked tag as it is locked', () => {
    const { entries } = select({ tags: [NEWEST] }, '1.0.0 1.1.0', { lacks, ...lockOf('1.1.0') })
    expect(entries[0]?.chosen).toMatchObject([{ tag: '1.1.0', hold: { guard: 'platforms' } }])
  })

  it('are said rather than what time ends', () => {
    const { entries } = select(guarded({ minAgeMs: 1 }), '1.1.0', { lacks, sinceMs: () => NOW_MS })
    expect(entries[0]?.held[0]?.hold.guard).toBe('platforms')
  })
})
