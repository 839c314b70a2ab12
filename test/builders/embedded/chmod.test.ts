import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChmod } from '../../../src/builders/embedded/copy/chmod.ts'
import { outcome } from './making.ts'

/** What BuildKit 73ed6825c made of files, and of folders where they differ, in this order. */
const BEFORE = [0o600, 0o644, 0o711, 0o1777, 0o2750, 0o4755]

const file = (mode: number) => ({ kind: 'file', mode }) as const
const folder = (mode: number) => ({ kind: 'folder', mode }) as const

describe('a symbolic mode', () => {
  it.each<[string, readonly number[], (readonly number[])?]>([
    [
      'a=rX',
      [0o444, 0o444, 0o555, 0o1555, 0o555, 0o555],
      [0o555, 0o555, 0o555, 0o1555, 0o555, 0o555],
    ],
    [
      'u=rwX,go=rX',
      [0o644, 0o644, 0o755, 0o1755, 0o755, 0o755],
      [0o755, 0o755, 0o755, 0o1755, 0o755, 0o755],
    ],
    [
      '+X',
      [0o600, 0o644, 0o711, 0o1777, 0o2751, 0o4755],
      [0o711, 0o755, 0o711, 0o1777, 0o2751, 0o4755],
    ],
    ['go=u', [0o666, 0o666, 0o777, 0o1777, 0o2777, 0o4777]],
    ['g=u-w', [0o640, 0o644, 0o751, 0o1757, 0o2750, 0o4755]],
    ['=', [0, 0, 0, 0o1000, 0, 0]],
    ['u=', [0, 0o44, 0o11, 0o1077, 0o2050, 0o55]],
    ['+t', [0o1600, 0o1644, 0o1711, 0o1777, 0o3750, 0o5755]],
    ['o+t', [0o600, 0o644, 0o711, 0o1777, 0o2750, 0o4755]],
    ['-t', [0o600, 0o644, 0o711, 0o777, 0o2750, 0o4755]],
    ['u+s', [0o4600, 0o4644, 0o4711, 0o5777, 0o6750, 0o4755]],
    ['o+s', [0o600, 0o644, 0o711, 0o1777, 0o2750, 0o4755]],
    ['=r', [0o444, 0o444, 0o444, 0o1444, 0o444, 0o444]],
    ['=u', [0o666, 0o666, 0o777, 0o1777, 0o2777, 0o4777]],
    ['u=rwx,g=rx,o=', [0o750, 0o750, 0o750, 0o1750, 0o750, 0o750]],
    [
      'a-x+X',
      [0o600, 0o644, 0o711, 0o1777, 0o2751, 0o4755],
      [0o711, 0o755, 0o711, 0o1777, 0o2751, 0o4755],
    ],
    ['g+u', [0o660, 0o664, 0o771, 0o1777, 0o2770, 0o4775]],
    ['u-g', [0o600, 0o244, 0o611, 0o1077, 0o2250, 0o4255]],
    ['=t', [0o1600, 0o1644, 0o1711, 0o1777, 0o3750, 0o5755]],
    ['a=s', [0o6000, 0o6000, 0o6000, 0o7000, 0o6000, 0o6000]],
    ['u=g,g=u', [0, 0o444, 0o111, 0o1777, 0o2550, 0o4555]],
    ['o=t', [0o600, 0o640, 0o710, 0o1770, 0o2750, 0o4750]],
    ['u=rwxg', [0, 0o444, 0o111, 0o1777, 0o2550, 0o555]],
    [
      '+rX-w',
      [0o444, 0o444, 0o555, 0o1555, 0o2555, 0o4555],
      [0o555, 0o555, 0o555, 0o1555, 0o2555, 0o4555],
    ],
    ['a=rwxt', [0o1777, 0o1777, 0o1777, 0o1777, 0o1777, 0o1777]],
    ['a+', BEFORE],
    ['-', BEFORE],
  ])('%s', (text, files, folders = files) => {
    const { apply, made } = parseChmod(text)
    const octal = (modes: readonly number[]) => modes.map(mode => mode.toString(8))
    expect(octal(BEFORE.map(mode => apply(file(mode))))).toEqual(octal(files))
    expect(octal(BEFORE.map(mode => apply(folder(mode))))).toEqual(octal(folders))
    expect(made).toBeUndefined()
  })
})

it.each([
  ['0', 0, 0],
  ['00755', 0o755, 0o755],
  ['07777', 0o7777, 0o777],
])('%s is a mode, whatever was before', (text, mode, made) => {
  expect(parseChmod(text).apply(file(0o123))).toBe(mode)
  expect(parseChmod(text).made).toBe(made)
})

it.each([
  '',
  '99',
  '08',
  '0o7',
  '0x1',
  '10000',
  '-1',
  '+5',
  'u',
  'rwx',
  'u+x,',
  ',',
  'X',
  '+a',
  ' u+x',
  'u+y',
])('%j is none', text => {
  expect(() => parseChmod(text)).toThrow(`${JSON.stringify(text)} is no mode`)
})

it('makes 12 bits of any mode, or refuses in words', async () => {
  const text = fc.oneof(fc.stringMatching(/^[augorwxXst+=,-]{0,12}$/), fc.string())
  await fc.assert(
    fc.asyncProperty(text, fc.nat(0o7777), async (text, before) => {
      let after = 0
      const end = await outcome(() => (after = parseChmod(text).apply(file(before))))
      expect(['fine', 'BUILD_FAILED']).toContain(end)
      expect(after & ~0o7777).toBe(0)
    }),
    { numRuns: 500 },
  )
})
