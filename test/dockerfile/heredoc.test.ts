import { describe, expect, it } from 'vitest'
import { parseDockerfile } from '../../src/dockerfile/parse.ts'
import { carets, instruction, instructions, refusals, texts } from './reading.ts'

const parse = (text: string) => parseDockerfile(text, 'Dockerfile')

describe('inline documents', () => {
  const documents = (text: string) =>
    instruction('copy', text).documents.map(({ name, content, expands }) => [
      name,
      content,
      expands,
    ])

  it.each([
    ['COPY <<EOF /a\nx\n  $Y\nEOF', [['EOF', 'x\n  $Y\n', true]]],
    ['COPY <<EOF /a\nEOF', [['EOF', '', true]]],
    ['COPY <<"EOF" /a\n$Y\nEOF', [['EOF', '$Y\n', false]]],
    ["COPY <<'E F' /a\n$Y\nE F", []],
    ["COPY <<E'O'F /a\n$Y\nEOF", [['EOF', '$Y\n', false]]],
    ['COPY <<-EOF /a\n\t\tx\n\ty\tz\n\tEOF', [['EOF', 'x\ny\tz\n', true]]],
    ['COPY <<EOF /a\n\tEOF\nEOF', [['EOF', '\tEOF\n', true]]],
    ['COPY <<EOF /a\r\nx\r\nEOF\r\n', [['EOF', 'x\r\n', true]]],
    [
      'COPY <<A <<B /a\n1\nA\n2\nB',
      [
        ['A', '1\n', true],
        ['B', '2\n', true],
      ],
    ],
    ['COPY <<EOF /a\n# no comment\n\n\\\nEOF', [['EOF', '# no comment\n\n\\\n', true]]],
    ['COPY 3<<EOF /a\nx\nEOF', [['EOF', 'x\n', true]]],
    ['COPY \\\n<<EOF /a\nx\nEOF', [['EOF', 'x\n', true]]],
    ['COPY ["<<EOF", "/a"]', [['EOF', '', true]]],
  ])('%j', (text, expected) => {
    expect(documents(text)).toEqual(expected)
  })

  it('stand beside files', () => {
    const copy = instruction('copy', 'COPY a <<EOF b /c/\nx\nEOF')
    expect([texts(copy.sources), copy.documents.length]).toEqual([['a', 'b'], 1])
  })

  it('are what RUN reads, with all their tabs', () => {
    const run = instruction('run', 'RUN <<-A cat && <<B cat\n\tx\nA\ny\nB')
    expect(run.documents.map(({ name, raw }) => [name, raw])).toEqual([
      ['A', '\tx\n'],
      ['B', 'y\n'],
    ])
    expect(run.command).toEqual({ form: 'shell', text: '<<-A cat && <<B cat' })
  })

  it('end before the next instruction', () => {
    const found = instructions('ADD <<EOF /a\nUSER no\nEOF\nUSER yes')
    expect(found.map(({ kind }) => kind)).toEqual(['add', 'user'])
  })

  it('are for COPY, ADD and RUN only', () => {
    expect(instructions('CMD <<EOF\nUSER a').map(({ kind }) => kind)).toEqual(['cmd', 'user'])
  })

  it('that do not end are refused where they begin', () => {
    const text = 'FROM a\nCOPY a \\\n <<EOF /b\nx\nEOF.'
    expect(refusals(() => parse(text))).toEqual(['3:2 the document "EOF" does not end'])
    expect(carets(() => parse(text))).toEqual(['<<EOF'])
  })
})

describe('ONBUILD', () => {
  it.each([
    ['ONBUILD COPY  a \\\n b', 'COPY  a  b'],
    ['onbuild RUN x  ', 'RUN x  '],
    ['ONBUILD FOO bar', 'FOO bar'],
    ['ONBUILD COPY a', 'COPY a'],
    ['ONBUILD COPY <<EOF /a\nx\nEOF', 'COPY <<EOF /a\nx\nEOF'],
  ])('%j', (text, expression) => {
    expect(instruction('onbuild', text).expression).toBe(expression)
  })

  it.each([
    ['ONBUILD', '2:1 ONBUILD has no argument'],
    ['ONBUILD ONBUILD USER a', '2:9 ONBUILD cannot be put off with ONBUILD'],
    ['ONBUILD from a', '2:9 FROM cannot be put off with ONBUILD'],
    ['ONBUILD MAINTAINER a', '2:9 MAINTAINER cannot be put off with ONBUILD'],
    ['ONBUILD CMD [1]', '2:13 an item that is no text in a JSON array'],
    ['ONBUILD ENV A=b C', '2:17 "C" has no "="'],
    ['ONBUILD HEALTHCHECK CMD [1]', '2:25 an item that is no text in a JSON array'],
    ['ONBUILD --x COPY a b', '2:9 there is no flag "--x"'],
  ])('%s is refused', (text, refusal) => {
    expect(refusals(() => instructions(text))).toEqual([refusal])
  })
})
