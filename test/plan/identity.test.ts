import { describe, expect, it } from 'vitest'
import { digestOf, type Digest } from '../../src/oci/digest.ts'
import { sameImage } from '../../src/plan/identity.ts'

const named = (name: string) => digestOf(Buffer.from(name))
const [A, B, X, Y] = [named('a'), named('b'), named('x'), named('y')]
const image = (digest: Digest, ...configs: Digest[]) => ({
  digest,
  configs: configs.map(config => ({ config })),
})

describe('an image is the same', () => {
  it.each([
    ['under the same digest', image(A, X), image(A), true],
    ['with the same configuration', image(A, X), image(B, X), true],
    ['among others', image(A, X), image(B, Y, X), true],
    ['for each platform', image(A, X, Y), image(B, Y, X), true],
    ['not with one of them missing', image(A, X, Y), image(B, X), false],
    ['not with another configuration', image(A, X), image(B, Y), false],
    ['not where nothing is known of it', image(A), image(B), false],
    ['not where nothing is known of the other', image(A, X), image(B), false],
  ])('%s', (_, wanted, there, same) => {
    expect(sameImage(wanted, there)).toBe(same)
  })
})
