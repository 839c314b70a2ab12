import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDocumentError, DocumentError } from '../../src/yaml/errors.ts'
import { formatIssue, printable } from '../../src/yaml/format.ts'
import type { Issue } from '../../src/yaml/issue.ts'

function issue(source: string, mark: string, fields: Partial<Issue> = {}): Issue {
  const column = source.indexOf(mark) + 1
  return {
    code: 'MANIFEST_SCHEMA',
    message: 'what is wrong',
    location: { file: 'images.yaml', line: 7, column },
    source,
    length: mark.length,
    ...fields,
  }
}

function shown(...args: Parameters<typeof issue>): string[] {
  return formatIssue(issue(...args)).split('\n')
}

describe('formatIssue', () => {
  it('shows where, what, the line, the caret and the hint', () => {
    const found = issue('  - form: alpine', 'form', { hint: 'did you mean "from"?' })
    expect(formatIssue(found)).toBe(`images.yaml:7:5: what is wrong
  7 |   - form: alpine
    |     ^^^^
hint: did you mean "from"?`)
  })

  it('leaves out a hint that is not there, and keeps the gutter under long numbers', () => {
    const location = { file: 'a.yaml', line: 12_345, column: 1 }
    expect(shown('x', 'x', { location })).toEqual([
      'a.yaml:12345:1: what is wrong',
      '  12345 | x',
      '        | ^',
    ])
  })

  it.each([
    ['a tab', '\tx: y', '    x: y', 7],
    ['wide characters', '名前: y', '名前: y', 6],
    ['an emoji', '🐳: y', '🐳: y', 4],
    ['a combining accent', 'e\u0301: y', 'e\u0301: y', 3],
    ['a control character', 'a\u001b[2J: y', 'a\\x1b[2J: y', 10],
    ['text that runs backwards', 'a\u202eb: y', 'a\\u{202e}b: y', 12],
    ['half a character', 'a\ud800: y', 'a\\u{d800}: y', 11],
  ])('puts the caret right after %s', (_, source, line, column) => {
    expect(shown(source, 'y').slice(1)).toEqual([`  7 | ${line}`, `    | ${' '.repeat(column)}^`])
  })

  it('makes the caret as wide as what it marks is shown', () => {
    expect(shown('a: 名\u0007', '名\u0007')[2]).toBe('    |    ^^^^^^')
  })

  it('cuts a long line around the caret', () => {
    const source = `${'a'.repeat(500)}HERE${'b'.repeat(500)}`
    const [, line = '', caret = ''] = shown(source, 'HERE')
    expect(line).toMatch(/^ {2}7 \| …a+HEREb+…$/)
    expect(line.length).toBeLessThan(110)
    expect(line.slice(caret.indexOf('^'), caret.lastIndexOf('^') + 1)).toBe('HERE')
  })

  it('cuts what is marked where that is long', () => {
    const source = `a: ${'b'.repeat(1000)}`
    const [, line = '', caret = ''] = shown(source, 'b'.repeat(1000))
    expect(line).toMatch(/^ {2}7 \| a: b+…$/)
    expect(caret.trimEnd().length).toBeLessThan(line.length)
    expect(caret).toMatch(/^ {4}\| {4}\^+$/)
  })

  it('has a caret after the end of a line, and in an empty one', () => {
    expect(shown('ab', '', { location: { file: 'f', line: 7, column: 3 } })[2]).toBe('    |   ^')
    expect(shown('', '', { location: { file: 'f', line: 7, column: 9 } })[2]).toBe('    | ^')
  })

  it('prints one caret in place, and nothing that a terminal acts on, whatever the line', () => {
    const line = fc
      .string({ unit: 'binary', maxLength: 300 })
      .map(text => text.replace(/[\r\n]/g, ''))
    fc.assert(
      fc.property(line, fc.nat(400), fc.nat(400), (source, column, length) => {
        const location = { file: 'f', line: 7, column: column + 1 }
        const lines = shown(source, '', { location, length, message: source, hint: source })
        expect(lines.length).toBe(4)
        expect(lines[2]).toMatch(/^ {4}\| +\^+$/)
        expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})

describe('printable', () => {
  it('escapes what would not be seen, and nothing else', () => {
    expect(printable('a\u0007\tb\n\u200bé名')).toBe('a\\x07\\x09b\\x0a\\u{200b}é名')
  })
})

describe('DocumentError', () => {
  it('names the first issue in its message, and counts the others', () => {
    const error = new DocumentError([
      issue('x', 'x'),
      issue('y', 'y', { code: 'MANIFEST_CONFLICT' }),
    ])
    expect(error.code).toBe('MANIFEST_SCHEMA')
    expect(error.message).toBe('images.yaml:7:1: what is wrong (and 1 more)')
  })

  it('keeps fifty issues and says how many more there are', () => {
    const error = new DocumentError(Array.from({ length: 60 }, () => issue('x', 'x')))
    expect(error.issues.length).toBe(50)
    expect(error.omitted).toBe(10)
    const text = formatDocumentError(error)
    expect(text.match(/what is wrong/g)?.length).toBe(50)
    expect(text).toMatch(/\n\nand 10 more$/)
  })
})
