/** Ranges as Flux and Helm know them, and the two places where ours are stricter. */
import * as fc from 'fast-check'
import compare from 'semver/functions/compare.js'
import { describe, expect, it } from 'vitest'
import { compilePatterns } from '../../src/select/match.ts'
import { loadEngines } from '../../src/select/open.ts'
import { compareVersions } from '../../src/select/version-order.ts'
import { patternRefusal, textsOf, unlessRefused } from './patterns.ts'

const engines = await loadEngines({ regex: false, semver: true })
const takes = (semver: string) => compilePatterns([{ semver }], engines).matches

/** A range, what it takes, and what it leaves. */
type Row = readonly [range: string, taken: string, left: string]

function check(rows: readonly Row[]): void {
  it.each(rows)('%s takes %s, not %s', (range, taken, left) => {
    const matches = takes(range)
    const tags = `${taken} ${left}`.split(' ').filter(tag => tag !== '')
    expect(tags.filter(tag => matches(tag)).join(' ')).toBe(taken)
  })
}

describe('a bound', () => {
  check([
    ['2.0.0', '2.0.0 v2.0.0', '1.2.3 2.0.1 2.0.0-rc.1'],
    ['=2.0.0', '2.0.0', '1.2.3'],
    ['v1.2.3', '1.2.3 v1.2.3', '1.2.4'],
    ['=2.0', '2.0.0 2.0.1', '1.2.3 2.1.0'],
    ['4.1', '4.1.0 4.1.3', '4.2.0'],
    ['2', '2.1.1 2.0.0', '1.9.9 3.4.5'],
    ['0', '0.0.0 0.9.1', '1.0.0'],
    ['!=4.1.0', '4.1.1 5.0.0', '4.1.0 5.1.0-alpha.1'],
    ['!=4.1', '5.1.0 4.2.0', '4.1.0 4.1.1 5.1.0-alpha.1'],
    ['!=4', '5.1.0 3.0.0', '4.0.0 4.1.0'],
    ['!=4.x', '5.1.0', '4.1.0'],
    ['!=4.1.x', '4.2.0', '4.1.3'],
    ['!=4.1-alpha', '4.1.0 4.1.1-beta 5.0.0-alpha', '4.1.0-alpha 4.1.1-alpha'],
    ['>1.1.0', '1.1.1 4.1.0', '1.1.0 1.0.9'],
    ['>1.1', '4.1.0 1.2.0', '1.1.0 1.1.9'],
    ['>11', '12.0.0', '11.1.0 10.9.9'],
    ['>11.1', '11.2.1', '11.1.0 11.1.1'],
    ['>0', '1.0.0', '0.0.0 0.9.0 0.0.1-alpha'],
    ['>=11', '11.0.0 11.1.2', '10.9.9'],
    ['>=11.1', '11.1.2', '11.0.2'],
    ['>=1.1', '4.1.0 1.1.0', '0.0.9 4.1.0-beta'],
    ['=>1.1', '1.1.0', '1.0.9'],
    ['<11', '0.1.0 10.9.9', '11.0.0 11.1.0'],
    ['<1.1', '0.1.0 1.0.9', '1.1.0 1.1.1'],
    ['<1.x', '0.1.1', '1.0.0 1.1.1 2.0.0'],
    ['<1.1.x', '1.0.500', '1.1.0 1.1.500 1.2.1'],
    ['<=11', '1.2.3 11.2.3', '12.2.3'],
    ['<=1.1', '0.1.0 1.1.0 1.1.1', '1.2.3'],
    ['=<1.1', '1.1.1', '1.2.0'],
    ['<=1.x', '1.1.0', '2.0.0'],
    ['<=1.1.x', '1.1.500', '1.2.0'],
    ['<=4.5.6', '4.5.6 0.0.1', '4.5.7'],
    ['< 40.50.10', '40.50.9', '40.50.10'],
  ])
})

