import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { readCanonical } from '../../src/lock/canonical.ts'
import { isLockDocument, toLock } from '../../src/lock/document.ts'
import { encodeLock } from '../../src/lock/encode.ts'
import { anyLock } from './locks.ts'

it('reads whatever the encoder writes', () => {
  // of that name it leaves the reading to others
  const locks = anyLock.filter(({ images }) => !images.has('__proto__'))
  fc.assert(
    fc.property(locks, lock => {
      const value = readCanonical(encodeLock(lock))
      expect(isLockDocument(value) && toLock(value)).toEqual(lock)
    }),
    { numRuns: 500 },
  )
})

it.each([
  ['a line that is none', 'hello\n'],
  ['a level that nothing opened', 'images:\n    a:\n'],
  ['half a level', 'images:\n a:\n'],
  ['a key of JavaScript', 'images:\n  __proto__:\n'],
  ['text after a quote', "name: 'a' b'\nfiles:\n  - \"\n"],
  ['a mapping left open', 'images:\n  a: { x: y\n'],
  ['Windows line ends', 'images:\r\n  a:\r\n'],
])('gives up at %s', (_, text) => {
  expect(readCanonical(text)).toBeUndefined()
})

it.each([
  ['colons', `${': '.repeat(500_000)}\r\n`],
  ['quotes', `a: { b: '${"''".repeat(500_000)}\n`],
  ['double quotes', `"${'\\\\'.repeat(500_000)}\n`],
  ['spaces', `a: { b: c${' '.repeat(500_000)}x\n`],
  ['levels', `${'  '.repeat(500_000)}a:\n`],
  ['files', `files:\n${'  - a\n'.repeat(200_000)}x\n`],
])('is not slowed down by very many %s', (_, text) => {
  const start = performance.now()
  readCanonical(text)
  expect(performance.now() - start).toBeLessThan(2_000)
})
