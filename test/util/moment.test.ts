import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { momentMs } from '../../src/util/moment.ts'

const NOW = Date.UTC(2026, 2, 1)
const HOUR = 3_600_000

describe('momentMs', () => {
  it.each([
    ['10m', NOW - HOUR / 6],
    ['1h30m', NOW - 1.5 * HOUR],
    ['1.5h', NOW - 1.5 * HOUR],
    ['.5h', NOW - HOUR / 2],
    ['300ms', NOW - 300],
    ['1000us', NOW - 1],
    ['1000µs', NOW - 1],
    ['1000000ns', NOW - 1],
    ['-1h', NOW + HOUR],
    ['+1h', NOW - HOUR],
    ['7d', NOW - 168 * HOUR],
    ['2w', NOW - 336 * HOUR],
    ['0', 0],
    ['1136073845', 1_136_073_845_000],
    ['1136073845.5', 1_136_073_845_500],
    ['2026-01-31T08:00:00Z', Date.UTC(2026, 0, 31, 8)],
    ['2026-01-31T08:00:00.250Z', Date.UTC(2026, 0, 31, 8, 0, 0, 250)],
    ['2026-01-31T08:00:00+02:00', Date.UTC(2026, 0, 31, 6)],
    ['2026-01-31T08:00-01:30', Date.UTC(2026, 0, 31, 9, 30)],
    ['2026-01-31T08Z', Date.UTC(2026, 0, 31, 8)],
    ['2026-01-31Z', Date.UTC(2026, 0, 31)],
    ['2024-02-29Z', Date.UTC(2024, 1, 29)],
    ['2026-01-31', new Date(2026, 0, 31).getTime()],
    ['2026-01-31T08:15', new Date(2026, 0, 31, 8, 15).getTime()],
    ['2026-01-31T08:15:30.5', new Date(2026, 0, 31, 8, 15, 30, 500).getTime()],
  ])('%s', (text, ms) => expect(momentMs(text, NOW)).toBe(ms))

  it.each([
    '',
    'h',
    '1x',
    '1h 30m',
    '1h30',
    '1.2.3h',
    'yesterday',
    '2026-02-29Z',
    '2026-13-01',
    '2026-01-31T24:00Z',
    '2026-01-31T08:60Z',
    '2026-1-1',
    '2026-01-31T08:00:00+2',
    '99999999999999999999',
    '9999999999999s',
  ])('%j is none', text => {
    expect(momentMs(text, NOW)).toBeUndefined()
  })

  it('is any moment as it is written, to the millisecond', () => {
    const date = fc.date({
      noInvalidDate: true,
      min: new Date('0100-01-01'),
      max: new Date('9999-12-31'),
    })
    fc.assert(
      fc.property(date, date => {
        expect(momentMs(date.toISOString(), NOW)).toBe(date.getTime())
      }),
    )
  })

  it('is a date, or nothing, whatever comes', () => {
    const near = fc.stringMatching(
      /^[-+]?[0-9.]{0,12}(?:ns|ms|s|m|h|d|w|T|Z|-)?[0-9:hmsZ+.-]{0,12}$/,
    )
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), text => {
        const ms = momentMs(text, NOW) ?? 0
        expect(new Date(ms).getTime()).not.toBeNaN()
      }),
    )
  })
})
