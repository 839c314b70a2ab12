/**
 * What templates give. Unless said otherwise, every line was tried with Go's text/template, with
 * docker's functions added, on the same image as Go structs.
 */
import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../../src/report/template/template.ts'
import { image } from './values.ts'

const render = (template: string) => compileTemplate(template).render(image)

describe('fields, variables and literals', () => {
  it.each([
    ['{{.ID}}', 'sha256:abcdef0123456789'],
    ['a {{.Config.Env}} b', 'a [A=1 B=x y] b'],
    ['{{.Size}} {{.Ratio}} {{.Official}}', '1234567 0.25 true'],
    ['{{$.ID}}', 'sha256:abcdef0123456789'],
    ['{{$x := .ID}}{{$x}}', 'sha256:abcdef0123456789'],
    ['{{$x := 1}}{{$x = "two"}}{{$x}}', 'two'],
    ['{{if true}}{{$x := 1}}{{$x}}{{end}}', '1'],
    ['{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}', '1'],
    ['{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}', '2'],
    ['{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}', '21'],
    ['{{$c := .Config}}{{$c.Env}}', '[A=1 B=x y]'],
    ['{{.Config.Labels.a}}', 'one'],
    ['{{.Config.Labels.z}}', '<no value>'],
    ['{{.Config.Labels.z.y}}', '<no value>'],
    ['{{.Config.Labels}}', 'map[a:one b:2 org.x:<é>]'],
    ['{{.Config.Any}}', 'map[k:[1 t <nil>] n:<nil>]'],
    ['{{.Config.Any.n}}', '<no value>'],
    ['{{.Comment}}|{{.RepoDigests}}', '|[]'],
    [String.raw`{{"a\tb\"\u00e9\x41\101\\"}}`, 'a\tb"éAA\\'],
    ['{{`a\\tb`}}', String.raw`a\tb`],
    [String.raw`{{'x'}} {{'\n'}}`, '120 10'],
    [
      '{{12}} {{-3}} {{+4}} {{1.5}} {{.5}} {{1e3}} {{0x1f}} {{0o17}} {{0b11}} {{9007199254740993}}',
      '12 -3 4 1.5 0.5 1000 31 15 3 9007199254740993',
    ],
    ['{{true}} {{false}}', 'true false'],
    ['{{(index .RepoTags 0)}}', 'a:1'],
    ['{{(.Config).Env}}', '[A=1 B=x y]'],
    ['{{ .ID }}', 'sha256:abcdef0123456789'],
    ['{{\n.ID\n}}', 'sha256:abcdef0123456789'],
  ])('%j gives %j', (template, text) => {
    expect(render(template)).toBe(text)
  })
})

describe('text and trimming', () => {
  it.each([
    ['', ''],
    ['plain', 'plain'],
    ['a } b {x}', 'a } b {x}'],
    ['a{{/* no {{ comment */}}b', 'ab'],
    ['a {{- /* no */ -}} b', 'ab'],
    ['a {{- .ID -}} b', 'asha256:abcdef0123456789b'],
    [' \n{{- "x"}} ', 'x '],
    ['{{"x" -}}\n\n y', 'xy'],
    ['{{"a"}} {{- " "}} {{- "b"}}', 'a b'],
    ['{{- 3}}', '3'],
    ['{{3 -}}', '3'],
  ])('%j gives %j', (template, text) => {
    expect(render(template)).toBe(text)
  })
})

describe('blocks', () => {
  it.each([
    ['{{if .Official}}yes{{end}}', 'yes'],
    ['{{if .Comment}}yes{{else}}no{{end}}', 'no'],
    ['{{if .Comment}}a{{else if .RepoDigests}}b{{else if .Size}}c{{else}}d{{end}}', 'c'],
    ['{{if not .Comment}}none{{end}}', 'none'],
    ['{{range .RepoTags}}{{.}};{{end}}', 'a:1;b:2;'],
    ['{{range .RepoDigests}}x{{else}}none{{end}}', 'none'],
    ['{{range $i, $e := .RepoTags}}{{$i}}={{$e}} {{end}}', '0=a:1 1=b:2 '],
    ['{{range $e := .RepoTags}}{{$e}}{{.}} {{end}}', 'a:1a:1 b:2b:2 '],
    ['{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}', 'a=one b=2 org.x=<é> '],
    ['{{$x := 1}}{{range $x = .RepoTags}}{{end}}{{$x}}', 'b:2'],
    ['{{range .Config.Labels}}{{.}} {{end}}', 'one 2 <é> '],
    ['{{range 3}}{{.}}{{end}}', '012'],
    ['{{range $i := 2}}{{$i}}{{end}}', '01'],
    ['{{range 0}}x{{else}}none{{end}}', 'none'],
    ['{{range .RepoTags}}{{$.Size}} {{end}}', '1234567 1234567 '],
    ['{{range .RepoTags}}{{.}}{{break}}{{end}}', 'a:1'],
    ['{{range .RepoTags}}{{if eq . "a:1"}}{{continue}}{{end}}{{.}}{{end}}', 'b:2'],
    ['{{range .RepoTags}}{{range $.RepoDigests}}{{else}}{{break}}{{end}}{{.}}{{end}}x', 'x'],
    ['{{range .Config.Any.z}}x{{else}}none{{end}}', 'none'],
    ['{{range .Config.Any.k}}{{.}},{{end}}', '1,t,<no value>,'],
    ['{{with .Config}}{{.Env}}{{end}}', '[A=1 B=x y]'],
    ['{{with .Comment}}{{.}}{{else}}none{{end}}', 'none'],
    ['{{with .Comment}}a{{else with .ID}}{{.}}{{end}}', 'sha256:abcdef0123456789'],
    ['{{with $x := .ID}}{{$x}}{{.}}{{end}}', 'sha256:abcdef0123456789sha256:abcdef0123456789'],
    ['{{range .RepoTags}}{{range $.Config.Env}}{{.}}{{end}}{{break}}{{end}}', 'A=1B=x y'],
  ])('%j gives %j', (template, text) => {
    expect(render(template)).toBe(text)
  })
})

