import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MOST_DOCKERFILE_BYTES,
  MOST_INSTRUCTIONS,
  parseDockerfile,
} from '../../src/dockerfile/parse.ts'
import type { Word } from '../../src/dockerfile/types.ts'
import { DocumentError } from '../../src/yaml/errors.ts'
import { formatIssue } from '../../src/yaml/format.ts'
import { dockerfiles, instructions, issuesOf, refusals, texts, thrownBy } from './reading.ts'

const parse = (text: string) => parseDockerfile(text, 'Dockerfile')

describe('lines', () => {
  it.each([
    ['one', 'USER a', 'a'],
    ['ends in CRLF', 'USER a\r\n', 'a'],
    ['goes on in the next', 'USER a \\\n  b', 'a   b'],
    ['goes on behind spaces and tabs', 'USER a\\ \t\nb', 'ab'],
    ['goes on over CRLF', 'USER a\\\r\nb\r\n', 'ab'],
    ['goes on past a comment', 'USER a \\\n# no\n   # nor this\nb', 'a b'],
    ['goes on past an empty line', 'USER a \\\n\n \t\nb', 'a b'],
    ['does not go on behind an escaped escape', 'USER a\\\\\nUSER b', 'a\\\\'],
    ['ends with the file', 'USER a \\', 'a'],
    ['begins with spaces', ' \t USER a', 'a'],
    ['has spaces in it and at its end', 'USER \t a  b \t', 'a  b'],
    ['has # in it', 'USER a # b', 'a # b'],
    ['begins with an escape', '\\\nUSER a', 'a'],
    ['is called in any case', 'uSeR a', 'a'],
  ])('%s', (_, text, user) => {
    expect(instructions(text)[0]).toMatchObject({ kind: 'user', user: { text: user } })
  })

  it('begin behind a byte order mark', () => {
    expect(parse('\ufeffFROM scratch').stages).toHaveLength(1)
  })

  it('know where every part of an instruction is, also where it went on', () => {
    const text = 'FROM scratch\n  COPY --chown=1 \\\n # c\n a \\\n   b /c'
    const { source, stages } = parse(text)
    const [copy] = stages[0]!.instructions
    if (copy?.kind !== 'copy') throw new Error('no COPY')
    const where = (word: Word | undefined) => {
      const { line, column } = source.locate(word!.at.start)
      return `${line}:${column} ${text.slice(word!.at.start, word!.at.end)}`
    }
    expect([copy.chown, ...copy.sources, copy.destination].map(where)).toEqual([
      '2:16 1',
      '4:2 a',
      '5:4 b',
      '5:6 /c',
    ])
    expect(source.locate(copy.at.start)).toMatchObject({ line: 2, column: 3 })
    expect(copy.code).toBe('COPY --chown=1  a    b /c')
  })

  it('that are empty inside an instruction are warned of', () => {
    const { warnings } = parse('FROM scratch\nUSER a \\\n\n\nb')
    expect(warnings.map(({ code, location }) => [code, location.line])).toEqual([
      ['DOCKERFILE_ADVICE', 3],
    ])
  })
})

describe('directives', () => {
  it.each([
    ['# escape=`\nFROM scratch\nUSER a `\nb\\', '`', ['escape=`']],
    ['#ESCAPE = ` \nFROM scratch\n', '`', ['escape=`']],
    [
      '# syntax=docker/dockerfile:1\n# escape=\\\nFROM a',
      '\\',
      ['syntax=docker/dockerfile:1', 'escape=\\'],
    ],
    ['# check=skip=all;error=true\nFROM a', '\\', ['check=skip=all;error=true']],
    ['\ufeff# escape=`\nFROM a', '`', ['escape=`']],
    ['# escape=`\r\nFROM a', '`', ['escape=`']],
    ['# a comment\n# escape=`\nFROM a', '\\', []],
    ['# other=x\n# escape=`\nFROM a', '\\', []],
    ['\n# escape=`\nFROM a', '\\', []],
    ['FROM a\n# escape=`\nUSER a', '\\', []],
    ['#!/usr/bin/env x\n# syntax=a\n# escape=`\nFROM a', '\\', ['syntax=a']],
  ])('%j', (text, escape, found) => {
    const parsed = parse(text)
    expect(parsed.escape).toBe(escape)
    expect(parsed.directives.map(({ name, value }) => `${name}=${value.text}`)).toEqual(found)
  })

  it('escape with what they say', () => {
    expect(
      parse('# escape=`\nFROM a\nUSER a\\\nUSER b `\nc').stages[0]!.instructions,
    ).toMatchObject([{ user: { text: 'a\\' } }, { user: { text: 'b c' } }])
  })

  it.each([
    ['# escape=x\nFROM a', '1:10 "x" as the escape character'],
    ['# escape=`\n# escape=`\nFROM a', '2:10 a second "# escape=" directive'],
    ['# syntax=a\n# SYNTAX=b\nFROM a', '2:10 a second "# syntax=" directive'],
  ])('%j is refused', (text, refusal) => {
    expect(refusals(() => parse(text))).toEqual([refusal])
  })
})