describe('a wildcard', () => {
  check([
    ['*', '0.0.0 1.2.3 4.5.6 v1.0.0', '1.2.3-alpha.1'],
    ['x', '1.2.3', ''],
    ['X.x.*', '1.2.3', ''],
    ['>=*', '0.0.0 1.2.3', ''],
    ['<=*', '0.0.0 1.2.3', ''],
    ['~*', '2.1.1', ''],
    ['^*', '2.1.1', ''],
    ['2.*', '2.0.0 2.1.1', '1.9.9 3.4.5'],
    ['2.1.*', '2.1.1', '2.2.1'],
    ['0.x.x', '0.3.1', '1.2.3'],
    ['0.0.x', '0.0.7', '0.1.0 1.2.3'],
    ['1.2.x', '1.2.9 1.2.10', '1.3.0'],
  ])
})

describe('~', () => {
  check([
    ['~1.2.3', '1.2.3 1.2.5', '1.2.2 1.3.2 2.2.4'],
    ['~>1.2.3', '1.2.4', '1.3.4'],
    ['~1.2', '1.2.0 1.2.4', '1.3.4'],
    ['~1', '1.0.0 1.3.5', '2.1.1 1.3.5-beta'],
    ['~1.x', '1.3.5', '2.1.1'],
    ['~0.2.3', '0.2.5', '0.3.5'],
    ['~0', '0.3.5', '1.0.0'],
    ['~0.0.0', '0.0.0 1.2.3', ''],
    ['~1.1-alpha', '1.1.0-alpha 1.1.1-beta', '1.2.0-alpha'],
    ['~1.1.1-beta', '1.1.1 1.1.1-beta', '1.1.1-alpha'],
    ['~1.2.3-beta.2', '1.2.3-beta.4 1.2.4-beta.2', '1.3.4-beta.2 1.2.3-beta.1'],
  ])
})

describe('^', () => {
  check([
    ['^1.2.3', '1.2.3 1.8.9', '2.8.9 1.2.1 2.0.0'],
    ['^1.2', '1.2.0 1.8.9', '1.1.9 2.8.9'],
    ['^1', '1.0.0 1.8.9', '2.8.9'],
    ['^1.x', '1.1.1', '2.1.1 1.1.1-beta1'],
    ['^0.2.3', '0.2.3 0.2.5', '0.5.6 0.2.2 1.2.3'],
    ['^0.2', '0.2.5', '0.5.6'],
    ['^0.0.3', '0.0.3', '0.0.4 0.1.3'],
    ['^0.0', '0.0.3', '0.1.4 1.0.4'],
    ['^0', '0.2.3', '1.1.4'],
    ['^0.0.0', '0.0.0', '1.2.3 0.0.1'],
    ['^1.2.0-alpha.0', '1.2.0 1.2.0-alpha.0 1.2.1-alpha.1', '1.2.0-0 2.0.0-alpha.1'],
    ['^1.2.0-alpha.2', '1.2.0-alpha.2', '1.2.0-alpha.1'],
    ['^0.2.3-beta.2', '0.2.3-beta.2 0.2.3-beta.4 0.2.4-beta.2', '0.3.4-beta.2'],
    ['^1.1.2-alpha', '1.2.1-beta1', '1.1.1-beta1'],
  ])
})

describe('several bounds', () => {
  check([
    ['>1.1, <2', '1.2.1', '1.1.1 2.0.0'],
    ['>1.1 <2', '1.2.1', '1.1.1'],
    ['>1.1    <3', '1.2.1', '4.3.2'],
    ['>= 1.1 ,  < 2,!= 1.2.3', '1.2.2', '1.2.3 1.0.9 2.0.0'],
    ['>=1.1, <2, !=1.2.3 || > 3', '4.1.2 1.9.0', '3.1.2 3.0.0 1.2.3'],
    ['>=1.1 <2 !=1.2.3||>=3', '3.0.0', '2.0.0 1.2.3'],
    ['12.3.34 ~12.3.1', '12.3.34', '12.3.33'],
    ['1.1 - 2', '1.1.0 1.1.1 2.9.9', '1.0.9 3.0.0'],
    ['1.5.0 - 4.5', '3.7.0 4.5.9', '4.6.0 1.4.9'],
    ['2 - 3, 3 - 4', '3.0.0 3.9.9', '2.9.9 4.0.0'],
    ['3 - 4 || =>6.0, <7', '3.1.0 6.0.1', '5.0.0 7.0.0'],
    ['  1.2  ', '1.2.9', '1.3.0'],
    ['1.1-3', '', '1.2.0 4.3.2'],
  ])
})

