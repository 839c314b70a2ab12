import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePatterns } from '../../src/select/match.ts'
import { loadEngines } from '../../src/select/open.ts'
import { patternRefusal, tags, textsOf, unlessRefused } from './patterns.ts'

const engines = await loadEngines({ regex: true, semver: false })
const takes = (regex: string) => compilePatterns([{ regex }], engines).matches

describe('a regex', () => {
  it.each([
    ['1\\.2', '1.2', '11.2.0 1.2.0 1x2'],
    ['^1\\.2$', '1.2', '1.2.0'],
    ['a|b', 'a b', 'ab ba ax'],
    ['(?<date>\\d{8})', '20240101', '2024010 202401011'],
    ['(?P<date>\\d{8})', '20240101', 'a20240101'],
    ['(?:a+b?)+', 'a ab aab aba', 'b'],
    ['(?i)RC\\d', 'rc1 RC2', 'rc'],
    ['[[:digit:]]+', '12', '1a'],
    ['[^]a]', 'b', 'a'],
    ['\\Qa.b\\E', 'a.b', 'axb'],
    ['\\Qa{101}\\E|x', 'x', 'a'],
    ['[a{101}]+', 'a1', 'b'],
    ['\\x61', 'a', 'b'],
    ['.*', 'a 1.2', ''],
    ['', '', 'a'],
  ])('%j takes %j, not %j', (regex, taken, left) => {
    const given = `${taken} ${left}`.split(' ').filter(tag => tag !== '')
    expect(given.filter(takes(regex)).join(' ')).toBe(taken)
  })

  it.each([
    ['(a', 0, '(a', 'missing closing )'],
    ['a)b', 0, 'a)b', 'unexpected )'],
    ['1[a', 1, '[a', 'missing closing ]: "[a"'],
    ['a**', 1, '**', 'invalid nested repetition operator: "**"'],
    ['*a', 0, '*', 'missing argument to repetition operator: "*"'],
    ['(?=a)', 0, '(?=', 'invalid or unsupported Perl syntax: "(?="'],
    ['a(?!b)', 1, '(?!', 'invalid or unsupported Perl syntax: "(?!"'],
    ['(a)\\1', 3, '\\1', 'invalid escape sequence: "\\1"'],
    ['x[z-a]', 2, 'z-a', 'invalid character class range: "z-a"'],
    ['a{3,2}', 1, '{3,2}', 'invalid repeat count: "{3,2}"'],
    ['*|*', 0, '*|*', 'missing argument to repetition operator: "*"'],
    ['a\\', 0, 'a\\', 'trailing backslash at end of expression'],
    ['(?<n>a)(?<n>b)', 0, '(?<n>a)(?<n>b)', 'duplicate capture group name: "n"'],
    ['a\\pLb', 1, '\\p', '"\\\\p" is about characters that no tag has'],
    ['[a\\PL]', 2, '\\P', '"\\\\P" is about characters that no tag has'],
    ['a\\x{1F40B}', 1, '\\x{', '"\\\\x{" is about characters that no tag has'],
    ['[a-é]', 3, 'é', '"é" is about characters that no tag has'],
  ])('%j is refused', (regex, start, part, message) => {
    const error = patternRefusal(() => takes(regex))
    expect([error.message, error.at]).toEqual([message, { start, end: start + part.length }])
    expect(error.hint).toBeTruthy()
  })

  it.each(['a{100}', 'a{0,100}', 'a{100,}', '(?:a{10}){10}', 'a{,101}', '\\{101}', 'a{0101}'])(
    '%j is within bounds',
    regex => expect(takes(regex)('x')).toBe(false),
  )

  it.each([
    ['a{101}', '{101}'],
    ['a{0,101}', '{0,101}'],
    ['a{101,}', '{101,}'],
    ['[a{1}]{1000000000}', '{1000000000}'],
    ['(?:a{100}){101}', '{101}'],
  ])('%j repeats too often', (regex, part) => {
    const error = patternRefusal(() => takes(regex))
    expect(error.message).toBe('a repeat is at most 100 times')
    expect(regex.slice(error.at.start, error.at.end)).toBe(part)
  })

  it.each([
    ['((a{100}){100}){100}'],
    ['(?:a{100}){6}'],
    ['(?:a{10}){51}'],
    ['(?:.?){100}(?:.?){100}(?:.?){100}'],
    [`(?:${'a?'.repeat(240)}){100}`],
    ['()'.repeat(256)],
    ['(?:ab){100}(?:(?:c){50}d){6}'],
  ])('%j is too large', regex => {
    expect(() => takes(regex)).toThrow(/comes to \d+ steps .* and at most 500 are run/)
  })

  it('is refused beyond 512 bytes, and not before', () => {
    const [longest, longer] = [`a{3}#${'[ab]'.repeat(126)}123`, `a{3}#${'[ab]'.repeat(126)}1234`]
    expect([longest.length, takes(longest)('x')]).toEqual([512, false])
    expect(() => takes(longer)).toThrow('the pattern has 513 bytes')
  })

  it('is one or an error, whatever is written', () => {
    const pieces = ['(', ')', '(?:', '(?<n>', '(?i', '[', ']', '[^', '|', '*', '+?', '{2}', '{1,']
    const others = [
      '{100}',
      '}',
      '\\',
      '\\d',
      '\\Q',
      '\\E',
      '.',
      '^',
      '$',
      'a',
      '1',
      ':',
      '[:alpha:]',
    ]
    let read = 0
    fc.assert(
      fc.property(textsOf([...pieces, ...others, 'é', '\ud83d']), tags, (regex, tag) => {
        const matches = unlessRefused(() => takes(regex))
        if (matches !== undefined) read += [matches(tag)].length
      }),
      { numRuns: 3_000 },
    )
    expect(read).toBeGreaterThan(100)
  })
})
