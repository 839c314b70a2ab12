import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { durationMs } from '../../src/util/duration.ts'

describe('durationMs', () => {
  it.each([
    ['0s', 0],
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['12h', 43_200_000],
    ['3d', 259_200_000],
    ['2w', 1_209_600_000],
    ['007d', 604_800_000],
    ['999999999w', 604_799_999_395_200_000],
  ])('%s is %i milliseconds', (text, ms) => expect(durationMs(text)).toBe(ms))

  it.each([
    '',
    '3',
    'd',
    '-3d',
    '+3d',
    '1.5h',
    '3 d',
    '3d ',
    '3D',
    '3y',
    '1d12h',
    '1000000000s',
    '٣d',
  ])('%j is none', text => expect(durationMs(text)).toBeUndefined())

  it('is a number of whole units, whichever they are', () => {
    const unit = fc.constantFrom('s', 'm', 'h', 'd', 'w')
    fc.assert(
      fc.property(fc.nat(999_999_999), unit, (amount, unit) => {
        const one = durationMs(`1${unit}`) ?? Number.NaN
        expect(durationMs(`${amount}${unit}`)).toBe(amount * one)
      }),
    )
  })

  it('is never less than nothing, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^.?[0-9]*[a-z]?$/)), text => {
        expect(durationMs(text)).toSatisfy(ms => ms === undefined || ms >= 0)
      }),
    )
  })
})
