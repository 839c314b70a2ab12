import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expand, ExpansionError, type ExpandOptions } from '../../src/dockerfile/expand.ts'
import { thrownBy } from './reading.ts'

const VARIABLES = new Map([
  ['A', 'va'],
  ['E', ''],
  ['P', 'a.b.c/d.e'],
  ['S', 'x  y'],
  ['Q', '"q"'],
  ['STAR', 'a*b?c'],
  ['LINES', 'one\ntwo'],
  ['W', 'ä😀ö😀'],
  ['1', 'first'],
  ['12', 'twelfth'],
  ['@', 'all'],
])
const text = (word: string, options: Partial<ExpandOptions> = {}) =>
  expand(word, VARIABLES, { escape: '\\', ...options }).text

describe('a word', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['$A', 'va'],
    ['${A}', 'va'],
    ['$A$A', 'vava'],
    ['x$A.y', 'xva.y'],
    ['$Ax', ''],
    ['${A}x', 'vax'],
    ['$U', ''],
    ['$', '$'],
    ['a$', 'a$'],
    ['$.', '$.'],
    ['$12', 'twelfth'],
    ['$1a', 'firsta'],
    ['$@', 'all'],
    ['${@}', 'all'],
    ['$S', 'x  y'],
    ['$Q', '"q"'],
    ['é$A', 'éva'],
    ['\\$A', '$A'],
    ['\\\\$A', '\\va'],
    ['a\\b', 'ab'],
    ['a\\', 'a'],
    ['"$A b"', 'va b'],
    ["'$A b'", '$A b'],
    ['"\\$A \\" \\\\ \\x"', '$A " \\ \\x'],
    ["'\\'", '\\'],
    ['"\'$A\'"', "'va'"],
    ['a"b"\'c\'', 'abc'],
    ['""', ''],
    ['<<EOF', '<<EOF'],
    ['a < b', 'a < b'],
    ['  a  b ', '  a  b '],
  ])('%j comes to %j', (word, expected) => {
    expect(text(word)).toBe(expected)
  })

  it.each([
    ['`$A', '$A'],
    ['\\$A', '\\va'],
    ['"`"`$A"', '"$A'],
    ['a``b', 'a`b'],
  ])('%j comes to %j where ` escapes', (word, expected) => {
    expect(text(word, { escape: '`' })).toBe(expected)
  })

  it.each([
    ['"$A"', '"va"'],
    ["'$A'", "'va'"],
    ["it's $A", "it's va"],
    ['\\$A', '$A'],
  ])('%j comes to %j in a document', (word, expected) => {
    expect(text(word, { plainQuotes: true })).toBe(expected)
  })

  it.each([
    ["this ' is never closed", 2, "a 'b"],
    ['this " is never closed', 2, 'a "b'],
    ['this " is never closed', 0, '"a\\"'],
    ['this ${ is never closed', 1, 'a${A'],
    ['this ${ is never closed', 1, 'a${A:'],
    ['this ${ is never closed', 1, 'a${'],
    ['this ${ is never closed', 0, '${A:-b'],
    ['a replacement without its second /', 0, '${A/b}'],
    ['a variable without a name', 0, '${}'],
    ['a variable without a name', 0, '${:-a}'],
    ['a variable without a name', 0, '${{A}}'],
    ['"!" after the name of a variable', 0, '${A!b}'],
    ['":#" after the name of a variable', 0, '${A:#b}'],
    ['":x" after the name of a variable', 0, '${A:xb}'],
    ['"\\x" in a pattern', 0, '${A#\\x}'],
  ])('%s, at %i of %j', (message, start, word) => {
    const error = refusalOf(word)
    expect([error.message, error.at.start]).toEqual([message, start])
    expect(error.hint).toBeTruthy()
  })
})

function refusalOf(word: string): ExpansionError {
  const error = thrownBy(() => text(word))
  if (error instanceof ExpansionError) return error
  throw new Error(`${word} was not refused`, { cause: error })
}