describe('FROM', () => {
  it.each([
    ['FROM a', ['a', undefined, undefined]],
    ['FROM a:1 AS b', ['a:1', 'b', undefined]],
    ['from a as B.c-d_1', ['a', 'b.c-d_1', undefined]],
    ['FROM --platform=$X ${A} AS b', ['${A}', 'b', '$X']],
    ['FROM --platform= a', ['a', undefined, undefined]],
  ])('%s', (text, [image, as, platform]) => {
    const { from } = parse(text).stages[0]!
    expect(texts([from.image, from.as, from.platform])).toEqual([image, as, platform])
  })

  it.each([
    ['FROM', '1:1 FROM has no image'],
    ['FROM a b', '1:8 FROM takes an image, and AS and a name'],
    ['FROM a AS', '1:8 FROM takes an image, and AS and a name'],
    ['FROM a IS b', '1:8 FROM takes an image, and AS and a name'],
    ['FROM a AS b c', '1:8 FROM takes an image, and AS and a name'],
    ['FROM a AS 1b', '1:11 "1b" is no name for a stage'],
    ['FROM a AS $b', '1:11 "$b" is no name for a stage'],
    ['FROM --platfrom=x a', '1:6 there is no flag "--platfrom"'],
    ['FROM --platform a', '1:6 --platform has no value'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => parse(text))).toEqual([refusal])
  })

  it.each([
    ['', '1:1 no instruction'],
    ['# nothing\n\n', '1:1 no instruction'],
    ['ARG A', '1:1 no FROM'],
    ['ARG A\nENV A=b\nFROM a', '2:1 ENV before the first FROM'],
  ])('is needed: %j', (text, refusal) => {
    expect(refusals(() => parse(text))).toEqual([refusal])
  })

  it('parts what stands before from stages', () => {
    const { args, stages } = parse('ARG A=1 B\nARG C\nFROM x\nARG D\nFROM y\nUSER a\nUSER b')
    expect(args.flatMap(({ args }) => texts(args.map(({ key }) => key)))).toEqual(['A', 'B', 'C'])
    expect(stages.map(({ index, instructions }) => [index, instructions.length])).toEqual([
      [0, 1],
      [1, 2],
    ])
  })
})

describe('all that is wrong', () => {
  const text = 'FROM scratch\nCPY a b\nUSER a\nENV A\nRUN --x <<EOF\nUSER no\nEOF\nLABEL =a'

  it('is told at once, in order', () => {
    expect(refusals(() => parse(text))).toEqual([
      '2:1 there is no instruction "CPY"',
      '4:5 ENV "A" has no value',
      '5:5 there is no flag "--x"',
      '8:7 a value without a name',
    ])
  })

  it('is shown with its line and a caret', () => {
    const [first] = issuesOf(() => parse(text))
    expect(formatIssue(first!)).toBe(
      'Dockerfile:2:1: there is no instruction "CPY"\n' +
        '  2 | CPY a b\n' +
        '    | ^^^\n' +
        'hint: did you mean "COPY"?',
    )
  })
})

describe('limits', () => {
  const line = (bytes: number) => `FROM a\n# ${'x'.repeat(bytes - 2)}\n`

  it('of a line, in bytes', () => {
    expect(parse(line(65_535)).stages).toHaveLength(1)
    expect(refusals(() => parse(line(65_536)))).toEqual(['2:1 a line of more than 65535 bytes'])
    expect(refusals(() => parse(`FROM a\n# ${'é'.repeat(32_767)}`))).toHaveLength(1)
  })

  it('of the file, in bytes', () => {
    const lines = (bytes: number) => `FROM a\n${`${'#'.repeat(1023)}\n`.repeat(bytes / 1024)}`
    expect(parse(lines(MOST_DOCKERFILE_BYTES - 1024)).stages).toHaveLength(1)
    expect(refusals(() => parse(lines(MOST_DOCKERFILE_BYTES)))[0]).toContain('at most 4194304')
  })

  it('of instructions', () => {
    const text = (count: number) => `FROM a\n${'USER a\n'.repeat(count - 1)}`
    expect(parse(text(MOST_INSTRUCTIONS)).stages).toHaveLength(1)
    expect(refusals(() => parse('X\n'.repeat(100_000)))).toHaveLength(50)
    expect(refusals(() => parse(text(MOST_INSTRUCTIONS + 1)))).toEqual([
      `${MOST_INSTRUCTIONS + 1}:1 more than ${MOST_INSTRUCTIONS} instructions`,
    ])
  })
})

it('reads a text or says what is wrong with it, whatever the text', () => {
  const places = (text: string) =>
    parse(text).stages.flatMap(({ instructions }) => instructions.map(({ at }) => at))
  fc.assert(
    fc.property(dockerfiles, text => {
      let found: ReturnType<typeof places> = []
      const error = thrownBy(() => (found = places(text)))
      expect(error === undefined || error instanceof DocumentError).toBe(true)
      expect(found.filter(({ start, end }) => start >= end || end > text.length)).toEqual([])
    }),
    { numRuns: 500 },
  )
})
