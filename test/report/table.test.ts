import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPaint } from '../../src/report/paint.ts'
import { layoutTable } from '../../src/report/table.ts'
import { formatAge } from '../../src/report/units.ts'
import { widthOf } from '../../src/report/width.ts'

const paint = createPaint(false)
const columns = [
  { title: 'NAME', least: 5 },
  { title: 'NOTE', least: 4 },
  { title: 'SIZE', align: 'right' },
] as const

describe('layoutTable', () => {
  it('shortens nothing in a pipe', () => {
    const lines = layoutTable(columns, [['x'.repeat(60), 'short', '1 B']], { paint })
    expect(lines).toEqual([`NAME${' '.repeat(58)}NOTE   SIZE`, `${'x'.repeat(60)}  short   1 B`])
  })

  it('cuts the widest first, down to the least', () => {
    const rows = [['abcdefghijklmnop', 'note here', '10 B']]
    expect(layoutTable(columns, rows, { paint, columns: 28 })[1]).toBe(
      'abcde…lmnop  note here  10 B',
    )
    expect(layoutTable(columns, rows, { paint, columns: 1 })[1]).toBe('ab…op  n…re  10 B')
  })

  it('shows nothing that a terminal acts on', () => {
    const text = layoutTable(columns, [['a\u001b[31m', '\n', '']], { paint })[1]
    expect(text).toBe('a\\x1b[31m  \\x0a')
  })

  it('is never wider than the terminal, where its columns can be cut that far', () => {
    const cell = fc.string({ maxLength: 80 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, fc.constantFrom('1 B', '1023.9 KiB'))),
        fc.integer({ min: 24, max: 200 }),
        (rows, room) => {
          const lines = layoutTable(columns, rows, { paint, columns: room })
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(room)
        },
      ),
    )
  })
})

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]

it.each([
  [-5, 'just now'],
  [MINUTE - 1, 'just now'],
  [MINUTE, '1 minute ago'],
  [2 * HOUR - 1, '119 minutes ago'],
  [2 * HOUR, '2 hours ago'],
  [2 * DAY, '2 days ago'],
  [13 * DAY, '13 days ago'],
  [14 * DAY, '2 weeks ago'],
  [60 * DAY, '2 months ago'],
  [729 * DAY, '24 months ago'],
  [730 * DAY, '2 years ago'],
])('%i ms is %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text)
})
