import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { parsePruneFilters, type PruneFilters } from '../../src/images/prune-filter.ts'

const NOW = Date.UTC(2026, 2, 1)

/** Nothing at all where they are refused as a flag's. */
function tried(texts: readonly string[]): PruneFilters {
  try {
    return parsePruneFilters(texts, NOW)
  } catch (error) {
    if (error instanceof InputError) return { labels: [], without: [] }
    throw error
  }
}

describe('filters of prune', () => {
  it.each([
    [[], { labels: [], without: [] }],
    [['until=1h'], { untilMs: NOW - 3_600_000, labels: [], without: [] }],
    [
      ['label=a', 'label=b=c=d'],
      { labels: [{ key: 'a' }, { key: 'b', value: 'c=d' }], without: [] },
    ],
    [['label!=a=b'], { labels: [], without: [{ key: 'a', value: 'b' }] }],
  ])('%j', (texts, filters) => {
    expect(parsePruneFilters(texts, NOW)).toEqual(filters)
  })

  it.each([
    [['until=']],
    [['until=soon']],
    [['until=1h', 'until=2h']],
    [['label']],
    [['label=']],
    [['dangling=true']],
    [['']],
  ])('%j is refused', texts => {
    expect(() => parsePruneFilters(texts, NOW)).toThrow(InputError)
  })

  it('are read, or refused as a flag’s, whatever comes', () => {
    const near = fc.tuple(fc.constantFrom('until', 'label', 'label!', ''), fc.string())
    const text = fc.oneof(
      fc.string(),
      near.map(pair => pair.join('=')),
    )
    fc.assert(
      fc.property(fc.array(text, { maxLength: 3 }), texts => {
        const { untilMs = 0, labels, without } = tried(texts)
        expect(untilMs).not.toBeNaN()
        expect(labels.length + without.length).toBeLessThanOrEqual(texts.length)
      }),
    )
  })
})
