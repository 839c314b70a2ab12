import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatIssue } from '../../src/yaml/format.ts'
import { findMarked, type Marked } from '../../src/yaml/marked.ts'
import { createText } from '../../src/yaml/text.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`

function find(text: string) {
  return findMarked(createText('values.yaml', '/somewhere', text))
}

/** What is marked, with what stands at its span in place of where it is. */
function marks(text: string): [string, Marked['part'], string][] {
  const { marked, issues } = find(text)
  expect(issues).toEqual([])
  return marked.map(({ image, part, span }) => [image, part, text.slice(span.start, span.end)])
}

function told(text: string): string[] {
  const { marked, issues } = find(text)
  expect(marked).toEqual([])
  return issues.map(issue => formatIssue(issue))
}

describe('findMarked', () => {
  it.each<[string, string, [string, Marked['part'], string]]>([
    ['a tag', 'tag: 3.20.1 # waybill: alpine:tag', ['alpine', 'tag', '3.20.1']],
    ['a tag that is a number', 'tag: 3.20 # waybill: alpine:tag', ['alpine', 'tag', '3.20']],
    ['a digest', `d: ${DIGEST} # waybill: alpine:digest`, ['alpine', 'digest', DIGEST]],
    ['a whole name', 'i: r:5/a:3 # waybill: alpine', ['alpine', 'reference', 'r:5/a:3']],
    ['a name by digest', `i: a@${DIGEST} # waybill: a`, ['a', 'reference', `a@${DIGEST}`]],
    ['an item', '- a:3 # waybill: a', ['a', 'reference', 'a:3']],
    ['a value in brackets', '- [a:3] # waybill: a', ['a', 'reference', 'a:3']],
    ['a value with an anchor', 'i: &x a:3 # waybill: a', ['a', 'reference', 'a:3']],
    ['quotes', `i: "a:3"\t#\twaybill: a`, ['a', 'reference', '"a:3"']],
    ['no spaces', `i: 'a:3' #waybill:a`, ['a', 'reference', "'a:3'"]],
    ['a line of CRLF', 'b: 1\r\ni: a:3 # waybill: a \r\nc: 1\r\n', ['a', 'reference', 'a:3']],
    ['a later document', 'b: 1\n---\ni: a:3 # waybill: a\n...\n', ['a', 'reference', 'a:3']],
    [
      'a name with colons',
      'i: a:3 # waybill: ghcr.io:1/a:b',
      ['ghcr.io:1/a:b', 'reference', 'a:3'],
    ],
    ['and a part', 'i: 3 # waybill: ghcr.io:1/a:b:tag', ['ghcr.io:1/a:b', 'tag', '3']],
    ['a byte order mark', '\ufeffi: a:3 # waybill: a', ['a', 'reference', 'a:3']],
    ['a tag of YAML', 'i: !Ref a:3 # waybill: a', ['a', 'reference', 'a:3']],
    ['the last of a document', 'i: a:3 # waybill: a', ['a', 'reference', 'a:3']],
  ])('finds %s', (_, text, mark) => expect(marks(text)).toEqual([mark]))

  it.each([
    ['in other words', '# Kept by waybill: do not edit\na: 1 # see waybill: x\n'],
    ['in a value', `a: 'x # waybill: a'\nb: "y\n  # waybill: a"\n`],
    ['in a block', 'a: |\n  b: c:1 # waybill: a\n'],
    ['in a block that is not indented', '--- |\n# waybill: a\n'],
    ['in what is no YAML, without markers', '{{ if }}: [\n'],
  ])('finds nothing %s', (_, text) => expect(marks(text)).toEqual([]))

  it('finds all, with their lines', () => {
    const text = 'a: x:1 # waybill: x\nb:\n  - 2 # waybill: y:tag\n---\n- z:3 # waybill: z\n'
    expect(find(text).marked.map(({ image, line }) => [image, line])).toEqual([
      ['x', 1],
      ['y', 3],
      ['z', 5],
    ])
  })

  it.each([
    ['no value', 'a:\n  # waybill: a\n  b: 1\n', 'values.yaml:2:3: there is no value on the line'],
    ['only a key', 'a: # waybill: a\n  b: 1\n', 'values.yaml:1:4: there is no value on the line'],
    [
      'two values',
      '{ a: x, b: y } # waybill: a\n',
      'values.yaml:1:12: there is more than one value',
    ],
    ['an alias', 'a: &x b:1\nc: *x # waybill: a\n', 'values.yaml:2:4: "*x" only repeats a value'],
    ['a block', 'a: | # waybill: a\n  x:1\n', 'values.yaml:1:4: a marked value is on one line'],
    ['more lines', 'a: "x:\n  1" # waybill: a\n', 'values.yaml:1:4: a marked value is on one line'],
    ['no tag', 'a: x:1 # waybill: a:tag\n', 'values.yaml:1:4: "x:1" is not a tag'],
    ['no digest', 'a: x # waybill: a:digest\n', 'values.yaml:1:4: "x" is not a digest'],
    ['no version', 'a: x # waybill: a\n', 'values.yaml:1:4: "x" is not an image with its tag or'],
    ['a bad digest', 'a: x@sha256:0 # waybill: a\n', 'values.yaml:1:4: "x@sha256:0" is not an'],
    ['no name', 'a: x:1 # waybill:\n', 'values.yaml:1:8: this marker names no image'],
    ['a bad name', 'a: x:1 # waybill: a b\n', 'values.yaml:1:19: "a b" is not an image\'s name'],
  ])('tells of %s', (_, text, message) => {
    const [issue = '', ...others] = told(text)
    expect(issue.slice(0, message.length)).toBe(message)
    expect(issue).toMatch(/\n +\| +\^+\nhint: /)
    expect(others).toEqual([])
  })

  it.each([
    ['a template', 'a: {{ .Values.a }}:1 # waybill: a\n'],
    ['what is no YAML', 'a: [b # waybill: a\nc: d\n'],
    ['what is nested too deep', `${'['.repeat(70)}\na # waybill: a\n${']'.repeat(70)}`],
  ])('tells of %s, and marks nothing there', (_, text) => {
    const { marked, issues } = find(text)
    expect(marked).toEqual([])
    expect(issues[0]?.code).toBe('MANIFEST_SYNTAX')
    expect(issues[0]?.location.file).toBe('values.yaml')
  })

  it('nested as deep as is allowed', () => {
    const depth = 60
    const text = `${'['.repeat(depth)}\na:1 # waybill: a\n${']'.repeat(depth)}`
    expect(marks(text)).toEqual([['a', 'reference', 'a:1']])
  })

  it('reads anything, and what it marks is the value that it says', () => {
    const part = fc.constantFrom('a: ', '- ', 'x:1', "'x:1'", '"x', '"', '[', '{', '}', ']', ', ')
    const more = fc.constantFrom(
      '\n',
      '\r\n',
      '  ',
      '&a ',
      '*a',
      '|\n',
      '---\n',
      '\t',
      ' # waybill: x\n',
    )
    const text = fc.array(fc.oneof(part, more, more, fc.string({ unit: 'binary', maxLength: 3 })))
    fc.assert(
      fc.property(text, parts => {
        const all = parts.join('')
        for (const { span, value } of find(all).marked) {
          expect(all.slice(span.start, span.end).replaceAll(/^['"]|['"]$/g, '')).toBe(value)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
