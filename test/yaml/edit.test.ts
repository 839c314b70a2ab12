import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isScalar, parse, parseAllDocuments, visit } from 'yaml'
import { replaceScalar, replaceScalars } from '../../src/yaml/edit.ts'
import type { Span } from '../../src/yaml/tree.ts'

function spanOf(text: string, part: string): Span {
  const start = text.indexOf(part)
  return { start, end: start + part.length }
}

function replaced(line: string, old: string, value: string): string {
  return replaceScalar(line, spanOf(line, old), value)
}

describe('replaceScalar', () => {
  it.each([
    ['plain', 'tag: 3.20.1', '3.20.1', '3.21.0', 'tag: 3.21.0'],
    ['plain that would be a number', 'tag: 3.20.1', '3.20.1', '3.21', "tag: '3.21'"],
    ['a number that was one', 'tag: 3.20', '3.20', '3.21.1', 'tag: 3.21.1'],
    ['plain that would be a date', 'tag: edge', 'edge', '2026-11-24', "tag: '2026-11-24'"],
    ['plain that would be a float', 'tag: edge', 'edge', '12e5', "tag: '12e5'"],
    ['plain that would be minutes', 'tag: edge', 'edge', '12:30', "tag: '12:30'"],
    ['plain that would be true', 'tag: edge', 'edge', 'on', "tag: 'on'"],
    ['plain that would be nothing', 'tag: edge', 'edge', '', "tag: ''"],
    ['plain with a port', 'a: b:1', 'b:1', 'r:5000/a/b:2@sha256:0', 'a: r:5000/a/b:2@sha256:0'],
    ['plain that would be a key', 'a: b', 'b', 'c: d', "a: 'c: d'"],
    ['plain that would be a comment', 'a: b', 'b', 'c #d', "a: 'c #d'"],
    ['plain in brackets', 'a: [b, c]', 'b', 'd,e', "a: ['d,e', c]"],
    ['plain with spaces', 'a: b', 'b', 'one two', 'a: one two'],
    ['single quotes', "a: 'b'", "'b'", "it's", "a: 'it''s'"],
    ['double quotes', 'a: "b"', '"b"', 'say "\\"\n', 'a: "say \\"\\\\\\"\\u000a"'],
    ['what is behind', 'a: &x !!str b  # c\r\n', 'b', 'd', 'a: &x !!str d  # c\r\n'],
  ])('%s', (_, line, old, value, expected) => {
    expect(replaced(line, old, value)).toBe(expected)
  })

  it.each([
    ['a block', 'a: |\n  b\n', '|\n  b\n', 'c'],
    ['a folded block', 'a: >\n  b\n', '>\n  b\n', 'c'],
    ['a line break without double quotes', 'a: b', 'b', 'c\nd'],
    ['a control character without double quotes', "a: 'b'", "'b'", 'c\u0007'],
  ])('refuses %s', (_, line, old, value) => {
    expect(() => replaced(line, old, value)).toThrow(/block of text|control characters/)
  })

  const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/)
  const anything = fc.oneof(
    tag,
    fc.string({ maxLength: 20 }),
    fc.constantFrom('---', '- a', '? a', '%a'),
  )
  const printable = anything.filter(text => !/[\p{Cc}\p{Zl}\p{Zp}\ufeff\ufffe\uffff]/u.test(text))
  const frames = fc.constantFrom(
    ['# é\r\na: &x ', '  # c\r\nb: *x\r\n'],
    ['- 1\n- { a: ', ', b: [x, 1.0] } # d\n'],
    ['\ufeffb: &y 1\n---\n"k": !!str ', '\n...\n---\nc: |\n  x\n'],
    ['- - ', '\n  - z # w\n'],
  )
  const styles = fc.constantFrom("'old'", '"o\\x6cd"', 'old')

  it('changes nothing but the value, whatever it is and wherever it stands', () => {
    fc.assert(
      fc.property(frames, styles, printable, ([before = '', after = ''], old, value) => {
        const text = `${before}${old}${after}`
        const edited = replaceScalar(text, spanOf(text, old), value)
        expect(edited.startsWith(before) && edited.endsWith(after)).toBe(true)
        expect(valuesOf(edited)).toEqual(valuesOf(text).map(one => (one === 'old' ? value : one)))
      }),
      { numRuns: 500 },
    )
  })

  it('gives text that old readers of YAML take for text', () => {
    fc.assert(
      fc.property(fc.oneof(tag, fc.stringMatching(/^[-+.:_0-9a-fxeE]{1,12}$/)), value => {
        const edited = replaced('a: old', 'old', value)
        expect(parse(edited, { version: '1.1' })).toEqual({ a: value })
      }),
      { numRuns: 500 },
    )
  })
})

it('replaceScalars takes values in any order', () => {
  const text = 'a: 1.1.1\nb: 2.2.2\nc: 3.3.3\n'
  const replacements = [
    { span: spanOf(text, '2.2.2'), value: '20.20.20' },
    { span: spanOf(text, '1.1.1'), value: '1' },
    { span: spanOf(text, '3.3.3'), value: '3.3.4' },
  ]
  expect(replaceScalars(text, replacements)).toBe("a: '1'\nb: 20.20.20\nc: 3.3.4\n")
})

/** Every scalar of every document, and what errors there are. */
function valuesOf(text: string): unknown[] {
  return parseAllDocuments(text).flatMap(document => {
    const values: unknown[] = document.errors.map(({ message }) => message)
    visit(document, { Scalar: (_, node) => void (isScalar(node) && values.push(node.value)) })
    return values
  })
}
