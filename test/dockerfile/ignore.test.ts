import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MOST_IGNORE_BYTES,
  MOST_IGNORE_PATTERNS,
  parseIgnoreFile,
} from '../../src/dockerfile/ignore.ts'
import {
  createPathMatcher,
  type Look,
  type PathMatcher,
} from '../../src/dockerfile/path-matcher.ts'
import { DocumentError } from '../../src/yaml/errors.ts'
import { refusals, thrownBy } from './reading.ts'

const parse = (text: string) => parseIgnoreFile(text, '.dockerignore')

/** What a walk from the top finds of a path. */
function walked({ look }: PathMatcher, path: string): boolean {
  let found: Look | undefined
  const parts = path.split('/')
  for (const [index] of parts.entries()) found = look(parts.slice(0, index + 1).join('/'), found)
  return found!.matched
}

describe('an ignore file', () => {
  it.each([
    ['a\nb\n', ['a', 'b']],
    ['a\r\nb', ['a', 'b']],
    ['\ufeffa', ['a']],
    ['# a\n#\n # b', ['# b']],
    ['\n \t\n', []],
    ['  a  ', ['a']],
    ['/a/b/', ['a/b']],
    ['/', ['/']],
    ['./a//b/../c', ['a/c']],
    ['.', ['.']],
    ['a/..', ['.']],
    ['! a ', ['!a']],
    ['!/a', ['!a']],
    ['!./a/', ['!a']],
    ['a b', ['a b']],
    ['\\#a', ['\\#a']],
  ])('%j holds %j', (text, patterns) => {
    expect(parse(text).patterns).toEqual(patterns)
  })

  it.each([
    [
      'a\n[\n!\n[a-\nb',
      ['2:1 "[" is no pattern', '3:1 "!" alone is no pattern', '4:1 "[a-" is no pattern'],
    ],
    ['  a\\', ['1:3 "a\\" is no pattern']],
    ['# c\n!x[]', ['2:1 "x[]" is no pattern']],
    ['a*[', ['1:1 "a*[" is no pattern']],
    ['x\\y', ['1:1 "x\\y" is no pattern']],
  ])('%j is refused', (text, expected) => {
    expect(refusals(() => parse(text))).toEqual(expected)
  })

  it('has limits', () => {
    const lines = (count: number) => 'a\n'.repeat(count - 1)
    expect(parse(lines(MOST_IGNORE_PATTERNS)).patterns).toHaveLength(MOST_IGNORE_PATTERNS - 1)
    expect(refusals(() => parse(lines(MOST_IGNORE_PATTERNS + 1)))[0]).toContain('10001 lines')
    expect(parse(`#${'x'.repeat(MOST_IGNORE_BYTES - 1)}`).patterns).toEqual([])
    expect(refusals(() => parse(`#${'x'.repeat(MOST_IGNORE_BYTES)}`))[0]).toContain('1048577 bytes')
    expect(parse('x'.repeat(4096)).patterns).toHaveLength(1)
    expect(refusals(() => parse('x'.repeat(4097)))).toHaveLength(1)
    expect(parse(`[a]${'x'.repeat(97)}`).patterns).toHaveLength(1)
    expect(refusals(() => parse(`[a]${'x'.repeat(98)}`))).toHaveLength(1)
  })
})

