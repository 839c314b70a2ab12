import { describe, expect, it } from 'vitest'
import { compileTemplate } from '../../../src/report/template/template.ts'
import { argumentIssue, marked } from './values.ts'

const render = (template: string, value: unknown) => () => compileTemplate(template).render(value)
const refusal = (template: string, value: unknown) => argumentIssue(render(template, value)).message
const MIB = 1024 * 1024

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

describe('a template may have', () => {
  it('16 KiB, in bytes', () => {
    expect(render('é'.repeat(8 * 1024), 1)()).toHaveLength(8 * 1024)
    const long = `${'é'.repeat(8 * 1024)}a`
    expect(refusal(long, 1)).toBe('this has 16385 bytes, and at most 16384 are read')
  })

  const blocks = (depth: number) => ['{{if .}}'.repeat(depth), '{{end}}'.repeat(depth)] as const
  it.each<[string, (depth: number) => string]>([
    ['blocks', depth => blocks(depth).join('x')],
    ['parentheses', depth => `{{${'('.repeat(depth)}"x"${')'.repeat(depth)}}}`],
    ['both', depth => blocks(depth - 1).join('{{("x")}}')],
  ])('64 levels of %s', (_, template) => {
    expect(render(template(64), true)()).toBe('x')
    expect(refusal(template(65), true)).toBe('this is more than 64 levels deep')
  })

  it('any number of blocks after another', () => {
    expect(render('{{if .}}x{{end}}'.repeat(100), true)()).toHaveLength(100)
  })

  it('any number of else', () => {
    const template = `{{if false}}${'{{else if false}}'.repeat(500)}{{else}}x{{end}}`
    expect(render(template, 1)()).toBe('x')
  })
})

describe('a rendering may', () => {
  it('write 16 MiB', () => {
    const text = 'x'.repeat(16 * MIB - 1)
    expect(render('{{.}}y', text)()).toHaveLength(16 * MIB)
    expect(refusal('{{.}}yz', text)).toBe('the template writes more than 16 MiB')
  })

  it('make texts of 16 MiB on the way', () => {
    const text = 'x'.repeat(16 * MIB - 1)
    expect(render('{{len (printf "%sy" .)}}', text)()).toBe(String(16 * MIB))
    expect(refusal('{{len (printf "%syz" .)}}', text)).toBe('the template writes more than 16 MiB')
    expect(render('{{len (pad "x" 16777214 1)}}', text)()).toBe(String(16 * MIB))
    expect(refusal('{{len (pad "x" 16777214 2)}}', text)).toBe(
      'the template writes more than 16 MiB',
    )
  })

  it('work on 128 MiB of text', () => {
    const text = 'x'.repeat(16 * MIB)
    expect(render('{{range 8}}{{$x := len $}}{{end}}', text)()).toBe('')
    expect(refusal('{{range 9}}{{$x := len $}}{{end}}', text)).toBe(
      'the template works on more than 128 MiB of text',
    )
  })

  it('take a million steps', () => {
    const list = (length: number) => Array<number>(length).fill(0)
    // one for the action, one for its value, and one for the list before its items
    expect(render('{{.}}', list(999_997))()).toHaveLength(2 * 999_997 + 1)
    expect(refusal('{{.}}', list(999_998))).toBe('the template takes more than 1000000 steps')
  })

  it.each([
    ['x{{range 3000000}}{{end}}', '{{range 3000000}}'],
    ['x{{1}}{{range 3000000}}{{break}}{{end}}{{range 3000000}}{{end}}', '{{range 3000000}}'],
    ['{{.}}{{len (pad "x" 99999999 1)}}', 'pad "x" 99999999 1'],
    ['{{1}}{{range 9}}{{"x"}}{{end}}{{pad "x" 16777215 0}}', '{{pad "x" 16777215 0}}'],
  ])('and is told where it is ended: %j at %j', (template, part) => {
    expect(marked(argumentIssue(render(template, 1)))).toBe(part)
  })

  it('show values 500 levels deep', () => {
    for (const template of ['{{.}}', '{{json .}}']) {
      expect(render(template, nested(500))()).toHaveLength(1001)
      expect(refusal(template, nested(501))).toBe('the value is more than 500 levels deep')
    }
  })

  it('line up 1000 columns, and write 100 digits', () => {
    expect(render('{{printf "%1000s%.100f" "a" 1}}', 1)()).toHaveLength(1102)
    expect(refusal('{{printf "%1001s" "a"}}', 1)).toBe('"%1001s" asks for too much')
    expect(refusal('{{printf "%.101f" 1}}', 1)).toBe('"%.101f" asks for too much')
  })
})

describe('what would never end is ended', () => {
  const around: unknown[] = []
  around.push(around, around)
  let bomb: unknown[] = ['x']
  for (let level = 0; level < 100; level++) bomb = [bomb, bomb]
  const map = new Map(Array.from({ length: 50_000 }, (_, key) => [String(key), key]))
  const alike = { A: 'x'.repeat(MIB), B: `${'x'.repeat(MIB - 1)}y` }

  it.each<[string, string, unknown]>([
    ['loops in loops', `${'{{range $}}'.repeat(60)}${'{{end}}'.repeat(60)}`, [1, 2, 3]],
    ['loops over numbers', '{{range 99999999999999999999}}{{end}}', 1],
    ['doubling', '{{$x := "ab"}}{{range 64}}{{$x = printf "%s%s" $x $x}}{{end}}', 1],
    ['a list in itself', '{{.}}', around],
    ['a list in itself as JSON', '{{json .}}', around],
    ['a list that grows when it is shown', '{{len (print .)}}', bomb],
    ['sorting again and again', '{{range .}}{{range $}}{{break}}{{end}}{{end}}', map],
    ['padding', '{{pad "x" 9007199254740991 9007199254740991}}', 1],
    ['reading again and again', '{{range 999999}}{{if eq $.A $.B}}{{end}}{{end}}', alike],
    ['slicing again and again', '{{range 999999}}{{$x := slice $}}{{end}}', Array(50_000).fill(0)],
  ])('%s', (_, template, value) => {
    expect(refusal(template, value)).toMatch(/steps|MiB|500 levels/)
  })

  it.each(['{{', '{{(', '{{$a,', '{{"', '{{- /*', '{{if .}}', '{{.a', '-}} {{'])(
    'reading %j again and again',
    piece => {
      expect(refusal(piece.repeat(16_384 / piece.length), 1)).toBeTruthy()
    },
  )

  it.each([' ', '{{/**/ -}} ', '{{- ""}}   '])('trimming %j again and again', piece => {
    expect(render(piece.repeat(16_384 / piece.length), 1)().trim()).toBe('')
  })
})
