import { expect, it } from 'vitest'
import { leftAloneMs } from '../../src/http/retry.ts'

const now = Date.parse('2026-03-01T00:00:00Z')

it.each([
  ['after a 429 that the host waits for', 429, '30', undefined],
  ['after a 429 that nobody waits for', 429, '31', 31_000],
  ['after a 429 with a date', 429, 'Sun, 01 Mar 2026 01:00:00 GMT', 3_600_000],
  ['after anything else, however short', 503, '1', 1_000],
  ['where it does not say', 429, undefined, undefined],
])('a host is to be left alone %s', (_, status, text, expected) => {
  expect(leftAloneMs({ status, headers: { 'retry-after': text } }, now)).toBe(expected)
})
