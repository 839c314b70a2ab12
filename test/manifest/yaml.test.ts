/** What makes a file no YAML that a manifest may be. */
import { describe, expect, it } from 'vitest'
import { brief, issuesOf, parse, placesOf } from './manifests.ts'

describe('a file is refused for', () => {
  it.each([
    ['nothing in it', '', '1:1+1 the file holds nothing | begin it with "version: 1"'],
    ['only comments', '# a\n', '1:1+1 the file holds nothing | begin it with "version: 1"'],
    ['a list', '- a\n', '1:1+1 the manifest must be a mapping, not a list'],
    ['text', 'hello', '1:1+5 the manifest must be a mapping, not text'],
    ['no version', 'images: []', '1:1+6 "version" is missing | begin the file with "version: 1"'],
    ['another version', 'version: 2', '1:10+1 "version" must be 1, not 2'],
    [
      'a version in quotes',
      'version: "1"',
      '1:10+3 "version" must be a whole number, not text | write the number without quotes',
    ],
    [
      'a tab',
      'version: 1\nimages:\n\t- from: a:1',
      '3:1+1 tabs are not allowed as indentation | use spaces',
    ],
    [
      'a quote left open',
      'version: 1\nname: "x\n',
      '3:1+1 missing closing "quote | is a colon, a quote or a bracket missing here, or on a line above?',
    ],
    [
      'two colons',
      'version: 1\nname: a: b',
      '2:7+1 nested mappings are not allowed in compact mappings | put a value that has ": " in it into quotes, or start a new line',
    ],
    [
      'a reserved character',
      'version: 1\nname: @a',
      '2:7+1 plain value cannot start with reserved character @ | put the value into quotes',
    ],
    [
      'a strange escape',
      'version: 1\nname: "\\q"',
      "2:8+1 invalid escape sequence \\q | in 'single quotes' a backslash is a backslash",
    ],
    [
      'a tag',
      'version: 1\nname: !x y',
      '2:7+2 unresolved tag: !x | a manifest needs no tags; a value that starts with ! goes into quotes',
    ],
    [
      'a second document',
      'version: 1\n---\nversion: 1\n',
      '2:1+3 a second document starts here; a manifest is one | put it into a file of its own, and name both with -f',
    ],
    [
      'YAML 1.1',
      '%YAML 1.1\n---\nversion: 1\n',
      '1:1+1 YAML 1.1 is asked for; a manifest is YAML 1.2 | leave out the %YAML line',
    ],
    [
      'a key given twice',
      'version: 1\nname: a\nname: b',
      '3:1+4 key "name" is given twice | one mapping has a key once',
    ],
    [
      'a key given twice in what is free',
      'version: 1\nx-a:\n  - { b: 1, b: 2 }',
      '3:13+1 key "b" is given twice | one mapping has a key once',
    ],
    [
      'a merge key given twice',
      'version: 1\nx-a: &a { b: 1 }\nx-b:\n  <<: *a\n  <<: *a',
      '5:3+2 key "<<" is given twice | one mapping has a key once',
    ],
    ['a list as a key', 'version: 1\n? [a]\n: b', '2:3+3 a key must be plain text'],
    ['a missing key', 'version: 1\n: b', '2:1+1 a key is missing before this colon'],
    [
      'an alias without an anchor',
      'version: 1\nname: *a',
      '2:7+2 there is no anchor "&a" | an alias needs its anchor before it',
    ],
    [
      'an alias before its anchor',
      'version: 1\nx-a: *b\nx-b: &b 1',
      '2:6+2 there is no anchor "&b" | an alias needs its anchor before it',
    ],
    [
      'an alias to itself',
      'version: 1\nx-a: &a\n  b: *a',
      '3:6+2 "*a" stands for something it is part of',
    ],
    [
      'text that is merged',
      'version: 1\nx-a:\n  <<: b',
      '3:7+1 "<<" takes mappings only | like <<: *name, or <<: [*one, *two]',
    ],
  ])('%s', async (_, text, issue) => {
    expect((await issuesOf(text)).map(brief)).toEqual([issue])
  })

  it('a key given twice, beside all else that is wrong', async () => {
    const issues = await issuesOf('version: 1\nname: a\nname: b\nimages: [{ form: a }]\n')
    expect(issues.map(({ code, location }) => `${location.line} ${code}`)).toEqual([
      '3 MANIFEST_SYNTAX',
      '4 MANIFEST_SCHEMA',
    ])
  })

  it.each([
    ['lists', '['.repeat(100_000)],
    ['mappings', '{a: '.repeat(100_000)],
    ['compact lists', '- '.repeat(100_000)],
    ['compact keys', '? '.repeat(100_000)],
    ['closed lists', `${'['.repeat(1000)}${']'.repeat(1000)}`],
  ])('%s that are nested too deep', async (_, text) => {
    const [issue] = await issuesOf(`x-a:\n  ${text}\n`)
    expect(issue?.message).toBe('nested deeper than 64 levels')
    expect(issue?.location.line).toBe(2)
  })

  it('a chain of aliases that is too deep', async () => {
    const lines = Array.from({ length: 80 }, (_, n) => `x-${n + 1}: &a${n + 1} [*a${n}]`)
    const [issue] = await issuesOf(['x-0: &a0 [1]', ...lines].join('\n'))
    expect(issue?.message).toBe('nested deeper than 64 levels')
  })

  it('aliases that stand for too much', async () => {
    const lines = Array.from(
      { length: 20 },
      (_, n) => `x-${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)} 1]`,
    )
    const issues = await issuesOf(['x-0: &a0 [1, 2, 3]', ...lines].join('\n'))
    expect(issues.map(({ code, message, location }) => [code, message, location.line])).toEqual([
      ['MANIFEST_SYNTAX', 'more than 1000000 values in one file', 7],
    ])
  })

  it('merges that stand for too much', async () => {
    const keys = Array.from({ length: 1_000 }, (_, n) => `k${n}: 1`).join(', ')
    const merged = Array.from({ length: 2_000 }, () => '  - <<: *a\n').join('')
    const [issue] = await issuesOf(`x-a: &a { ${keys} }\nx-b:\n${merged}`)
    expect(issue?.message).toBe('more than 1000000 values in one file')
  })

  it('more parts than are read', async () => {
    const [issue] = await issuesOf(`x-a: [${'!,'.repeat(1_100_000)}`)
    expect(issue?.message).toBe('the file has too many parts to be read')
  })

  it('its size', async () => {
    const issues = await issuesOf(`version: 1\n# ${'x'.repeat(8 * 1024 * 1024)}`)
    expect(issues.map(brief)).toEqual(['1:1+1 the file has more than 8 MiB'])
  })

  it.each([
    ['Latin-1', [...Buffer.from('name: "é'), 0xe9, 0x22], 9],
    ['a cut character', [...Buffer.from('name: é'), 0xc3], 8],
    ['after a mark', [0xef, 0xbb, 0xbf, ...Buffer.from('name: '), 0xff], 7],
    ['UTF-16', [0xff, 0xfe, 0x76, 0x00], 1],
  ])('not being UTF-8: %s', async (_, tail, column) => {
    const hasMark = tail[0] === 0xef || tail[0] === 0xff
    const before = hasMark ? Buffer.alloc(0) : Buffer.from('version: 1\n')
    const issues = await issuesOf({ a: Buffer.concat([before, Buffer.from(tail)]) })
    expect(issues.map(brief)).toEqual([
      `${hasMark ? 1 : 2}:${column}+1 this is not UTF-8 | save the file as UTF-8`,
    ])
  })
})

