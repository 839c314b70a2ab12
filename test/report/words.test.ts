import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Manifest, Wish } from '../../src/manifest/types.ts'
import { describeManifest } from '../../src/report/header.ts'
import { count, formatBytes, formatDuration } from '../../src/report/units.ts'
import { padEnd, truncateMiddle, widthOf, wrap } from '../../src/report/width.ts'
import { digest } from './sample.ts'

describe('units', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [32_716_800, '31.2 MiB'],
    [1024 ** 2 - 1, '1.0 MiB'],
    [1024 ** 3 * 1.25, '1.3 GiB'],
    [1024 ** 6, '1024.0 PiB'],
  ])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it.each([
    [0, '0.0s'],
    [4100, '4.1s'],
    [9949, '9.9s'],
    [9950, '10s'],
    [59_600, '1m 00s'],
    [192_000, '3m 12s'],
    [7_500_000, '2h 05m'],
  ])('%i milliseconds are %s', (ms, text) => expect(formatDuration(ms)).toBe(text))

  it.each([
    [1, '1 image'],
    [0, '0 images'],
    [1204, '1,204 images'],
    [1_234_567, '1,234,567 images'],
  ])('%i images are "%s"', (number, text) => expect(count(number, 'image')).toBe(text))
})

describe('width', () => {
  it.each([
    ['plain', 5],
    ['→…█', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🚀', 2],
    ['', 0],
  ])('%j takes %i columns', (text, width) => expect(widthOf(text)).toBe(width))

  it.each([
    ['registry.internal/app:1', 23, 'registry.internal/app:1'],
    ['registry.internal/app:1', 11, 'regis…app:1'],
    ['日本日本日本', 7, '日本…本'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('%j in %i columns is %j', (text, width, cut) => {
    expect(truncateMiddle(text, width)).toBe(cut)
  })

  it('never makes anything wider than asked, and pads to what is asked', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, width) => {
        expect(widthOf(truncateMiddle(text, width))).toBeLessThanOrEqual(width)
        expect(widthOf(padEnd(text, width))).toBe(Math.max(width, widthOf(text)))
      }),
    )
  })

  it('breaks at spaces, and loses nothing', () => {
    expect(wrap('one two three', 8)).toEqual(['one two', 'three'])
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, width) => {
        expect(wrap(text, width).join(' ')).toBe(text)
      }),
    )
  })
})

describe('describeManifest', () => {
  const wish = (from: string, to: string): Wish => ({
    image: 'x',
    from: { store: from, repository: 'x', tag: '1' },
    to: { store: to, repository: 'x', tag: '1' },
    platforms: [],
    referrers: true,
    overwrite: 'always',
    prune: 'off',
    location: { file: 'images.yaml', line: 1, column: 1 },
  })
  const manifest: Manifest = {
    files: ['images.yaml'],
    hash: digest('3'),
    registries: new Map(),
    stores: new Map([['local', { kind: 'layout', path: '/tmp/x' }]]),
    images: 2,
    wishes: [wish('docker.io', 'local'), wish('docker.io', 'reg.io')],
    choices: [],
    builds: [],
    advice: [],
  }

  it('counts images, and the registries that they come from and go to', () => {
    expect(describeManifest(manifest, true)).toBe('images.yaml@3333333  2 images, 2 registries')
  })

  it('counts the registries of what is still to be chosen', () => {
    const { to: _to, ...shared } = wish('a.io', 'local')
    const choice = {
      ...shared,
      from: { store: 'quay.io', repository: 'x' },
      policy: { tags: [{ glob: '*' }] },
      destinations: [{ store: 'b.io', repository: 'x' }],
      entries: [shared.location],
    }
    expect(describeManifest({ ...manifest, choices: [choice] }, true)).toBe(
      'images.yaml@3333333  2 images, 4 registries',
    )
  })

  it('says where no lock is kept', () => {
    expect(describeManifest(manifest, false)).toMatch(/2 registries, no lock$/)
  })

  it('counts files where there are several', () => {
    const files = ['a.yaml', 'b.yaml']
    const text = describeManifest(
      {
        ...manifest,
        files,
        images: 1,
        wishes: [wish('a.io', 'local')],
      },
      true,
    )
    expect(text).toBe('2 files@3333333  1 image, 1 registry')
  })
})
