import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { wantsColor } from '../../src/cli/color.ts'
import { parseDuration } from '../../src/cli/duration.ts'
import { InputError } from '../../src/errors.ts'

describe('wantsColor', () => {
  const terminal = { isTTY: true }
  const pipe = {}
  it.each([
    ['on a terminal', '', {}, terminal, true],
    ['not in a pipe', '', {}, pipe, false],
    ['not with NO_COLOR', '', { NO_COLOR: '1' }, terminal, false],
    ['with NO_COLOR that is empty', '', { NO_COLOR: '' }, terminal, true],
    ['not on a dumb terminal', '', { TERM: 'dumb' }, terminal, false],
    ['with FORCE_COLOR', '', { FORCE_COLOR: '1' }, pipe, true],
    ['not with FORCE_COLOR=0', '', { FORCE_COLOR: '0' }, terminal, false],
    ['not with both', '', { FORCE_COLOR: '1', NO_COLOR: '1' }, terminal, false],
    ['the flag beats the environment', '--color always', { NO_COLOR: '1' }, pipe, true],
    ['in both spellings', '--color=always', { TERM: 'dumb' }, pipe, true],
    ['--no-color', '--no-color', { FORCE_COLOR: '1' }, terminal, false],
    ['the last flag wins', '--no-color --color=always', {}, pipe, true],
    ['auto is what it is without', '--color auto', { NO_COLOR: '1' }, terminal, false],
    ['a wrong value is told of later', '--color rainbow', {}, terminal, true],
    ['arguments are no flags', '-- --no-color', {}, terminal, true],
  ])('%s', (_, line, env, stream, wanted) => {
    expect(wantsColor(line.split(' '), env, stream)).toBe(wanted)
  })
})

/** Milliseconds, or nothing where the text is refused. */
function msOf(text: string): number | undefined {
  try {
    return parseDuration(text, '--x')
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['90m', 5_400_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['2w', 1_209_600_000],
  ])('%s is %i milliseconds', (text, ms) => expect(parseDuration(text, '--x')).toBe(ms))

  it.each(['', '7', 'd', '0d', '-1d', '1.5h', '7 d', '7D', '1y', '7d7d', '999999999w', '٧d'])(
    'refuses %j',
    text => expect(() => parseDuration(text, '--valid-for')).toThrow('--valid-for cannot be'),
  )

  it('gives a time to wait or an error that teaches, whatever comes', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        expect(msOf(text)).toSatisfy(ms => ms === undefined || ms > 0)
      }),
    )
  })
})
