import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlain } from '../../src/manifest/plain.ts'
import { readYaml } from '../../src/manifest/yaml.ts'

describe('readPlain', () => {
  it.each([
    ['keys and lists', 'version: 1\nimages:\n  - from: alpine:3.20\n    tags: [a, b]\n'],
    ['a list as deep as its key', 'images:\n- from: a\n- from: b\nname: x'],
    ['comments and blank lines', '# one\n\na: b # two\n   # three\n\nc:\n  # four\n  d: e\n# five'],
    ['quotes', `a: 'x: # y'\nb: "x # 'y'"\nc: ''\nd: 'it''s'\ne: "it''s"`],
    ['what YAML takes for no text', 'a: 1\nb: true\nc: false\nd: 3.10\ne: 007'],
    ['text that looks odd', 'a: b:c\nd: e#f\ng: h:8080/i\nj: $k\nl: a b  c'],
    ['brackets', 'a: { b: { c: [d, 1, "e"] }, f: [] }\ng: {}\nh: [ x ]'],
    ['brackets over several lines', 'a: [\n    b, # c\n    d\n  ]\ne: f'],
    ['JSON', '{\n  "version": 1,\n  "images": [\n{"from":"a"},\n{"from":"b:1"}]\n}\n'],
    [
      'anchors and merge keys',
      'x-a: &a\n  b: 1\nc:\n  <<: *a\n  d: *a\ne: [*a, &f g]'.replace(', &f g', ''),
    ],
    ['several merged', 'a: &a { b: 1 }\nc: &c { b: 2, d: 3 }\ne:\n  f: 0\n  <<: [*c, *a]\n  b: 9'],
    ['a document marker', '# a\n\n---\na: b\n'],
    ['Windows line ends', "a: b\r\n# c\r\n\r\nd:\r\n  - 'e'\r\n  - [f, g]\r\nh: i j\r\n"],
    ['a spaced list', '-   a: 1\n    b: 2\n-   c'],
    ['ports in keys', 'registries:\n  localhost:5000: { http: true }\n'],
  ])('reads %s as the yaml package does', (_, text) => {
    const tree = readPlain(text)
    expect(tree).toBeDefined()
    expect({ tree, flaws: [] }).toEqual(readYaml(text))
  })

  it.each([
    ['an empty file', ''],
    ['only comments', '# nothing\n'],
    ['a value on the next line', 'a:\n  b'],
    ['a value over two lines', 'a: b\n  c'],
    ['a missing value', 'a:\nb: c'],
    ['a block scalar', 'a: |\n  b'],
    ['a tag', 'a: !!str 1'],
    ['an escape', String.raw`a: "\n"`],
    ['a tab', 'a:\tb'],
    ['a second document', 'a: b\n---\nc: d'],
    ['a marker with a value', '--- a\n'],
    ['a carriage return', 'a: b\rc: d'],
    ['a key given twice', 'a: 1\na: 2'],
    ['an unknown alias', 'a: *b'],
    ['an alias to itself', 'a: &a\n  b: *a'],
    ['two colons', 'a: b: c'],
    ['a colon at the end', 'a: b:'],
    ['wrong indentation', 'a:\n    b: 1\n  c: 2'],
    ['a bracket left open', 'a: [b\nc: d'],
    ['nothing between commas', 'a: [b,,c]'],
    ['null', 'a: null'],
    ['a long line', `a: ${'b'.repeat(5000)}`],
    ['deep nesting', `a: ${'['.repeat(40)}${']'.repeat(40)}`],
  ])('leaves %s to the yaml package', (_, text) => {
    expect(readPlain(text)).toBeUndefined()
  })

  it('never says anything else than the yaml package', () => {
    const runs = 8_000
    let answered = 0
    const texts = fc.oneof(pieces, lines, mutated)
    fc.assert(
      fc.property(texts, text => {
        answered += agrees(text) ? 1 : 0
      }),
      { numRuns: runs },
    )
    expect(answered).toBeGreaterThan(runs / 10)
  })
})

function agrees(text: string): boolean {
  const tree = readPlain(text)
  if (tree === undefined) return false
  expect({ tree, flaws: [] }).toEqual(readYaml(text))
  return true
}

const PIECES = [
  'a',
  'b: ',
  'c:',
  'key: value',
  '- ',
  '-',
  ' ',
  '  ',
  '    ',
  '\n',
  '\r\n',
  '\n  ',
  '\n    ',
  '\n- ',
  '\n  - ',
  ': ',
  ':',
  '#',
  ' # c',
  '[',
  ']',
  '{',
  '}',
  ', ',
  ',',
  '"',
  "'",
  '"q"',
  "'s'",
  "''",
  '"k":',
  '1',
  '3.10',
  '.5',
  '0x1',
  '1e3',
  'true',
  'null',
  '~',
  '-1',
  '$',
  '&x ',
  '*x',
  '<<: *x',
  '/',
  '.',
  '@',
  '%',
  '!',
  '|',
  '?',
  '\\',
  '\u00e9',
  '\u00a0',
  '\u2028',
  '\u0085',
]

const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 10 }).map(all => all.join(''))

const value = fc.oneof(
  fc.constantFrom(
    ...PIECES,
    'v',
    'a b',
    'x:y',
    'a#b',
    "'it''s'",
    '[a, b]',
    '{ a: b }',
    '[{ a: [1] }]',
  ),
  fc
    .array(fc.constantFrom('a', ' ', ':', '#', '-', "'", '"', ',', '[', ']', '1', '.'), {
      maxLength: 6,
    })
    .map(all => all.join('')),
)
const line = fc
  .tuple(
    fc.constantFrom(0, 0, 0, 0, 2, 2, 4, 1),
    fc.constantFrom('', '', '- ', '-   ', '- - '),
    fc.constantFrom('', 'a: ', 'b: ', 'c: ', 'd: ', 'e: ', 'f:  ', 'x: &x ', '<<: '),
    value,
    fc.constantFrom('', '', '', ' # c', ' '),
  )
  .map(([indent, ...rest]) => ' '.repeat(indent) + rest.join(''))
const lines = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\n', '\r\n'))
  .map(([all, end]) => all.join(end))

const SAMPLE = `x-base: &base
  platforms: [linux/amd64, 'linux/arm64']
version: 1 # one
registries:
  docker.io:
    auth: { username: { env: U }, password: { env: P } }
images:
  - from: mysql:5.7
    <<: *base
  - from: "alpine"
    tags:
    - '3.19'
    - edge
    to: [
      registry.internal/mirror/,
      local]
`

const mutated = fc
  .array(
    fc.record({
      at: fc.nat(SAMPLE.length),
      cut: fc.constantFrom(0, 0, 1, 2),
      put: fc.oneof(fc.constantFrom(...PIECES), fc.constantFrom('', 'a', 'b', ' ', '.')),
    }),
    { maxLength: 2 },
  )
  .map(edits =>
    edits.reduce(
      (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
      SAMPLE,
    ),
  )
