import { describe, expect, it } from 'vitest'
import { describeError } from '../../../src/report/errors.ts'
import { compileTemplate } from '../../../src/report/template/template.ts'
import { argumentError, argumentIssue, image, marked } from './values.ts'

describe('a template is refused when it is read', () => {
  it.each([
    ['a {{.ID', '{{', 'this "{{" is never closed'],
    ['{{.ID}', '}', '"}" means nothing here'],
    ['{{}}', '{{}}', 'the braces hold nothing'],
    ['{{/* a', '{{/*', 'this comment is never closed'],
    ['{{/* a */ .ID}}', '*/', 'the braces do not close after the comment'],
    ['{{"a}}', '"', 'this " is never closed'],
    ['{{`a}}', '`', 'this ` is never closed'],
    ['{{"a\nb"}}', '"', 'this " is never closed'],
    [String.raw`{{"\d"}}`, String.raw`\d`, String.raw`\d is no escape`],
    [String.raw`{{"\ud800"}}`, String.raw`\ud800`, String.raw`\ud800 is no escape`],
    ["{{'ab'}}", "'ab'", 'single quotes hold one character'],
    ['{{12x}}', '12x', '12x is no number'],
    ['{{010}}', '010', '010 is no number'],
    ['{{.A & .B}}', '&', '"&" means nothing here'],
    ['{{.A..B}}', '.', 'only a function takes arguments'],
    ['{{jsn .}}', 'jsn', 'there is no function "jsn"'],
    ['{{ID}}', 'ID', 'there is no function "ID"'],
    ['{{html .ID}}', 'html', 'there is no function "html"'],
    ['{{json.ID}}', '.ID', 'there is no space before this'],
    ['{{index(.A) 0}}', '(', 'there is no space before this'],
    ['{{json}}', 'json', 'json takes 1 argument, and has 0'],
    ['{{json .A .B}}', 'json .A .B', 'json takes 1 argument, and has 2'],
    ['{{.A | eq}}', 'eq', 'eq takes at least 2 arguments, and has 1'],
    ['{{slice .A 1 2 3}}', 'slice .A 1 2 3', 'slice takes 1 to 3 arguments, and has 4'],
    ['{{eq 1 len}}', 'len', 'len takes 1 argument, and has 0'],
    ['{{.A .B}}', '.B', 'only a function takes arguments'],
    ['{{.A | .B}}', '.B', 'only a function takes what is piped'],
    ['{{.A |}}', '}}', 'a value is missing'],
    ['{{| .A}}', '|', '"|" stands where a value should'],
    ['{{nil}}', 'nil', 'nil is nothing to show'],
    ['{{"a".B}}', '"a".B', 'what is written out has no fields'],
    ['{{(.A}}', '(', 'this "(" is never closed'],
    ['{{.A)}}', ')', 'this ")" closes nothing'],
    ['{{json ()}}', ')', '")" stands where a value should'],
    ['{{$x}}', '$x', 'there is no variable "$x"'],
    ['{{$x = 1}}', '$x', 'there is no variable "$x"'],
    ['{{$x := $x}}', '$x', 'there is no variable "$x"'],
    ['{{if true}}{{$x := 1}}{{end}}{{$x}}', '$x', 'there is no variable "$x"'],
    ['{{$x := }}', '}}', 'a value is missing'],
    ['{{$x, $y := .A}}', '$y', 'there are more variables than values'],
    ['{{range $x, $y, $z := .A}}{{end}}', '$z', 'there are more variables than values'],
    ['{{if}}{{end}}', '{{if}}', '"if" lacks a value'],
    ['a{{if .A}}b', '{{if .A}}', 'this block is never ended'],
    ['{{if .A}}{{range .B}}{{else}}', '{{range .B}}', 'this block is never ended'],
    ['{{if .A}}{{if .B}}{{end}}', '{{if .A}}', 'this block is never ended'],
    ['a{{end}}', '{{end}}', 'there is no block for this end'],
    ['{{else}}', '{{else}}', 'there is no block for this else'],
    ['{{if .A}}{{else}}{{else}}{{end}}', '{{else}}', 'this comes after the last else'],
    ['{{if .A}}{{else with .B}}{{end}}', '{{else with .B}}', 'no such else belongs to if'],
    ['{{range .A}}{{else if .B}}{{end}}', '{{else if .B}}', 'no such else belongs to range'],
    ['{{if .A}}{{else if}}{{end}}', '{{else if}}', '"else if" lacks a value'],
    ['{{if .A}}{{end .B}}', '.B', 'something follows end'],
    ['{{range .A}}{{break .B}}{{end}}', '.B', 'something follows break'],
    ['{{if .A}}{{break}}{{end}}', '{{break}}', 'there is no range for this break'],
    [
      '{{range .A}}{{else}}{{continue}}{{end}}',
      '{{continue}}',
      'there is no range for this continue',
    ],
    ['{{range .A}}{{end}}{{break}}', '{{break}}', 'there is no range for this break'],
    ['{{json if}}', 'if', 'if stands first in its braces'],
    ['{{template "x"}}', '{{template "x"}}', 'a template here has no template'],
  ])('%j: at %j', (template, part, message) => {
    const issue = argumentIssue(() => compileTemplate(template))
    expect([issue.message, marked(issue)]).toEqual([message, part])
  })
})

