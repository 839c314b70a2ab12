import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChallenges } from '../../src/http/challenge.ts'

describe('parseChallenges', () => {
  it.each([
    ['Basic realm="r"', [{ scheme: 'basic', parameters: { realm: 'r' } }]],
    ['basic REALM=r', [{ scheme: 'basic', parameters: { realm: 'r' } }]],
    [
      'Bearer realm="https://a/t?x=1,2",service="s",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://a/t?x=1,2',
            service: 's',
            scope: 'repository:a/b:pull,push',
          },
        },
      ],
    ],
    [
      'Basic realm="a \\"b\\"", Bearer realm="c"',
      [
        { scheme: 'basic', parameters: { realm: 'a "b"' } },
        { scheme: 'bearer', parameters: { realm: 'c' } },
      ],
    ],
    ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    ['', []],
    ['"', []],
  ])('reads %s', (header, expected) => {
    expect(parseChallenges(header)).toEqual(expected)
  })

  it('ends on anything, however long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), text => Array.isArray(parseChallenges(text))),
    )
    expect(parseChallenges('a '.repeat(100_000)).length).toBeLessThan(10_000)
  })
})
