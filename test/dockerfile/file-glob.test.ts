import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGlob, isPattern, matchesGlob } from '../../src/dockerfile/file-glob.ts'

describe('a glob of a path', () => {
  it.each([
    ['a', 'a', 'b aa'],
    ['*', 'a .a', 'a/b'],
    ['*.go', 'a.go .go', 'a/b.go a.gox'],
    ['a/*/c', 'a/b/c', 'a/c a/b/d/c'],
    ['**', 'a', 'a/b'],
    ['a?c', 'abc a😀c', 'a/c ac'],
    ['[a-c]', 'a c', 'd ab'],
    ['[^a-c]', 'd', 'a'],
    ['[a-c1-2]', 'b 2', '3'],
    ['[\\]]', ']', 'a'],
    ['[]a]', '', ']'],
    ['\\*', '*', 'a'],
    ['*a*b*', 'ab xaxbx', 'ba xa/b'],
    ['a*\\[b', 'a[b ax[b', 'ab'],
    ['*[a/]', 'xa', 'xb'],
  ])('%s takes %j, not %j', (pattern, taken, left) => {
    const paths = `${taken} ${left}`.split(' ').filter(path => path !== '')
    expect(paths.filter(path => matchesGlob(pattern, path)).join(' ')).toBe(taken)
  })

  // from the tests of Go's filepath.Match
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
  ])('%s takes %s: %s', (pattern, path, expected) => {
    expect(isPattern(pattern)).toBe(true)
    expect(matchesGlob(pattern, path)).toBe(expected)
  })

  it.each([
    '[]a]',
    '[-]',
    '[x-]',
    '[-x]',
    '[a-b-c]',
    '[',
    '[^',
    '[^bc',
    'a[',
    '\\',
    'a[b\\',
    'x*[',
  ])('%s is no pattern', text => {
    expect(isPattern(text)).toBe(false)
  })

  it.each(['[', '[a', '[a-', '[]', '[^]', '[-a]', 'a\\', '[a-]'])('%s is none', pattern => {
    expect(matchesGlob(pattern, 'a')).toBeUndefined()
  })

  it('is read only as far as it has to be', () => {
    expect([matchesGlob('x*[', 'a'), matchesGlob('x*[', 'xa')]).toEqual([false, undefined])
  })

  it.each([
    ['a', false],
    ['a/b.c', false],
    ['a*', true],
    ['a/?', true],
    ['[a]', true],
    ['a]', false],
    ['\\*', false],
    ['\\**', true],
    ['a\\', false],
  ])('is told from a name: %s', (text, expected) => {
    expect(isGlob(text)).toBe(expected)
  })

  it('is tried in as many ways as its length, and no power of it', () => {
    expect(matchesGlob(`${'*a'.repeat(2000)}b`, 'a'.repeat(4000))).toBe(false)
  })

  it('does what a backtracking engine does', () => {
    const pieces = fc.array(fc.constantFrom('a', 'b', '/', '*', '?', '[ab]', '[^a/]'), {
      maxLength: 7,
    })
    const path = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 })
    const regex = (piece: string) => ({ '*': '[^/]*', '?': '[^/]' })[piece] ?? piece
    fc.assert(
      fc.property(pieces, path, (pieces, path) => {
        const expected = new RegExp(`^${pieces.map(regex).join('')}$`).test(path)
        expect(matchesGlob(pieces.join(''), path)).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })
})