describe('a template is refused for a value that it does not fit', () => {
  it.each([
    ['{{.Foo}}', 'Foo', 'there is no field "Foo"'],
    ['x\n {{.Config.Evn}}', 'Evn', 'there is no field "Evn"'],
    ['{{.ID.Size}}', 'Size', 'text has no field "Size"'],
    ['{{.RepoTags.Name}}', 'Name', 'a list has no field "Name"'],
    ['{{.constructor}}', 'constructor', 'there is no field "constructor"'],
    ['{{.Config.__proto__}}', '__proto__', 'there is no field "__proto__"'],
    ['{{index .RepoTags 2}}', 'index .RepoTags 2', 'there is no item 2: the list has items 0 to 1'],
    [
      '{{index .RepoTags -1}}',
      'index .RepoTags -1',
      'there is no item -1: the list has items 0 to 1',
    ],
    ['{{index .RepoDigests 0}}', 'index .RepoDigests 0', 'there is no item 0: the list is empty'],
    ['{{index .Parent 0}}', 'index .Parent 0', 'there is no item 0: the list is empty'],
    [
      '{{index .RepoTags "a"}}',
      'index .RepoTags "a"',
      'a list is indexed by whole numbers, not by text',
    ],
    [
      '{{index .Config.Labels 0}}',
      'index .Config.Labels 0',
      'a map is indexed by text, not by a number',
    ],
    ['{{index .Config "Evn"}}', 'index .Config "Evn"', 'an object has fields, and no key "Evn"'],
    ['{{index .ID 0}}', 'index .ID 0', 'text has no parts to index'],
    ['{{len .Size}}', 'len .Size', 'a number has no length'],
    ['{{slice .ID 5 2}}', 'slice .ID 5 2', 'there is nothing from 5 to 2: there are 23'],
    ['{{slice .RepoTags 0 3}}', 'slice .RepoTags 0 3', 'there is nothing from 0 to 3: there are 2'],
    ['{{slice .Size}}', 'slice .Size', 'slice takes text, and is given a number'],
    ['{{upper .Size}}', 'upper .Size', 'upper takes text, and is given a number'],
    ['{{join "," .RepoTags}}', 'join "," .RepoTags', 'join takes a list, and is given text'],
    [
      '{{truncate .ID -1}}',
      'truncate .ID -1',
      'truncate counts in whole numbers from 0, and is given -1',
    ],
    ['{{eq .ID .Size}}', 'eq .ID .Size', 'text and a number cannot be compared'],
    ['{{lt .Official false}}', 'lt .Official false', 'a boolean and a boolean cannot be compared'],
    [
      '{{eq .RepoTags .RepoTags}}',
      'eq .RepoTags .RepoTags',
      'a list and a list cannot be compared',
    ],
    ['{{range .ID}}{{end}}', '.ID', 'text has nothing to go over'],
    ['{{range .Config}}{{end}}', '.Config', 'an object has nothing to go over'],
    ['{{printf "%d" .ID}}', 'printf "%d" .ID', '"%d" is for a whole number, and is given text'],
    [
      '{{printf "%d" .Ratio}}',
      'printf "%d" .Ratio',
      '"%d" is for a whole number, and is given 0.25',
    ],
    [
      '{{printf "%t" .RepoTags}}',
      'printf "%t" .RepoTags',
      '"%t" is for a boolean, and is given text',
    ],
    [
      '{{printf "%q" .Official}}',
      'printf "%q" .Official',
      '"%q" is for text, and is given a boolean',
    ],
    [
      '{{printf "%c" -1}}',
      'printf "%c" -1',
      '"%c" is for the code of a character, and is given -1',
    ],
    ['{{printf "%y" 1}}', 'printf "%y" 1', '"%y" is no verb of printf'],
    ['{{printf "5%"}}', 'printf "5%"', '"%" is no verb of printf'],
    ['{{printf "%s"}}', 'printf "%s"', 'nothing is given for "%s"'],
    ['{{printf "a" 1}}', 'printf "a" 1', 'printf is given 1 value, and its text has 0 verbs'],
  ])('%j: at %j', (template, part, message) => {
    const compiled = compileTemplate(template)
    const issue = argumentIssue(() => compiled.render(image))
    expect([issue.message, marked(issue)]).toEqual([message, part])
  })

  it('only where it comes to it', () => {
    expect(compileTemplate('{{if .Comment}}{{.Foo}}{{end}}x').render(image)).toBe('x')
  })
})

describe('a refusal', () => {
  it.each([
    ['{{.size}}', 'did you mean "Size"?'],
    ['{{.Config.Evn}}', 'did you mean "Env"?'],
    ['{{.Config.Wholly}}', 'there are Env, Cmd, Labels, Any'],
    ['{{ID}}', 'a field has a dot before it: .ID'],
    ['{{jsn .}}', 'did you mean "json"?'],
    ['{{$image := .}}{{$imag}}', 'did you mean "$image"?'],
    ['{{json}}', 'write {{json .}}'],
    ['{{index .Config "Evn"}}', 'did you mean "Env"?'],
  ])('of %j says %j', (template, hint) => {
    expect(argumentIssue(() => compileTemplate(template).render(image)).hint).toBe(hint)
  })

  it('has a caret under the first of several lines', () => {
    const { source, length } = argumentIssue(() => compileTemplate('{{if .A\n}}x'))
    expect([source, length]).toEqual(['{{if .A', 7])
  })

  it('is printed with the flag, the line and a caret', () => {
    const template = compileTemplate('{{.ID}}\n{{.Sise}}', '-f')
    const error = argumentError(() => template.render(image))
    expect(describeError(error, { color: false })).toBe(
      [
        '-f:2:4: there is no field "Sise"',
        '  2 | {{.Sise}}',
        '    |    ^^^^',
        'hint: did you mean "Size"?',
        '',
        'error: 1 problem in -f',
        '',
      ].join('\n'),
    )
  })
})
