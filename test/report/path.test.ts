import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPath } from '../../src/report/path.ts'
import { argumentIssue, marked, unlessRefused } from './template/values.ts'

const value = {
  config: {
    Env: ['A=1', 'B=2'],
    Labels: new Map([['org.x', 'y']]),
    "it's": 1,
    none: null,
    'a-b': true,
  },
  layers: [{ digest: 'x', size: 1 }, { digest: 'y' }],
  empty: [],
}
const UNREADABLE = 'this "[" holds no index, quoted key or *, or is not closed'
const TO_REST = 'leave this out, and what follows'

describe('a path', () => {
  it.each<[string, unknown[]]>([
    ['$', [value]],
    ['$.config.Env', [['A=1', 'B=2']]],
    ['$.config.Env[0]', ['A=1']],
    ['$.config.Env[ 1 ]', ['B=2']],
    ['$.config.Env[*]', ['A=1', 'B=2']],
    ["$['config']['Env'][0]", ['A=1']],
    ['$["config"].Env[0]', ['A=1']],
    ["$.config.Labels['org.x']", ['y']],
    ['$.config.Labels[*]', ['y']],
    [String.raw`$.config['it\'s']`, [1]],
    ['$.config.none', [null]],
    ['$.config.a-b', [true]],
    ['$.layers[*].digest', ['x', 'y']],
    ['$.layers[*].size', [1]],
    ['$.layers[*][*]', ['x', 1, 'y']],
    ['$.empty[*]', []],
    ['$.empty[*].digest', []],
  ])('%s leads to %j', (path, parts) => expect(readPath(path)(value)).toEqual(parts))

  it.each([
    ['', '', 'a path begins with "$"'],
    ['config', 'c', 'a path begins with "$"'],
    ['$config', 'c', '"c" means nothing here'],
    ['$.', '.', 'no name follows this dot'],
    ['$..a', '.', 'no name follows this dot'],
    ['$.a[', '[', UNREADABLE],
    ['$.a[-1]', '[', UNREADABLE],
    ["$['a", '[', UNREADABLE],
    ['$.a b', ' ', '" " means nothing here'],
    ['$.*', '.', 'no name follows this dot'],
  ])('%j is refused', (path, part, message) => {
    const issue = argumentIssue(() => readPath(path))
    expect([issue.message, marked(issue)]).toEqual([message, part])
    expect(issue.hint).toBeTruthy()
  })

  it.each([
    ['$.confg.Env', '.confg', 'there is no key "confg"', 'did you mean "config"?'],
    ["$['wholly']", "['wholly']", 'there is no key "wholly"', 'there are config, layers, empty'],
    ['$.toString', '.toString', 'there is no key "toString"', 'there are config, layers, empty'],
    ['$.config.Env[2]', '[2]', 'there is no item 2', 'the list has items 0 to 1'],
    ['$.empty[0]', '[0]', 'there is no item 0', 'the list is empty'],
    ['$.layers[0][0]', '[0]', 'what is here has keys, and no items', 'there are digest, size'],
    [
      '$.layers.digest',
      '.digest',
      'a list has no key "digest"',
      'write [0] for one item, or [*] for all',
    ],
    ['$.layers[*].sise', '.sise', 'there is no key "sise"', 'did you mean "size"?'],
    ['$.config.Env[0].x', '.x', 'there is nothing inside "A=1"', TO_REST],
    ['$.config.none[*]', '[*]', 'there is nothing inside null', TO_REST],
  ])('%j fits nothing', (path, part, message, hint) => {
    const issue = argumentIssue(() => readPath(path)(value))
    expect([issue.message, marked(issue), issue.hint]).toEqual([message, part, hint])
  })

  it('names its flag', () => {
    expect(() => readPath('$.x', '-p')({})).toThrow('-p:1:2: there is no key "x"')
  })

  it('is refused beyond 16 KiB, and not before', () => {
    expect(() => readPath(`$.${'a'.repeat(16 * 1024 - 2)}`)).not.toThrow()
    expect(() => readPath(`$.${'a'.repeat(16 * 1024 - 1)}`)).toThrow('this has 16385 bytes')
  })

  it('leads to a million values, and not to more', () => {
    expect(readPath('$[*]')(Array(1_000_000).fill(0))).toHaveLength(1_000_000)
    let bomb: unknown[] = [1]
    for (let level = 0; level < 50; level++) bomb = [bomb, bomb]
    for (const [path, many] of [
      ['$[*]', Array(1_000_001).fill(0)],
      [`$${'[*]'.repeat(50)}`, bomb],
    ] as const) {
      expect(argumentIssue(() => readPath(path)(many)).message).toBe(
        'this leads to more than 1000000 values',
      )
    }
  })

  it.each(['[', "['", '["\\', '.a', '[0]', '[*]'])(
    'is read in time, with %j again and again',
    piece => {
      const text = `$${piece.repeat(16_000 / piece.length)}`
      expect(argumentIssue(() => readPath(text)(value)).message).toBeTruthy()
    },
  )

  it('is one or refused with a place in it, whatever is written; so is where it leads', () => {
    const pieces = '$ . config layers [ ] * 0 \' " \\ [*] .Env'.split(' ')
    const piece = fc.constantFrom(...pieces, ' ', '\n')
    const made = fc.array(piece, { maxLength: 8 }).map(all => `$${all.join('')}`)
    let found = 0
    const follow = (text: string, root: unknown) => {
      found += unlessRefused(text, () => readPath(text)(root))?.length ?? 0
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), made), fc.anything({ withMap: true }), (text, other) => {
        follow(text, value)
        follow(text, other)
      }),
      { numRuns: 3_000 },
    )
    expect(found).toBeGreaterThan(100)
  })

  it('finds every part of any value by its keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.array(fc.integer())), object => {
        for (const [key, list] of Object.entries(object)) {
          const quoted = key.replace(/[\\']/g, String.raw`\$&`)
          expect(readPath(`$['${quoted}']`)(object)).toEqual([list])
          expect(readPath(`$['${quoted}'][*]`)(object)).toEqual(list)
        }
      }),
    )
  })
})
