import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { byCodePoint } from '../../src/util/code-points.ts'

it('orders as the bytes of UTF-8 do', () => {
  const unit = fc.oneof(
    fc.constantFrom('a', 'b', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  )
  const text = fc.array(unit, { maxLength: 4 }).map(all => all.join(''))
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(byCodePoint(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
    { numRuns: 2_000 },
  )
})

it('orders halves of characters too, always the same way', () => {
  const unit = fc.constantFrom('a', '\ud83d', '\udc0b', '\ue000')
  const text = fc.array(unit, { maxLength: 3 }).map(all => all.join(''))
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(byCodePoint(a, b) === 0).toBe(a === b)
      expect(Math.sign(byCodePoint(a, b))).toBe(-Math.sign(byCodePoint(b, a)) || 0)
      const [one = '', , last = ''] = [a, b, c].toSorted(byCodePoint)
      expect(byCodePoint(one, last)).toBeLessThanOrEqual(0)
      expect([c, b, a].toSorted(byCodePoint)).toEqual([a, b, c].toSorted(byCodePoint))
    }),
  )
})