describe('a variable', () => {
  it.each([
    ['${A:-w}', 'va'],
    ['${E:-w}', 'w'],
    ['${U:-w}', 'w'],
    ['${A-w}', 'va'],
    ['${E-w}', ''],
    ['${U-w}', 'w'],
    ['${A:+w}', 'w'],
    ['${E:+w}', ''],
    ['${U:+w}', ''],
    ['${A+w}', 'w'],
    ['${E+w}', 'w'],
    ['${U+w}', ''],
    ['${A:?w}', 'va'],
    ['${A?w}', 'va'],
    ['${E?w}', ''],
    ['${U:-}', ''],
    ['${U:-$A}', 'va'],
    ['${U:-${U:-${A}}}', 'va'],
    ['${U:-"a b"}', 'a b'],
    ["${U:-'$A'}", '$A'],
    ['${U:-a\\}b}', 'a}b'],
    ['${U:-{a}}', '{a}'],
    ['"${U:-"a"}"', 'a'],
  ])('as %j comes to %j', (word, expected) => {
    expect(text(word)).toBe(expected)
  })

  it.each([
    ['${U?}', 'U: is not allowed to be unset'],
    ['${U:?}', 'U: is not allowed to be unset'],
    ['${E:?}', 'E: is not allowed to be empty'],
    ['${U:?say $A}', 'U: say va'],
  ])('that must be set: %j', (word, message) => {
    expect(refusalOf(word).message).toBe(message)
  })

  it.each([
    ['${P#a.}', 'b.c/d.e'],
    ['${P#*.}', 'b.c/d.e'],
    ['${P##*.}', 'e'],
    ['${P%.*}', 'a.b.c/d'],
    ['${P%%.*}', 'a'],
    ['${P%/*}', 'a.b.c'],
    ['${P#x}', 'a.b.c/d.e'],
    ['${P#}', 'a.b.c/d.e'],
    ['${P#?}', '.b.c/d.e'],
    ['${P%???}', 'a.b.c/'],
    ['${P##*}', ''],
    ['${P#*}', 'a.b.c/d.e'],
    ['${U#x}', ''],
    ['${STAR#a\\*}', 'b?c'],
    ['${STAR%\\?c}', 'a*b'],
    ['${LINES#*two}', 'one\ntwo'],
    ['${LINES##*}', '\ntwo'],
    ['${W%😀}', 'ä😀ö'],
    ['${W#?}', '😀ö😀'],
    ['${P#${U:-a}.}', 'b.c/d.e'],
  ])('cut as %j comes to %j', (word, expected) => {
    expect(text(word)).toBe(expected)
  })

  it.each([
    ['${P/./-}', 'a-b.c/d.e'],
    ['${P//./-}', 'a-b-c/d-e'],
    ['${P/\\//-}', 'a.b.c-d.e'],
    ['${P/.*./-}', 'a-e'],
    ['${P//?./-}', '--c/-e'],
    ['${P/x/-}', 'a.b.c/d.e'],
    ['${P//./}', 'abc/de'],
    ['${P//./$A}', 'avabvac/dvae'],
    ['${P/*/x}', 'x'],
    ['${E//*/x}', 'x'],
    ['${A///x}', 'xvxax'],
    ['${A/a/$$0}', 'v0'],
    ["${A//a/'$0$$b'}", 'va$b'],
    ["${A/a/'$0'}", 'v$0'],
    ['${U/a/b}', ''],
  ])('replaced as %j comes to %j', (word, expected) => {
    expect(text(word)).toBe(expected)
  })

  it('is told of, be it set or not', () => {
    const { used, missing } = expand('$A ${U:-$E} $V', VARIABLES, { escape: '\\' })
    expect([[...used], [...missing]]).toEqual([
      ['A', 'E'],
      ['U', 'V'],
    ])
  })

  it.each([
    ['$U', '$U'],
    ['${U}', '${U}'],
    ['${U:-a}', '${U:-a}'],
    ['${U/a/b}', '${U/a/b}'],
    ['$A', 'va'],
  ])('that is not set may stay: %j', (word, expected) => {
    expect(text(word, { keepsUnset: true })).toBe(expected)
  })
})