describe('patterns', () => {
  it.each([
    ['a', 'a a/b a/b/c', 'b b/a aa A'],
    ['a/b', 'a/b a/b/c', 'a b a/bc x/a/b'],
    ['*', 'a a/b .x', ''],
    ['*.go', 'a.go .go a.go/x', 'x/a.go a.goo'],
    ['a*b', 'ab axb ab/c', 'a/b axbc'],
    ['*/b', 'a/b a/b/c', 'b x/a/b'],
    ['*/*', 'a/b', 'a'],
    ['a?', 'ab a😀', 'a abc a/'],
    ['**', 'a a/b', ''],
    ['**/b', 'b a/b x/a/b a/b/c', 'ab a/bc'],
    ['**b', 'b ab a/b x/ab', 'bc'],
    ['a/**', 'a/b a/b/c', 'a ab'],
    ['a**', 'a ab a/b', 'b'],
    ['a/**/b', 'a/b a/x/b a/x/y/b', 'a/xb b'],
    ['**/*.go', 'a.go x/a.go', 'a.gox'],
    ['**/a/**', 'a/b x/a/b', 'a x/a'],
    ['a**b', 'ab a/b a/x/b', 'axb'],
    ['[a-c]x', 'ax cx', 'dx ax1'],
    ['[^a]', 'b', 'a ab'],
    ['a.b', 'a.b', 'axb'],
    ['a+(b)$', 'a+(b)$', 'aab'],
    ['\\*', '*', 'a'],
    ['\\[a\\]', '[a]', 'a'],
    ['\\?', '?', 'a'],
    ['a\n!a/b', 'a a/c', 'a/b a/b/c'],
    ['a\n!a', '', 'a a/b'],
    ['!a\na', 'a a/b', ''],
    ['*\n!a\na/b', 'b a/b', 'a a/c'],
    ['*.md\n!README*.md\nREADME-secret.md', 'a.md README-secret.md', 'README.md README-x.md a.txt'],
    ['**\n!a/b', 'a a/c', 'a/b'],
    ['/a', 'a', 'b/a'],
    ['.', '', 'a'],
    ['..', '', 'a'],
    // what moby's regular expressions make of it
    ['*|b', 'x a/b/c xb', ''],
    ['x{2}*', 'xx xxy', 'x x{2}y'],
    ['[!a]', '! a', 'b'],
    ['\\d*', '1 12', 'd'],
    ['a^*', '', 'a^ a'],
  ])('%j match %j, not %j', (text, matched, left) => {
    const { matcher } = parse(text)
    const paths = `${matched} ${left}`.split(' ').filter(path => path !== '')
    expect(paths.filter(matcher.matches).join(' ')).toBe(matched)
  })

  it.each([
    ['a', 'a', false],
    ['a\n!a/b', 'a', true],
    ['a\n!a/b/c', 'a/b', true],
    ['a\n!a/b', 'a/c', false],
    ['a\n!a/b/**', 'a/b', true],
    ['a\n!a/b', 'a/b', true],
    ['*\n!ab', 'a', false],
    ['*\n!**/x', 'a', true],
    ['*\n!a?', 'b', true],
  ])('%j: a walk has to go into %s, though it matches: %s', (text, folder, expected) => {
    expect(parse(text).matcher.mayLetIn(folder)).toBe(expected)
  })

  it('say whether any lets in again', () => {
    expect(parse('a').matcher.hasExceptions).toBe(false)
    expect(parse('a\n!b').matcher.hasExceptions).toBe(true)
  })

  it('in a walk see a folder above only where they were looked at there, as in BuildKit', () => {
    const { matcher } = parse('*/b\n!a')
    expect([matcher.matches('a/b'), walked(matcher, 'a/b')]).toEqual([false, true])
  })

  it('take time linear in the path', () => {
    const matcher = createPathMatcher([
      `${'*a'.repeat(40)}b`,
      `${'**/a'.repeat(20)}b`,
      `${'[a]*'.repeat(20)}b`,
    ])
    const path = `${'a'.repeat(20_000)}/c`
    expect(matcher.matches(path)).toBe(false)
  })
})

const patternText = fc
  .array(fc.constantFrom('a', 'b', '/', '*', '**', '?', '**/', '/**'), {
    minLength: 1,
    maxLength: 6,
  })
  .map(parts => parts.join(''))
const paths = fc
  .array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map(parts => parts.join('/'))

describe('patterns do what a backtracking engine does', () => {
  /** By the book: `**` first, in its three forms, and what a literal would have been. */
  function naive(pattern: string): (path: string) => boolean {
    if (!/[*?]/.test(pattern)) return path => path === pattern
    if (/^\*\*[^*?]*$/.test(pattern)) {
      const end = pattern.slice(2)
      return path => path.endsWith(end) || `/${path}` === end
    }
    if (/^[^*?]+\*\*$/.test(pattern)) return path => path.startsWith(pattern.slice(0, -2))
    const source = pattern.replaceAll(/\*\*\/?$|\*\*\/?|\*|\?/g, found => {
      if (found === '?') return '[^/]'
      return found === '*' ? '[^/]*' : '§'
    })
    const regex = source.endsWith('§') ? `${source.slice(0, -1)}.*` : source
    return path => new RegExp(`^${regex.replaceAll('§', '(?:.*/)?')}$`).test(path)
  }

  it('whatever the pattern', () => {
    fc.assert(
      fc.property(patternText, paths, (text, path) => {
        const { patterns, matcher } = parse(text)
        const [pattern = ''] = patterns
        const parents = path.split('/').map((_, index, all) => all.slice(0, index + 1).join('/'))
        expect(matcher.matches(path)).toBe(parents.some(naive(pattern)))
        expect(walked(matcher, path)).toBe(parents.some(naive(pattern)))
      }),
      { numRuns: 3000 },
    )
  })
})

it('a text is an ignore file, or every line that is wrong is told', () => {
  const pieces = fc.constantFrom(...'a|[|]|\\|!|#|\n|*|**|/|^| |😀'.split('|'))
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 20 }), fc.string({ unit: 'binary' }), (all, tail) => {
      const error = thrownBy(() => parse(`${all.join('')}${tail}`).matcher.matches('a/b'))
      expect(error === undefined || error instanceof DocumentError).toBe(true)
    }),
    { numRuns: 1000 },
  )
})