describe('a file may have', () => {
  it.each([
    ['a byte order mark', '\ufeffversion: 1\nimages: [{ from: a:1 }]'],
    ['Windows line ends', 'version: 1\r\nimages:\r\n  - from: a:1\r\n'],
    ['a document marker', '---\nversion: 1\nimages: [{ from: a:1 }]\n...\n'],
    ['JSON in it', '{"version":1,"images":[{"from":"a:1"}]}'],
    ['a block of text', 'version: 1\nx-note: |\n  a\n  b\nimages: [{ from: a:1 }]'],
    ['an anchor and its alias', 'version: 1\nx-a: &a a:1\nimages: [{ from: *a }]'],
    [
      'an anchor used many times',
      `version: 1\nx-a: &a [linux/amd64]\nx-b: [${'*a,'.repeat(5_000)}]\nimages: [{ from: a:1, platforms: *a }]`,
    ],
    [
      'a merge key',
      'version: 1\nx-a: &a { from: b:2, as: x }\nimages: [{ <<: *a, from: a:1, as: "1" }]',
    ],
    [
      'several merged',
      'version: 1\nx-a: &a { from: a:1 }\nx-b: &b { from: b:1 }\nimages: [{ <<: [*a, *b] }]',
    ],
    ['an anchor in quotes', 'version: 1\nx-a: &a "a:1"\nimages:\n- from: *a'],
    ['what is unset where it is free', 'version: 1\nx-a: "${NOPE} ${"\nimages: [{ from: a:1 }]'],
  ])('%s', async (_, text) => {
    expect(placesOf(parse(text))).toEqual(['local/library/a:1'])
  })
})
