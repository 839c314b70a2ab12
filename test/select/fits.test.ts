import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { couldChoose } from '../../src/select/fits.ts'
import { nameTags } from '../../src/select/naming.ts'
import type { TagPolicy } from '../../src/select/policy.ts'
import { readPolicy } from '../../src/select/read-policy.ts'
import { engines, select } from './selecting.ts'

const DIGEST = `sha256:${'abcdef0123456789'.repeat(4)}`

function fits(policy: TagPolicy, tag: string, name?: string, digest: string | undefined = DIGEST) {
  return couldChoose(readPolicy(policy, engines), { tag, name, digest })
}

const MINOR: TagPolicy = {
  tags: ['edge', { semver: '>=3 <4', as: ['{tag}', 'v{semver.major}.{semver.minor}'] }],
  exclude: ['3.0.0', { glob: '*.9*' }],
}

describe('a tag', () => {
  it.each([
    ['edge', 'edge', true],
    ['edge', 'v3.1', false],
    ['3.1.0', '3.1.0', true],
    ['3.1.0', 'v3.1', true],
    ['3.1.0', 'v3.2', false],
    ['3.1.0', 'v3x1', false],
    ['3.1.0', 'v3.1-', false],
    ['3.0.0', '3.0.0', false],
    ['3.9.1', '3.9.1', false],
    ['4.0.0', '4.0.0', false],
    ['latest', 'latest', false],
  ])('%s could be chosen and called %s: %s', (tag, name, expected) => {
    expect(fits(MINOR, tag, name)).toBe(expected)
  })

  it('could be chosen, whatever it is called', () => {
    expect(fits(MINOR, '3.1.0')).toBe(true)
    expect(fits(MINOR, '4.0.0')).toBe(false)
  })

  it('that is named may be one that moves, which no pattern excludes', () => {
    const policy: TagPolicy = { tags: ['3', '3.1.0'], exclude: [{ glob: '3*' }] }
    expect(fits(policy, '3', '3')).toBe(true)
    expect(fits(policy, '3.1.0', '3.1.0')).toBe(false)
    expect(fits({ ...policy, exclude: ['3'] }, '3', '3')).toBe(false)
  })

  it('has the name that its digest makes, or any where that is not known', () => {
    const policy: TagPolicy = { tags: ['a'], as: ['{tag}-{digest:4}'] }
    expect(fits(policy, 'a', 'a-abcd')).toBe(true)
    expect(fits(policy, 'a', 'a-1234')).toBe(false)
    const unknown = (name: string) =>
      couldChoose(readPolicy(policy, engines), { tag: 'a', name, digest: undefined })
    expect(unknown('a-1234')).toBe(true)
    expect(unknown('a-12345')).toBe(false)
    expect(unknown('b-1234')).toBe(false)
  })

  it('could always be what it was chosen for', () => {
    const part = fc.nat(3)
    const tag = fc.oneof(
      fc.tuple(part, part, part).map(parts => parts.join('.')),
      fc.tuple(part, part).map(parts => `${parts.join('.')}-rc`),
      fc.constantFrom('latest', 'edge', '1', '1.2', '2', 'a-b', 'x_y'),
    )
    const policies: readonly TagPolicy[] = [
      { tags: [{ glob: '*' }, '1', 'edge'], exclude: [{ glob: '1*' }], as: ['{tag}', 'x-{tag}'] },
      { tags: [{ semver: '>=1', newest: 1, per: 'minor', as: ['{semver.major}', '{tag}'] }, '2'] },
      { tags: [{ regex: '(?<a>\\d+)\\D(?<b>.*)' }], as: ['{b}.{a}', '{b}-{digest:8}'] },
    ]
    fc.assert(
      fc.property(fc.array(tag), fc.constantFrom(...policies), (listing, policy) => {
        const { names } = nameTags(select(policy, listing), { digest: () => DIGEST })
        expect(names.filter(({ name, tag }) => !fits(policy, tag, name))).toEqual([])
      }),
    )
  })
})
