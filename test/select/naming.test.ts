import { describe, expect, it } from 'vitest'
import { nameTags, type NamingFacts } from '../../src/select/naming.ts'
import type { RuleKeys, TagPolicy } from '../../src/select/policy.ts'
import { select } from './selecting.ts'

/** `name=tag`, by name. */
function named(policy: TagPolicy, listing: string, facts: NamingFacts = {}): string {
  const { names } = nameTags(select(policy, listing), facts)
  return names.map(({ name, tag }) => `${name}=${tag}`).join(' ')
}

function byRule(rule: RuleKeys): TagPolicy {
  return { tags: [rule] }
}

const MINOR = ['{semver.major}', '{semver.major}.{semver.minor}']

describe('a tag is called', () => {
  it.each<[string, TagPolicy, string, string]>([
    ['what it is, where nothing is said', byRule({ glob: '*' }), 'a b', 'a=a b=b'],
    [
      'as its rule says',
      byRule({ semver: '*', as: ['v{tag}', '{tag}'] }),
      '1.0.0',
      '1.0.0=1.0.0 v1.0.0=1.0.0',
    ],
    [
      'as its rule says, or else the image',
      { tags: [{ glob: 'a', as: ['x-{tag}'] }, 'b'], as: ['y-{tag}'] },
      'a b',
      'x-a=a y-b=b',
    ],
    [
      'by its version, without its flavor',
      byRule({ semver: '*', flavor: 'slim', as: ['{semver.major}.{semver.minor}.{semver.patch}'] }),
      '1.2.3-slim',
      '1.2.3=1.2.3-slim',
    ],
    [
      'by what the regex captures',
      { tags: [{ regex: 'r-(?P<v>.*)' }], as: ['{v}'] },
      'r-1 r-2',
      '1=r-1 2=r-2',
    ],
    [
      'by the version that it is ordered by',
      byRule({ regex: 'r-(?<v>.*)', order: ['v:semver'], as: ['{semver.major}'] }),
      'r-1.0.0 r-2.0.0',
      '1=r-1.0.0 2=r-2.0.0',
    ],
    [
      'by no template whose part it lacks',
      { tags: ['edge', '1.0.0'], as: [...MINOR, '{tag}'] },
      'edge 1.0.0',
      '1=1.0.0 1.0=1.0.0 1.0.0=1.0.0 edge=edge',
    ],
  ])('%s', (_, policy, listing, names) => {
    expect(named(policy, listing)).toBe(names)
  })

  it('by its digest, where that is known', () => {
    const policy = byRule({ glob: '*', as: ['{tag}-{digest:4}'] })
    const digest = (tag: string) => (tag === 'a' ? `sha256:${'ab'.repeat(32)}` : undefined)
    const { names, nameless } = nameTags(select(policy, 'a b'), { digest })
    expect([names, nameless]).toEqual([[{ name: 'a-abab', tag: 'a' }], ['b']])
  })
})

describe('of several versions for a shorter name', () => {
  const policy = byRule({ semver: '*', as: MINOR })

  it('the greatest has it', () => {
    expect(named(policy, '1.2.3 1.10.0 1.2.10 2.0.0 v2.0.0')).toBe(
      '1=1.10.0 1.10=1.10.0 1.2=1.2.10 2=v2.0.0 2.0=v2.0.0',
    )
  })

  it('the greatest has it whatever the order is', () => {
    const policy = byRule({ glob: '*', order: ['text'], as: ['{semver.major}'] })
    expect(named(policy, '1.9.0 1.10.0')).toBe('1=1.10.0')
  })

  it('the newer flavour has it', () => {
    const policy = byRule({ semver: '*', flavor: 'alpine{n}', as: ['{semver.major}'] })
    expect(named(policy, '1.0.0-alpine3.9 1.0.0-alpine3.19')).toBe('1=1.0.0-alpine3.19')
  })

  it.each([
    ['1.10.5', '1.10.5', 'never backwards'],
    ['1.10.0', '1.10.0', undefined],
    ['v1.10.0', '1.10.0', undefined],
    ['1.9.0', '1.10.0', undefined],
    ['main', '1.10.0', undefined],
  ])('none that is less takes it from %s', (current, tag, because) => {
    const { names } = nameTags(select(policy, '1.10.0 1.2.0'), {
      current: new Map([['1.10', current]]),
    })
    expect(names).toContainEqual({ name: '1.10', tag, ...(because && { because }) })
  })

  it('that which is pinned has it', () => {
    const facts = { pinned: new Map([['1', '1.0.0']]), current: new Map([['1', '1.9.0']]) }
    const { names } = nameTags(
      select(byRule({ semver: '*', as: ['{semver.major}'] }), '1.10.0'),
      facts,
    )
    expect(names).toEqual([{ name: '1', tag: '1.0.0', because: 'pinned' }])
  })
})