describe('a pre-release', () => {
  check([
    ['>=1.0.0', '1.0.0', '1.1.0-rc.1 1.2.3-alpine'],
    ['>=1.0.0-0', '1.0.0 1.0.0-0 1.1.0-rc.1', '0.9.0-rc.1'],
    ['*-0', '1.2.3 1.2.3-alpha.1 0.0.0-0', ''],
    ['>=0-0', '0.0.1-alpha 0.0.0-alpha', ''],
    ['>0.0.0-0', '0.0.0-alpha 0.0.0', '0.0.0-0'],
    ['>0-0', '1.0.0-alpha', '0.0.1-alpha 0.0.0-alpha'],
    ['>1.2.3-alpha.1', '1.2.3-alpha.2 1.3.3-alpha.2 1.2.3', '1.2.3-alpha.1'],
    ['<=1.1-a', '0.1.0-alpha 1.1.0', '1.2.0-alpha'],
    ['<0-z', '0.0.0-alpha', '0.0.0'],
    // meant by one bound, it is meant by those beside it, and by none beyond "||"
    ['>=1.0.0-0 <3', '1.1.0-rc.1 2.9.0-rc.1', '0.9.0-rc.1'],
    ['>=1.0.0-0 <1.5 || >=3', '1.1.0-rc.1 3.0.0', '3.1.0-rc.1'],
    // an upper bound leaves its own out
    ['>=1.0.0-0 <2.0.0', '1.1.0-rc.2 1.9.9', '2.0.0-rc.1 2.0.0-0 2.0.0'],
    ['>=1.0.0-0 <2', '1.9.0-rc.1', '2.0.0-rc.1 2.0.0-0'],
    ['>=1.0.0-0, <1.5', '1.4.9-rc.1', '1.5.0-rc.1'],
    ['>=1.0.0-0 <2.0.0-rc.2', '2.0.0-rc.1', '2.0.0-rc.2'],
    ['>=1.0.0-0 <=2.0.0', '2.0.0-rc.1 2.0.0', '2.0.1-rc.1'],
    ['>=1.0.0-0 <=2', '2.9.9', '3.0.0-rc.1'],
  ])
})

it.each([
  '1.2',
  '1',
  'v1',
  '1234567',
  '1.2.3.4',
  '01.2.3',
  '1.2.3-01',
  '2024-01-10',
  'main',
  'V1.2.3',
  '',
])('takes %j for no version', tag => expect(takes('*-0')(tag)).toBe(false))

describe('is refused', () => {
  it.each([
    ['foo', 0, 'foo', '"foo" is not a version'],
    ['>= bar', 3, 'bar', '"bar" is not a version'],
    ['BAR >= 1.2.3', 0, 'BAR', '"BAR" is not a version'],
    ['12.3.4.1234', 0, '12.3.4.1234', '"12.3.4.1234" is not a version'],
    ['12.3.34~ 1.2.3', 0, '12.3.34~', '"12.3.34~" is not a version'],
    ['>=1.2.3<2', 2, '1.2.3<2', '"1.2.3<2" is not a version'],
    ['>=1 !1', 4, '!1', '"!1" is not a version'],
    ['', 0, '', 'a version is missing at the end'],
    ['>=1, ', 5, '', 'a version is missing at the end'],
    ['>=1 ||', 6, '', 'a version is missing at the end'],
    ['|| 1', 0, '|', '"|" is not a version'],
    ['1 | 2', 2, '|', '"|" is not expected here'],
    ['1 - ', 4, '', 'a version is missing at the end'],
    ['>=1 - 2', 4, '-', '"-" is not a version'],
    ['1.x.3', 0, '1.x.3', '"1.x.3" has a number after an open part'],
    ['>01.2', 1, '01.2', '"01.2" is not a version'],
    ['1.2.3-01', 0, '1.2.3-01', '"1.2.3-01" is not a version'],
    ['099999999999999999.1', 0, '099999999999999999.1', '"099999999999999999.1" is not a version'],
    ['>*', 0, '>*', 'no version is ">*"'],
    ['1 <x', 2, '<x', 'no version is "<x"'],
    ['!= *', 0, '!= *', 'no version is "!= *"'],
  ])('%j', (range, start, part, message) => {
    const error = patternRefusal(() => takes(range))
    expect([error.message, error.at]).toEqual([message, { start, end: start + part.length }])
    expect(error.hint).toBeTruthy()
  })

  it('beyond 512 bytes, and not before', () => {
    const range = (bytes: number) => `1${' '.repeat(bytes - 2)}1`
    expect(takes(range(512))('1.2.3')).toBe(true)
    expect(() => takes(range(513))).toThrow('the pattern has 513 bytes, and at most 512 are read')
  })
})

