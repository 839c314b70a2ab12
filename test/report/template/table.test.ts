import { describe, expect, it } from 'vitest'
import { alignColumns } from '../../../src/report/template/columns.ts'
import { compileTemplate } from '../../../src/report/template/template.ts'
import { argumentIssue, marked } from './values.ts'

const NAMES = { Repository: 'REPOSITORY', Tag: 'TAG', Size: 'SIZE', Labels: 'LABELS' }
const row = { Repository: 'mysql', Tag: '5.7', Size: 123, Labels: new Map([['a', 'b']]) }

describe('a table', () => {
  it.each([
    ['table {{.Tag}}', 'TAG', '5.7'],
    ['table{{.Tag}}', 'TAG', '5.7'],
    ['table   {{.Tag}}  ', 'TAG', '5.7'],
    [String.raw`table {{.Repository}}\t{{.Tag}}`, 'REPOSITORY\tTAG', 'mysql\t5.7'],
    [String.raw`table\t{{.Tag}}`, '\tTAG', '\t5.7'],
    ['table {{.Repository}}:{{.Tag}}', 'REPOSITORY:TAG', 'mysql:5.7'],
    ['table {{upper .Repository}} {{json .Tag}}', 'REPOSITORY TAG', 'MYSQL "5.7"'],
    ['table {{truncate .Repository 2}}', 'REPOSITORY', 'my'],
    ['table {{.Labels.a}}', 'LABELS', 'b'],
    ['table {{index .Labels "a"}}', 'LABELS', 'b'],
    ['table {{join (split .Repository "y") "-"}}', 'REPOSITORY', 'm-sql'],
    [
      'table {{printf "%-12s|%6d|" .Repository .Size}}',
      'REPOSITORY  |  SIZE|',
      'mysql       |   123|',
    ],
    ['table {{pad .Tag 1 2}}|', ' TAG  |', ' 5.7  |'],
    ['table {{if gt .Size 5}}{{.Tag}}{{end}}', 'TAG', '5.7'],
    ['table {{range $k, $v := .Labels}}{{$k}}{{end}}', 'LABELS', 'a'],
    ['table {{with .Repository}}{{.}}{{end}}{{println .Tag}}', 'REPOSITORYTAG\n', 'mysql5.7\n'],
    ['table {{len .Labels}}', 'LABELS', '1'],
    ['table', '', ''],
  ])('%j has the header %j, and the line %j', (template, header, line) => {
    const { isTable, ...compiled } = compileTemplate(template)
    expect([isTable, compiled.header(NAMES), compiled.render(row)]).toEqual([true, header, line])
  })

  it.each(['{{.Tag}}', 'tables {{.Tag}}', ' table {{.Tag}}', 'a table', ''])(
    'is not %j',
    template => {
      expect(compileTemplate(template).isTable).toBe(false)
    },
  )

  it('points into the whole of what was given', () => {
    const template = compileTemplate('table  {{.Tga}}')
    for (const act of [() => template.header(NAMES), () => template.render(row)]) {
      const issue = argumentIssue(act)
      expect([marked(issue), issue.hint]).toEqual(['Tga', 'did you mean "Tag"?'])
    }
  })
})

describe('the columns of a table', () => {
  it.each<[string, string[], string[]]>([
    ['are at least ten wide', ['A\tB', 'x\ty'], ['A         B', 'x         y']],
    ['are three apart', ['A\tB', 'abcdefghij\ty'], ['A            B', 'abcdefghij   y']],
    [
      'are lined up as a terminal shows them',
      ['日本日本\tB', 'x\ty'],
      ['日本日本   B', 'x          y'],
    ],
    [
      'need not be in every line',
      ['A\tB\tC', 'x', '\ty'],
      ['A         B         C', 'x', '          y'],
    ],
    ['are none without tabs', ['A', 'long'], ['A', 'long']],
    ['are none without lines', [], []],
  ])('%s', (_, lines, aligned) => expect(alignColumns(lines)).toEqual(aligned))
})