describe('tags collide', () => {
  it.each<[string, TagPolicy, string, string, readonly string[]]>([
    [
      'for a name without parts',
      byRule({ glob: '*', as: ['stable'] }),
      'a b',
      'stable',
      ['b', 'a'],
    ],
    [
      'for a name by what is captured',
      byRule({ regex: '(?<b>\\w)-\\d', as: ['{b}'] }),
      'a-1 a-2 b-1',
      'a',
      ['a-2', 'a-1'],
    ],
    [
      'for a whole version',
      byRule({ semver: '*', as: ['{semver.major}.{semver.minor}.{semver.patch}'] }),
      '1.0.0 v1.0.0',
      '1.0.0',
      ['v1.0.0', '1.0.0'],
    ],
    [
      'of two rules, for a shorter name',
      { tags: [{ semver: '1.1.x' }, { semver: '1.2.x' }], as: ['{semver.major}'] },
      '1.1.0 1.2.0',
      '1',
      ['1.1.0', '1.2.0'],
    ],
    [
      'of two rules, the greater first',
      { tags: [{ semver: '1.2.x' }, { semver: '1.1.x' }], as: ['{semver.major}'] },
      '1.1.0 1.2.0',
      '1',
      ['1.2.0', '1.1.0'],
    ],
    [
      'a version and a tag that is named',
      { tags: [{ semver: '*', as: ['{semver.major}'] }, '1'] },
      '1 1.2.0',
      '1',
      ['1.2.0', '1'],
    ],
    [
      'a shorter name and another template of one rule',
      byRule({ regex: '(?<m>\\d)\\.(?<n>\\d)\\.\\d', as: ['{semver.major}', '{n}'] }),
      '1.0.0 2.1.0',
      '1',
      ['1.0.0', '2.1.0'],
    ],
  ])('%s', (_, policy, listing, name, tags) => {
    const { names, problems } = nameTags(select(policy, listing))
    expect(problems).toMatchObject([{ kind: 'name-collision', name, tags }])
    expect(names.map(({ name }) => name)).not.toContain(name)
  })

  it('and are shown with the templates', () => {
    const { problems } = nameTags(select(byRule({ glob: '*', as: ['x'] }), 'a b'))
    expect(problems[0]?.message).toBe('b, a would all be called x, by x')
  })

  it('but one tag has a name in several ways', () => {
    const tags = [{ semver: '*' }, { glob: '1.*' }, '1.0.0']
    expect(named({ tags, as: ['{tag}', '{semver.major}'] }, '1.0.0')).toBe('1=1.0.0 1.0.0=1.0.0')
  })
})

it.each([
  ['{c}', 'a-.x', '.x'],
  ['{tag}{tag}', `a-${'b'.repeat(70)}`, `a-${'b'.repeat(70)}`.repeat(2)],
])('%s makes no name of %s', (template, tag, name) => {
  const policy = byRule({ regex: 'a-(?<c>.*)', as: [template] })
  const { names, nameless, problems } = nameTags(select(policy, tag))
  expect([names, nameless, problems]).toMatchObject([[], [], [{ kind: 'bad-name', name }]])
})
