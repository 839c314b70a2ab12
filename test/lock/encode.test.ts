/** What a lock looks like, and that nothing is lost on the way there and back. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDocument } from 'yaml'
import { encodeLock } from '../../src/lock/encode.ts'
import { A, anyLock, B, lockOf, read, reversed } from './locks.ts'

const HEAD =
  '# Kept by waybill: what the manifest came to, and what was put where. Commit it; edit it only to undo.\nversion: 1\n'

describe('a lock is written', () => {
  it('with everything in it', () => {
    const text = encodeLock({
      name: 'platform-images',
      files: ['images.yaml', 'more.d'],
      images: new Map([
        [
          'alpine',
          {
            hold: { at: '3.20.0', why: 'CVE-2026-1: wait' },
            references: new Map([
              [
                'docker.io/library/alpine:3.20.0',
                {
                  digest: A,
                  cuts: new Map([['linux/amd64,linux/arm64', B]]),
                  places: new Map([
                    ['registry.internal/mirror/alpine:3.20.0', { put: A, prune: 'owned' }],
                    ['local/library/alpine:3.20.0', { found: A, prune: 'off' }],
                    [
                      'engine/alpine:3.20.0',
                      { put: B, prune: 'off', platform: 'linux/amd64', of: A },
                    ],
                  ]),
                },
              ],
            ]),
          },
        ],
        [
          'worker',
          {
            references: new Map([
              [
                'build:worker',
                {
                  digest: A,
                  built: { at: '2026-11-24T16:00:00Z', key: B },
                  cuts: new Map(),
                  places: new Map([['local/acme/worker:1', { put: A, prune: 'off' }]]),
                },
              ],
            ]),
          },
        ],
      ]),
      seen: new Map([
        ['docker.io/library/alpine:3.21.0', { digest: B, at: '2026-11-24T16:00:00Z' }],
      ]),
      retired: new Map([
        [
          'registry.internal/mirror/alpine:3.18.1',
          {
            prune: 'owned',
            intent: A,
            put: B,
            from: 'docker.io/library/alpine:3.18.1',
            image: 'alpine',
          },
        ],
      ]),
    })
    expect(text).toBe(`${HEAD}name: platform-images
files:
  - images.yaml
  - more.d
images:
  alpine:
    hold: { at: 3.20.0, why: 'CVE-2026-1: wait' }
    references:
      docker.io/library/alpine:3.20.0:
        digest: ${A}
        platforms:
          linux/amd64,linux/arm64: ${B}
        places:
          engine/alpine:3.20.0: { put: ${B}, of: ${A}, platform: linux/amd64, prune: off }
          local/library/alpine:3.20.0: { found: ${A}, prune: off }
          registry.internal/mirror/alpine:3.20.0: { put: ${A}, prune: owned }
  worker:
    references:
      build:worker:
        digest: ${A}
        built: { key: ${B}, at: 2026-11-24T16:00:00Z }
        places:
          local/acme/worker:1: { put: ${A}, prune: off }
seen:
  docker.io/library/alpine:3.21.0: { digest: ${B}, at: 2026-11-24T16:00:00Z }
retired:
  registry.internal/mirror/alpine:3.18.1: { put: ${B}, intent: ${A}, prune: owned, image: alpine, from: docker.io/library/alpine:3.18.1 }
`)
  })

  it('with nothing in it', () => {
    expect(encodeLock(lockOf())).toBe(`${HEAD}files:\n  - images.yaml\n`)
  })

  it('with an image that came to nothing, and one that is only held', () => {
    const images = new Map([
      ['b', { references: new Map() }],
      ['a', { hold: {}, references: new Map() }],
    ])
    expect(encodeLock(lockOf({ images }))).toBe(
      `${HEAD}files:\n  - images.yaml\nimages:\n  a:\n    hold: {}\n  b: {}\n`,
    )
  })

  it('in the order of code points', () => {
    const names = ['a', 'B', '\u{1f40b}', '\uff21', 'a1', 'a-']
    const images = new Map(names.map(name => [name, { references: new Map() }]))
    expect(
      [...encodeLock(lockOf({ images })).matchAll(/^ {2}(\S+): \{\}/gm)].map(m => m[1]),
    ).toEqual(['B', 'a', 'a-', 'a1', '\uff21', '\u{1f40b}'])
  })
})

describe('a text is', () => {
  const asFile = (text: string): string =>
    encodeLock(lockOf({ files: [text] })).replace(/^[^]*files:\n {2}- |\n$/g, '')
  const asReason = (text: string): string => {
    const images = new Map([['a', { hold: { why: text }, references: new Map() }]])
    return encodeLock(lockOf({ images })).replace(/^[^]*why: | \}\n$/g, '')
  }

  it.each([
    ['plain', 'plain', 'plain'],
    ['../up/images.yaml', '../up/images.yaml', '../up/images.yaml'],
    ['two words', 'two words', 'two words'],
    ["don't", "don't", "don't"],
    ['3.20.0', '3.20.0', '3.20.0'],
    ['a:b', 'a:b', 'a:b'],
    ['a#b', 'a#b', 'a#b'],
    ['off', 'off', 'off'],
    ['né \u{1f40b}', 'né \u{1f40b}', 'né \u{1f40b}'],
    ['3.10', "'3.10'", "'3.10'"],
    ['1_0', '1_0', '1_0'],
    ['0x1F', "'0x1F'", "'0x1F'"],
    ['1e3', "'1e3'", "'1e3'"],
    ['true', "'true'", "'true'"],
    ['~', "'~'", "'~'"],
    ['a: b', "'a: b'", "'a: b'"],
    ['a:', "'a:'", "'a:'"],
    ['a #b', "'a #b'", "'a #b'"],
    [' a', "' a'", "' a'"],
    ['a ', "'a '", "'a '"],
    ["'a", "'''a'", "'''a'"],
    ['a, b', 'a, b', "'a, b'"],
    ['a}', 'a}', "'a}'"],
    ['*a', "'*a'", "'*a'"],
    ['a\nb', '"a\\nb"', '"a\\nb"'],
    ['a\u0007"\\', '"a\\u0007\\"\\\\"', '"a\\u0007\\"\\\\"'],
    ['a\u202eb\u2028', '"a\\u202eb\\u2028"', '"a\\u202eb\\u2028"'],
    ['\ud83d', '"\\ud83d"', '"\\ud83d"'],
  ])('%j: %s on a line, %s in a mapping on one line', (text, onLine, inFlow) => {
    expect([asFile(text), asReason(text)]).toEqual([onLine, inFlow])
  })
})

describe('any lock', () => {
  it('is read as what was written, and written again as the same bytes', () => {
    fc.assert(
      fc.property(anyLock, lock => {
        const bytes = Buffer.from(encodeLock(lock))
        expect(read(bytes)).toEqual(lock)
        expect(encodeLock(read(bytes))).toBe(bytes.toString())
      }),
      { numRuns: 500 },
    )
  })

  it('is the same bytes whatever order its maps are in, and is read in one order', () => {
    fc.assert(
      fc.property(anyLock, lock => {
        const text = encodeLock(reversed(lock))
        expect(text).toBe(encodeLock(lock))
        expect([...read(text).images.keys()]).toEqual([...lock.images.keys()])
      }),
      { numRuns: 200 },
    )
  })

  it('is the same where somebody wrote it in another form', () => {
    fc.assert(
      fc.property(anyLock, fc.constantFrom('# mine\n', '---\n', '\n'), (lock, before) => {
        expect(read(before + encodeLock(lock))).toEqual(lock)
        expect(read(encodeLock(lock).replaceAll('\n', '\r\n'))).toEqual(lock)
      }),
      { numRuns: 200 },
    )
  })

  it('is one YAML document to others, with nothing to complain about', () => {
    fc.assert(
      fc.property(anyLock, lock => {
        const { errors, warnings } = parseDocument(encodeLock(lock))
        expect([...errors, ...warnings]).toEqual([])
      }),
      { numRuns: 200 },
    )
  })
})
