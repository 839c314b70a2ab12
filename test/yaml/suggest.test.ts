import { describe, expect, it } from 'vitest'
import { didYouMean, nearest } from '../../src/yaml/suggest.ts'

describe('nearest', () => {
  const known = ['from', 'tags', 'platforms', 'overwrite', 'to']

  it.each([
    ['form', 'from'],
    ['tag', 'tags'],
    ['Tags', 'tags'],
    ['platfroms', 'platforms'],
    ['plattform', 'platforms'],
    ['over-write', 'overwrite'],
    ['ot', undefined],
    ['retention', undefined],
    ['x', undefined],
    ['', undefined],
  ])('of %j is %j', (found, meant) => expect(nearest(found, known)).toBe(meant))

  it('is the first of those that are equally near', () => {
    expect(nearest('bat', ['cat', 'hat', 'bats'])).toBe('cat')
  })

  it('is said as a question, or not at all', () => {
    expect(didYouMean('form', known)).toBe('did you mean "from"?')
    expect(didYouMean('retention', known)).toBeUndefined()
  })

  it('takes a moment for the longest words and lists', () => {
    const many = Array.from({ length: 100_000 }, (_, n) => `${'x'.repeat(100)}${n}`)
    expect(nearest('y'.repeat(1_000_000), many)).toBeUndefined()
  })
})