const version = fc
  .tuple(
    fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
    fc.array(fc.constantFrom('0', '1', '10', 'a', 'b', 'a1', '-'), { maxLength: 3 }),
  )
  .map(([numbers, pre]) => numbers.join('.') + (pre.length > 0 ? `-${pre.join('.')}` : ''))

it('orders versions as the package does', () => {
  fc.assert(
    fc.property(version, version, (a, b) => {
      const [first, second] = [engines.semver!.parse(a)!, engines.semver!.parse(b)!]
      expect(Math.sign(compareVersions(first, second))).toBe(compare(a, b))
    }),
    { numRuns: 2_000 },
  )
})

it('reads any range, or says what is wrong with it', () => {
  const pieces = '1|1.2|v1.2.3|x|*|1.x|-rc.1|.| | | |,|>=|<|!=|~|~>|^|=|01|a|+b'.split('|')
  let read = 0
  fc.assert(
    fc.property(textsOf([...pieces, '|', '||', ' - ']), version, (range, tag) => {
      const matches = unlessRefused(() => takes(range))
      if (matches !== undefined) read += [matches(tag)].length
    }),
    { numRuns: 3_000 },
  )
  expect(read).toBeGreaterThan(50)
})

describe('numbers longer than a number is exact', () => {
  const [long, longer] = ['20240101123456788', '20240101123456789']
  const parse = (tag: string) => engines.semver!.parse(tag)!

  check([
    [`>=${longer}`, `${longer}.0.0 ${longer}0.0.0`, `${long}.0.0 9.9.9`],
    [`^1.${long}`, `1.${long}.0 1.${longer}.0`, `1.9.0 2.${long}.0`],
    [`1.0.${longer}`, `v1.0.${longer}`, `1.0.${long} 1.0.0${longer}`],
    [`>1.0.0-${long}`, `1.0.0-${longer} 1.0.0-a 1.0.0`, `1.0.0-9 1.0.0-${long}`],
  ])

  it.each([
    [`1.0.${long}`, `1.0.${longer}`],
    [`1.0.9`, `1.0.${long}`],
    [`9.0.${longer}`, `${long}.0.0`],
    [`1.0.0-${long}`, `1.0.0-${longer}`],
    [`1.0.0-9${long}`, `1.0.0-1${long}0`],
    [`1.0.0-${long}.9`, `1.0.0-${long}.10`],
    [`1.0.0-${long}`, `1.0.0-a${long}`],
    [`1.0.${long}-a.${longer}`, `1.0.${long}-a.${longer}.0`],
  ])('%s comes before %s', (lesser, greater) => {
    const [a, b] = [parse(lesser), parse(greater)]
    expect([compareVersions(a, b), compareVersions(b, a)].map(Math.sign)).toEqual([-1, 1])
  })

  it.each([`01${long}.0.0`, `0${long}.0.0`, `1.0.0-0${long}`, `1.${long}`, `1.${long}.0.0`])(
    '%s is no version',
    tag => expect(engines.semver!.parse(tag)).toBeUndefined(),
  )
})
