import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePatterns } from '../../src/select/match.ts'
import { letters, patternRefusal, tags, textsOf, unlessRefused } from './patterns.ts'

const takes = (glob: string) => compilePatterns([{ glob }]).matches

describe('a glob', () => {
  it.each([
    ['1.2', '1.2', '1.2.3 11.2 1.20'],
    ['*', 'a 1.2.3 _', ''],
    ['1.*', '1. 1.2 1.2.3', '11.2 1'],
    ['*-rc*', '1-rc 1-rc.1 a-rc-b', '1-r rc'],
    ['*.*.*', '1.2.3 1.2.3.4 a...', '1.2'],
    ['**', 'a aa', ''],
    ['?', 'a 1', 'aa'],
    ['?.?', '1.2', '1.22 1.'],
    ['a?*', 'ab abc', 'a'],
    ['[abc]', 'a c', 'd ab'],
    ['[a-c1]', 'b 1', 'd 2 -'],
    ['[!a-c]', 'd 1', 'a c dd'],
    ['[^a-c]', 'd', 'a'],
    ['[a-]', 'a', 'b'],
    ['1[-.]2', '1-2 1.2', '1_2'],
    ['[\\a-c]', 'a b', 'd'],
    ['{a,b}', 'a b', 'c ab'],
    ['v{1,2}.*', 'v1.0 v2.0', 'v3.0 v1'],
    ['1{,-alpine}', '1 1-alpine', '1-'],
    ['{a,b{c,d}}e', 'ae bce bde', 'be ce'],
    ['{*-a,?}x', '1-ax a-ax 1x', 'ax. abx'],
    ['{a}', 'a', 'b'],
    ['{}a', 'a', 'b'],
    ['\\a\\b', 'ab', 'b'],
    ['a,b', '', 'a b'],
    ['\\*', '', 'a'],
    ['\\[a\\]', '', 'a'],
    ['', '', 'a'],
  ])('%j takes %j, not %j', (glob, taken, left) => {
    const given = `${taken} ${left}`.split(' ').filter(tag => tag !== '')
    expect(given.filter(takes(glob)).join(' ')).toBe(taken)
  })

  it.each([
    ['1.[ab', 2, '[', 'this "[" is never closed'],
    ['[', 0, '[', 'this "[" is never closed'],
    ['[a-', 0, '[', 'this "[" is never closed'],
    ['a{b,c', 1, '{', 'this "{" is never closed'],
    ['{a,{b}', 0, '{', 'this "{" is never closed'],
    ['{[},a', 1, '[', 'this "[" is never closed'],
    ['a]', 1, ']', 'this "]" closes nothing'],
    ['{a}}', 3, '}', 'this "}" closes nothing'],
    ['x[]', 1, '[]', 'the brackets hold nothing'],
    ['x[!]', 1, '[!]', 'the brackets hold nothing'],
    ['[z-a]', 1, 'z-a', '"z-a" goes backwards'],
    ['a\\', 1, '\\', 'nothing follows the last "\\"'],
    ['[\\', 1, '\\', 'nothing follows the last "\\"'],
  ])('%j is refused', (glob, start, part, message) => {
    const error = patternRefusal(() => takes(glob))
    expect([error.message, error.at]).toEqual([message, { start, end: start + part.length }])
    expect(error.hint).toBeTruthy()
  })

  it('is refused beyond 512 bytes, and not before', () => {
    expect(takes(`${'*'.repeat(511)}a`)('aa')).toBe(true)
    expect(() => takes('*'.repeat(513))).toThrow('the pattern has 513 bytes')
    expect(() => takes('é'.repeat(257))).toThrow('the pattern has 514 bytes')
  })

  it('is one or an error, whatever is written', () => {
    const pieces = [...letters('*?[]{},!^-\\ab1.'), '[a-z]', '{a,b}', 'é', '\ud83d\udc0b']
    let read = 0
    fc.assert(
      fc.property(textsOf(pieces), tags, (glob, tag) => {
        const matches = unlessRefused(() => takes(glob))
        if (matches !== undefined) read += [matches(tag)].length
      }),
      { numRuns: 3_000 },
    )
    expect(read).toBeGreaterThan(100)
  })
})

/** A glob and its meaning, as a regular expression that may take any time. */
interface Case {
  readonly glob: string
  readonly meaning: string
}

const piece = fc.oneof(
  fc.constantFrom(...letters('abz019_')).map(text => ({ glob: text, meaning: text })),
  fc.constantFrom(...letters('.-')).map(text => ({ glob: text, meaning: `\\${text}` })),
  fc.constantFrom(
    { glob: '*', meaning: '.*' },
    { glob: '?', meaning: '.' },
    { glob: '[a-m.]', meaning: '[a-m.]' },
    { glob: '[!a-m.]', meaning: '[^a-m.]' },
    { glob: '\\b', meaning: 'b' },
  ),
)
const cases = fc.letrec<{ glob: Case; piece: Case }>(tie => ({
  glob: fc.array(tie('piece'), { maxLength: 5 }).map(all => ({
    glob: all.map(({ glob }) => glob).join(''),
    meaning: all.map(({ meaning }) => meaning).join(''),
  })),
  piece: fc.oneof(
    { maxDepth: 3 },
    { arbitrary: piece, weight: 4 },
    {
      arbitrary: fc.array(tie('glob'), { minLength: 1, maxLength: 3 }).map(all => ({
        glob: `{${all.map(({ glob }) => glob).join(',')}}`,
        meaning: `(?:${all.map(({ meaning }) => meaning).join('|')})`,
      })),
      weight: 1,
    },
  ),
})).glob

it('takes what it means', () => {
  const taken = { true: 0, false: 0 }
  fc.assert(
    fc.property(
      cases,
      tags.filter(tag => /^\w/.test(tag)),
      ({ glob, meaning }, tag) => {
        const isTaken = new RegExp(`^(?:${meaning})$`).test(tag)
        expect([glob, takes(glob)(tag)]).toEqual([glob, isTaken])
        taken[`${isTaken}`] += 1
      },
    ),
    { numRuns: 5_000 },
  )
  expect(Math.min(taken.true, taken.false)).toBeGreaterThan(100)
})