it.each([
  ['a b', ['a', 'b']],
  ['  a\t b ', ['a', 'b']],
  ['"a b" c', ['a b', 'c']],
  ['a\\ b', ['a b']],
  ['$S', ['x', 'y']],
  ['"$S"', ['x  y']],
  ['z$S', ['zx', 'y']],
  ['$E', []],
  ['""', []],
  ['<< EOF', ['<< EOF']],
  // BuildKit loses what stands before
  ['a${U:-b} c', ['b', 'c']],
])('%j has the words %j', (word, words) => {
  expect(expand(word, VARIABLES, { escape: '\\' }).words).toEqual(words)
})

describe('limits', () => {
  it('of the depth', () => {
    const nested = (depth: number) => '${U:-'.repeat(depth) + '}'.repeat(depth)
    expect(text(nested(100))).toBe('')
    expect(refusalOf(nested(101)).message).toBe('variables too deep in variables')
  })

  it('of how much a word grows', () => {
    const long = new Map([['L', 'x'.repeat(1024 * 1024)]])
    const length = (word: string) => expand(word, long, { escape: '\\' }).text.length
    expect(length('$L')).toBe(1024 * 1024)
    for (const word of ['$L$L', '"$L$L"', '${L//x/$L}']) {
      expect(() => length(word)).toThrow('the text becomes too long')
    }
  })

  it('of what a pattern costs', () => {
    const long = new Map([['L', 'x'.repeat(100_000)]])
    const cut = (stars: number) =>
      expand(`\${L##${'*x'.repeat(stars)}y}`, long, { escape: '\\' }).text.length
    expect(cut(10)).toBe(100_000)
    expect(() => cut(300)).toThrow('a long pattern on a long text')
  })
})

const parts = fc.constantFrom(
  ...'a|b| |$A|$U|${P|${U|#|##|%|%%|/|//|:-|-|:+|?|}|}|*|\\|"|\'|$|<<|`|😀|\n'.split('|'),
)
const words = fc.array(parts, { maxLength: 12 }).map(all => all.join(''))

it('ends, with a text or with what is wrong, whatever the word', () => {
  fc.assert(
    fc.property(words, fc.constantFrom('\\' as const, '`' as const), (word, escape) => {
      let length = 0
      const error = thrownBy(() => (length = expand(word, VARIABLES, { escape }).text.length))
      const { start, end } = error instanceof ExpansionError ? error.at : { start: 0, end: 1 }
      expect(error === undefined || error instanceof ExpansionError).toBe(true)
      expect(length < 2000 && start >= 0 && start <= word.length && start < end).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

describe('patterns do what a backtracking engine does', () => {
  const pattern = fc.array(fc.constantFrom('a', 'b', '?', '*'), { maxLength: 5 })
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 })
  const regex = (pattern: readonly string[], star: string) =>
    pattern.map(one => (one === '*' ? star : one === '?' ? '.' : one)).join('')
  const reverse = (text: string) => Array.from(text).toReversed().join('')
  const run = (word: string, value: string) =>
    expand(word, new Map([['V', value]]), { escape: '\\' }).text

  it('at the start, at the end and anywhere', () => {
    fc.assert(
      fc.property(pattern, value, (pattern, value) => {
        const glob = pattern.join('')
        const short = new RegExp(`^${regex(pattern, '.*?')}`)
        const long = new RegExp(`^${regex(pattern, '.*')}`)
        const shortEnd = new RegExp(`^${regex(pattern.toReversed(), '.*?')}`)
        expect(run(`\${V#${glob}}`, value)).toBe(value.replace(short, ''))
        expect(run(`\${V##${glob}}`, value)).toBe(value.replace(long, ''))
        expect(run(`\${V%${glob}}`, value)).toBe(reverse(reverse(value).replace(shortEnd, '')))
        if (glob === '') return
        const any = regex(pattern, '.*')
        expect(run(`\${V/${glob}/-}`, value)).toBe(value.replace(new RegExp(any), '-'))
      }),
      { numRuns: 1000 },
    )
  })
})