describe('functions', () => {
  it.each([
    ['{{json .Config.Cmd}}', String.raw`["sh","-c","echo \"<hi>\" & wait"]`],
    ['{{json .Config.Labels}}', '{"a":"one","b":"2","org.x":"<é>"}'],
    [
      String.raw`{{json .Config.Labels.z}} {{json .Size}} {{json .Ratio}} {{json "é\u2028"}}`,
      String.raw`null 1234567 0.25 "é\u2028"`,
    ],
    ['{{.Config.Env | json}}', '["A=1","B=x y"]'],
    ['{{index .RepoTags 1}}', 'b:2'],
    ['{{index .Config.Labels "org.x"}}', '<é>'],
    ['{{index .Config.Labels "z"}}|', '|'],
    ['{{index .Config.Any "k" 1}}', 't'],
    ['{{index .RepoTags}}', '[a:1 b:2]'],
    ['{{len .RepoTags}} {{len .Config.Labels}} {{len "é"}} {{len .RepoDigests}}', '2 3 2 0'],
    ['{{join .RepoTags ", "}}', 'a:1, b:2'],
    ['{{join .RepoDigests ","}}|', '|'],
    [
      '{{upper .ID}} {{lower "ABC"}} {{title "hello wOrld-foo_bar"}}',
      'SHA256:ABCDEF0123456789 abc Hello WOrld-Foo_bar',
    ],
    ['{{split "a/b/c" "/"}} {{split "ab" ""}}', '[a b c] [a b]'],
    ['{{index (split .ID ":") 1}}', 'abcdef0123456789'],
    ['{{truncate .ID 10}} {{truncate "ab" 5}} {{truncate "ab" 0}}', 'sha256:abc ab '],
    ['{{pad "a" 1 2}}|{{pad "" 1 2}}|', ' a  ||'],
    [
      '{{slice .ID 7 19}} {{slice .RepoTags 1}} {{slice "abc"}} {{slice .ID 7}}',
      'abcdef012345 [b:2] abc abcdef0123456789',
    ],
    ['{{print 1 2 "a" "b" 3 4 nil}}', '1 2ab3 4 <nil>'],
    ['{{println 1 "a" true}}{{println}}', '1 a true\n\n'],
    ['{{print}}|', '|'],
    [
      '{{eq .Size 1234567}} {{eq .ID "a" "sha256:abcdef0123456789"}} {{eq true false}} {{eq nil .Config.Any.z}}',
      'true true false true',
    ],
    ['{{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt "b" "a"}} {{ge "a" "b"}}', 'true true true true false'],
    ['{{and 1 0 2}} {{and 1 "x"}} {{or 0 "" "z"}} {{or 0 ""}}|{{not ""}}', '0 x z |true'],
    [
      '{{and .RepoDigests (index .RepoDigests 0)}} {{or .ID (index .RepoDigests 0)}}',
      '[] sha256:abcdef0123456789',
    ],
    ['{{.ID | upper | printf "%s-%s" "x"}}', 'x-SHA256:ABCDEF0123456789'],
    ['{{1 | eq 1}}', 'true'],
    ['{{if and (gt (len .RepoTags) 1) (eq .Size 1234567)}}both{{end}}', 'both'],
    ['{{(split "a b" " ") | len}}', '2'],
  ])('%j gives %j', (template, text) => {
    expect(render(template)).toBe(text)
  })
})

