import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLines, MOST_LINE, plain } from '../../src/builders/lines.ts'

function linesOf(chunks: readonly Buffer[], most?: number): readonly string[] {
  const lines: string[] = []
  const reader = createLines(line => lines.push(line), most)
  for (const chunk of chunks) reader.push(chunk)
  reader.end()
  return lines
}

describe('createLines', () => {
  it.each([
    ['a line that nothing ends', ['a\nb'], ['a', 'b']],
    ['nothing after the last end', ['a\nb\n'], ['a', 'b']],
    ['empty lines', ['\n\na\n'], ['', '', 'a']],
    ['a line in several parts', ['a', 'b', 'c\n'], ['abc']],
    ['nothing', [], []],
  ])('gives %s', (_, chunks, expected) => {
    expect(linesOf(chunks.map(chunk => Buffer.from(chunk)))).toEqual(expected)
  })

  it('gives the same lines however the bytes come', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 5 })
    fc.assert(
      fc.property(texts, fc.array(fc.nat(40)), (parts, cuts) => {
        const bytes = Buffer.from(parts.join('\n'))
        const ends = [...cuts.map(cut => Math.min(cut, bytes.length)), bytes.length]
        const sorted = ends.toSorted((a, b) => a - b)
        const chunks = sorted.map((end, at) => bytes.subarray(sorted[at - 1] ?? 0, end))
        expect(linesOf(chunks)).toEqual(linesOf([bytes]))
      }),
    )
  })

  it.each([
    [MOST_LINE, 1],
    [MOST_LINE + 1, 2],
  ])('gives a line of %i letters in %i', (length, count) => {
    const lines = linesOf([Buffer.from(`${'x'.repeat(length)}\n`)])
    expect(lines).toHaveLength(count)
    expect(lines.join('')).toHaveLength(length)
  })

  it('keeps nothing of a line that does not end', () => {
    const chunk = Buffer.alloc(10, 'x')
    expect(
      linesOf(
        Array.from({ length: 10 }, () => chunk),
        20,
      ).map(line => line.length),
    ).toEqual([20, 20, 20, 20, 20])
  })
})

describe('plain', () => {
  it.each([
    ['a', 'a'],
    ['a\tb', 'a\tb'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]8;;http://x\u0007link', 'link'],
    ['10%\r20%\r30%', '30%'],
    ['ended as Windows does\r', 'ended as Windows does'],
    ['a\u0000b\u009bc', 'abc'],
  ])('shows %j as %j', (line, shown) => {
    expect(plain(line)).toBe(shown)
  })

  it('never holds what a terminal acts on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), line => {
        expect(plain(line)).not.toMatch(/[^\t\P{Cc}]/u)
      }),
    )
  })
})
