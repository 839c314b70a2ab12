import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { algorithmOf, digestOf, hexOf, parseDigest, shortDigest } from '../../src/oci/digest.ts'
import { formatPlatform, matchesPlatform, parsePlatform } from '../../src/oci/platform.ts'
import { familiarReference, formatReference, parseReference } from '../../src/oci/reference.ts'

const hex = 'a1'.repeat(32)
const stores = new Set(['local', './a.tar', '../b c/x@y.tar', '/abs/c.tar', '~/d'])

describe('a reference', () => {
  it.each([
    ['mysql:5.7', 'docker.io/library/mysql:5.7', 'mysql:5.7'],
    ['acme/api', 'docker.io/acme/api', 'acme/api'],
    ['index.docker.io/mysql', 'docker.io/library/mysql', 'mysql'],
    ['GHCR.io/acme/api:1', 'ghcr.io/acme/api:1', 'ghcr.io/acme/api:1'],
    ['localhost/api', 'localhost/api', 'localhost/api'],
    ['registry:5000/a/b:c', 'registry:5000/a/b:c', 'registry:5000/a/b:c'],
    ['[::1]:5000/a:b', '[::1]:5000/a:b', '[::1]:5000/a:b'],
    ['local/library/mysql:5.7', 'local/library/mysql:5.7', 'local/library/mysql:5.7'],
    ['./a.tar', './a.tar', './a.tar'],
    ['./a.tar/library/mysql:5.7', './a.tar/library/mysql:5.7', './a.tar/library/mysql:5.7'],
    ['../b c/x@y.tar/a/b:1', '../b c/x@y.tar/a/b:1', '../b c/x@y.tar/a/b:1'],
    ['~/d/a', '~/d/a', '~/d/a'],
    [`/abs/c.tar@sha256:${hex}`, `/abs/c.tar@sha256:${hex}`, `/abs/c.tar@sha256:${hex}`],
    [`a:b@sha256:${hex}`, `docker.io/library/a:b@sha256:${hex}`, `a:b@sha256:${hex}`],
  ])('%s is %s, shown as %s', (text, full, familiar) => {
    const reference = parseReference(text, stores)
    expect(formatReference(reference)).toBe(full)
    expect(familiarReference(reference)).toBe(familiar)
    expect(parseReference(full, stores)).toEqual(reference)
  })

  it.each([
    ['', 'BAD_REFERENCE'],
    ['MySQL', 'BAD_REFERENCE'],
    ['a//b', 'BAD_REFERENCE'],
    ['../a', 'BAD_REFERENCE'],
    ['a:-1', 'BAD_REFERENCE'],
    ['a@sha256:12', 'BAD_REFERENCE'],
    ['a:b c', 'BAD_REFERENCE'],
    ['local/', 'BAD_REFERENCE'],
    ['./b.tar', 'BAD_REFERENCE'],
    ['./a.tar:1', 'BAD_REFERENCE'],
    ['./a.tar/', 'BAD_REFERENCE'],
    ['./a.tar/A', 'BAD_REFERENCE'],
    ['./a.tar@sha256:12', 'BAD_REFERENCE'],
    ['/', 'BAD_REFERENCE'],
  ])('%j is none', (text, code) => {
    expect(failure(() => parseReference(text, stores))).toMatchObject({ code })
  })

  it('is read back as it was, or refused', () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9._:@/[\]-]{0,12}$/)
    const below = fc.tuple(fc.constantFrom(...stores), part).map(([store, rest]) => store + rest)
    fc.assert(
      fc.property(fc.oneof(part, below, fc.string()), text => {
        const reference = attempt(() => parseReference(text, stores))
        if (!reference) return
        expect(parseReference(formatReference(reference), stores)).toEqual(reference)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a digest', () => {
  it('has an algorithm and digits', () => {
    expect(digestOf(Buffer.from('x'), 'sha512')).toMatch(/^sha512:[0-9a-f]{128}$/)
    const digest = parseDigest(`sha256:${hex}`)
    expect([algorithmOf(digest), hexOf(digest)]).toEqual(['sha256', hex])
    expect(shortDigest(digest)).toBe('sha256:a1a1a1a1a1a1')
  })

  it.each([
    hex,
    `sha256:${hex.toUpperCase()}`,
    `sha256:${hex}a`,
    `sha512:${hex}`,
    `md5:${hex}`,
    `sha256:${hex}\n`,
    `../sha256:${hex}`,
    '',
  ])('%j is none', text => {
    expect(failure(() => parseDigest(text))).toBeInstanceOf(InputError)
  })
})

describe('a platform', () => {
  it.each([
    ['linux/amd64', 'linux/amd64', true],
    ['linux/amd64', 'linux/arm64', false],
    ['linux/amd64', 'windows/amd64', false],
    ['linux/arm', 'linux/arm/v7', true],
    ['linux/arm/v7', 'linux/arm', false],
    ['linux/arm/v7', 'linux/arm/v6', false],
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm64/v8', 'linux/arm64', true],
    ['linux/arm64/v9', 'linux/arm64', false],
  ])('wish %s is met by %s: %s', (wanted, found, isMet) => {
    expect(matchesPlatform(parsePlatform(wanted), parsePlatform(found))).toBe(isMet)
    expect(formatPlatform(parsePlatform(found))).toBe(found)
  })

  it.each(['', 'linux', 'linux/', 'linux/amd64/v1/x', 'Linux/amd64', 'linux/../x'])(
    '%j is none',
    text => {
      expect(failure(() => parsePlatform(text))).toMatchObject({ code: 'BAD_ARGUMENT' })
    },
  )
})

function failure(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
