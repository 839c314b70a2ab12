import { describe, expect, it } from 'vitest'
import { isPassing, retryAfterMs, retryDelayMs, unreachable } from '../../src/http/retry.ts'

const now = Date.parse('2026-03-01T00:00:00Z')
const clock = { wallClock: () => now, random: () => 1 }

describe('retryAfterMs', () => {
  it.each([
    ['7', 7_000],
    ['0', 0],
    ['Sun, 01 Mar 2026 00:01:00 GMT', 60_000],
    ['Sun, 01 Mar 2020 00:01:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['99999999999', undefined],
  ])('%s', (text, expected) => {
    expect(retryAfterMs({ 'retry-after': text }, now)).toBe(expected)
  })
})

describe('retryDelayMs', () => {
  it.each([
    ['waits a little first', 1, {}, 250],
    ['doubles', 2, {}, 500],
    ['doubles again', 3, {}, 1_000],
    ['gives up after four attempts', 4, {}, undefined],
    ['waits as long as it is told', 1, { 'retry-after': '3' }, 3_000],
    ['waits up to the cap', 1, { 'retry-after': '30' }, 30_000],
    ['does not wait beyond the cap', 1, { 'retry-after': '31' }, undefined],
  ])('%s', (_, made, headers, expected) => {
    expect(retryDelayMs(made, headers, clock)).toBe(expected)
  })
})

it.each([
  [408, true],
  [429, true],
  [500, true],
  [502, true],
  [503, true],
  [504, true],
  [401, false],
  [403, false],
  [404, false],
  [501, false],
  [200, false],
])('%i may be better next time: %s', (status, expected) => {
  expect(isPassing(status)).toBe(expected)
})

it('says in words why a host cannot be reached', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  expect(unreachable('r.acme.dev', refused).message).toBe(
    'r.acme.dev cannot be reached: the connection was refused',
  )
})

it.each([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ca: ./ca.pem'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'ca: ./ca.pem'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'a name that its certificate is for'],
  ['CERT_HAS_EXPIRED', 'the clock'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'cert: ./us.pem'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'cert: ./us.pem'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'http: true'],
  ['ENOTFOUND', 'spelled right'],
])('says what would help after %s', (code, words) => {
  const error = Object.assign(new Error('no'), { code })
  expect(unreachable('r.acme.dev', error).hint).toContain(words)
})