describe('printf', () => {
  it.each([
    [
      String.raw`{{printf "%s %d %v %q" .ID .Size .RepoTags "a\n"}}`,
      String.raw`sha256:abcdef0123456789 1234567 [a:1 b:2] "a\n"`,
    ],
    [
      '{{printf "%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%b|%c" 42 42 42 42 42 255 255 255 8 5 65}}',
      '   42|42   |00042|+42| 42|ff|FF|0xff|10|101|A',
    ],
    [
      '{{printf "%5s|%-5s|%.2s|%5.1s|%x|%X" "ab" "ab" "abc" "abc" "hi" "hi"}}',
      '   ab|ab   |ab|    a|6869|6869',
    ],
    [
      '{{printf "%5d|%-6d|%06d|%+06d|%6.3d" -42 -42 -42 42 -7}}',
      '  -42|-42   |-00042|+00042|  -007',
    ],
    [
      '{{printf "%f %.2f %8.3f %08.3f %-8.1f|" 3.14159 3.14159 3.14159 -3.14159 3.14159}}',
      '3.141590 3.14    3.142 -003.142 3.1     |',
    ],
    ['{{printf "%t %5t %v" true false true}}', 'true false true'],
    [
      String.raw`{{printf "%q %q %q" "a\"b\\" .RepoTags 120}}`,
      String.raw`"a\"b\\" ["a:1" "b:2"] 'x'`,
    ],
    [
      String.raw`{{printf "%q" "\x00\x7f\u00a0\u200b\U0001F433é"}}`,
      String.raw`"\x00\x7f\u00a0\u200b🐳é"`,
    ],
    [
      '{{printf "%v %s %v" .Config.Labels .Config.Labels .Config.Any}}',
      'map[a:one b:2 org.x:<é>] map[a:one b:2 org.x:<é>] map[k:[1 t <nil>] n:<nil>]',
    ],
    ['{{printf "%3s|%06.3d" "🐳🐳" 7}}', ' 🐳🐳|   007'],
    ['{{printf "%d%% %%" 5}}', '5% %'],
    ['{{printf "none"}}', 'none'],
    ['{{printf "%6s|%-4d|" .RepoTags 7}}', '[   a:1    b:2]|7   |'],
    ['{{printf "%v" nil}}', '<nil>'],
    ['{{.Size | printf "%d bytes"}}', '1234567 bytes'],
    ['{{printf "%+v" .RepoTags}}', '[a:1 b:2]'],
    ['{{printf "%3c|%-3c|" 65 65}}', '  A|A  |'],
  ])('%j gives %j', (template, text) => {
    expect(render(template)).toBe(text)
  })
})

describe('beside what Go does', () => {
  it.each([
    ['{{.Parent}} {{json .Parent}} {{len .Parent}}', '<no value> null 0'],
    ['{{join .Parent ","}}{{upper .Parent}}{{.Parent.Name}}', '<no value>'],
    ['{{join .Config.Any.k ","}}', '1,t,<nil>'],
    ['{{printf "%s %s" 1 true}}', '1 true'],
    ['{{truncate "é🐳x" 2}}{{slice "é🐳x" 1 2}}', 'é🐳🐳'],
    [String.raw`{{.ID}}\t{{.Size}}\n`, 'sha256:abcdef0123456789\t1234567\n'],
    [String.raw`{{range .RepoTags -}}\n {{.}}{{end}}`, 'a:1b:2'],
    ['{{/* spaces */ }}{{eq 1 1.0}}', 'true'],
  ])('%j gives %j', (template, text) => {
    expect(render(template)).toBe(text)
  })
})

describe('values', () => {
  it.each<[string, unknown, string]>([
    ['{{.}}', 'text', 'text'],
    ['{{.}}', undefined, '<no value>'],
    ['{{.}}', () => 1, '<no value>'],
    ['{{.}}', 12n, '12'],
    ['{{.}}', [undefined, null, [true]], '[<nil> <nil> [true]]'],
    ['{{.}}', { A: 1, B: { C: 'x' } }, '{1 {x}}'],
    ['{{printf "%+v" .}}', { A: 1, B: { C: 'x' } }, '{A:1 B:{C:x}}'],
    ['{{json .}}', { b: 1, a: undefined, c: Number.NaN, d: 5n }, '{"b":1,"c":null,"d":5}'],
    ['{{.}}', new Map(Object.entries({ b: 1, a: 2 })), 'map[a:2 b:1]'],
    ['{{.}}', new Map([10, 9].map(key => [key, 'x'])), 'map[9:x 10:x]'],
    ['{{json .}}', new Map([[1, 'a']]), '{"1":"a"}'],
    ['{{index . 1}}', new Map([[1, 'a']]), 'a'],
    ['{{.size}}|{{.constructor}}', new Map(), '<no value>|<no value>'],
    ['{{index . "a"}}|{{index . "a" "b"}}', new Map([['a', null]]), '<no value>|'],
  ])('%j of %o gives %j', (template, value, text) => {
    expect(compileTemplate(template).render(value)).toBe(text)
  })

  it('are not changed, and one template serves many', () => {
    const template = compileTemplate('{{$x := .N}}{{$x}}{{range .L}}{{$x = .}}{{end}}{{$x}}')
    const frozen = Object.freeze({ N: 1, L: Object.freeze([2, 3]) })
    expect([template.render(frozen), template.render({ N: 5, L: [] })]).toEqual(['13', '55'])
  })
})
