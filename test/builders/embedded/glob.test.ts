import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileGlob, hasWildcards } from '../../../src/builders/embedded/copy/glob.ts'

describe('a pattern', () => {
  it.each([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*', '', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    [String.raw`a\*b`, 'a*b', true],
    [String.raw`a\*b`, 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['a[^x]b', 'a/b', true],
    [String.raw`[\]a]`, ']', true],
    [String.raw`[\-]`, '-', true],
    [String.raw`[x\-]`, 'z', false],
    [String.raw`[\-x]`, 'a', false],
    ['**', 'a', true],
    ['**', 'a/b', false],
    ['*x', 'xxx', true],
    ['*[^q]*x', 'ab/x', false],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(compileGlob(pattern)(path)).toBe(expected)
  })

  it.each(['[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[', '[^', '[^bc', 'a[', '\\', 'a[b\\'])(
    '%s is none',
    pattern => {
      expect(() => compileGlob(pattern)).toThrow(/ is no pattern: /)
    },
  )
})

it.each([
  ['a*', true],
  ['a?', true],
  ['[a]', true],
  ['a', false],
  [String.raw`a\*`, false],
  [String.raw`a\\*`, true],
  ['a]', false],
])('%s has wildcards: %s', (text, expected) => {
  expect(hasWildcards(text)).toBe(expected)
})

/** One letter of the pattern after the other, every way of a star tried. */
function naive(pattern: string, path: string): boolean {
  const [first, ...others] = Array.from(pattern)
  const rest = others.join('')
  if (first === undefined) return path === ''
  if (first === '*') {
    return naive(rest, path) || (path !== '' && path[0] !== '/' && naive(pattern, path.slice(1)))
  }
  if (path === '') return false
  return (first === '?' ? path[0] !== '/' : first === path[0]) && naive(rest, path.slice(1))
}

it('matches as trying every way does', () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^[ab/*?]{0,10}$/),
      fc.stringMatching(/^[ab/]{0,10}$/),
      (pattern, path) => {
        expect(compileGlob(pattern)(path)).toBe(naive(pattern, path))
      },
    ),
    { numRuns: 2000 },
  )
})

it('is done in a moment whatever the pattern', () => {
  const started = performance.now()
  expect(compileGlob(`${'*a'.repeat(2000)}b`)('a'.repeat(4000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(2000)
})
