/** Tags of one image, repositories that share images, and what could not be seen. */
import { describe, expect, it } from 'vitest'
import type { ObservedGraph } from '../../src/retention/observed.ts'
import {
  DOCKER_REGISTRY,
  goingTags,
  graph,
  image,
  index,
  judged,
  manifest,
  manifestVerdict,
  referrerTag,
  rule,
  steps,
  tag,
  tagVerdict,
} from './judging.ts'

const ALL = { glob: '*' }

describe('tags of one image', () => {
  const tags = ['a', 'b', 'c', 'd'].map((name, age) => tag(name, 'same', age))
  const newest = rule({ keep: [{ ...ALL, newest: 2 }], delete: [ALL] })

  it('go alone where they can', () => {
    const verdicts = judged(newest, graph(tags, [image('same')]))
    expect(steps(verdicts)).toEqual(['untag c', 'untag d'])
    expect(tagVerdict(verdicts, 'c')).toMatchObject({
      verdict: 'untagged',
      reason: 'delete glob *; what it names stays: a names it',
    })
  })

  it('stay where they would take it with them, and what would free them is said', () => {
    const verdicts = judged(newest, graph(tags, [image('same')], DOCKER_REGISTRY))
    expect(steps(verdicts)).toEqual([])
    expect(tagVerdict(verdicts, 'd')).toMatchObject({
      verdict: 'kept',
      because: 'shared digest',
      reason:
        'shared digest: a, b name it too, and the store takes away images only with all their tags',
      frees: 'it goes once those go, or name another image',
    })
  })

  it('go together where all of them go', () => {
    const all = rule({ delete: [ALL] })
    expect(steps(judged(all, graph(tags, [image('same')])))).toEqual([
      'untag a',
      'untag b',
      'untag c',
      'untag d',
      'delete same',
    ])
    expect(steps(judged(all, graph(tags, [], DOCKER_REGISTRY)))).toEqual(['delete same (a b c d)'])
  })

  it('one of which names a part of what is kept, stays where it would take it', () => {
    const seen = [tag('1.0', 'multi'), tag('1.0-arm64', 'arm64')]
    const verdicts = judged(
      rule({ delete: ['1.0-arm64'] }),
      graph(seen, [index('multi', ['arm64'])], DOCKER_REGISTRY),
    )
    expect(steps(verdicts)).toEqual([])
    expect(tagVerdict(verdicts, '1.0-arm64')).toMatchObject({
      because: 'shared digest',
      reason:
        'shared digest: it is part of 1.0, and the store takes away images only with all their tags',
    })
  })

  it('referrers of two images, one of which stays, go by one name only', () => {
    const names = ['one', 'two'].map(name => referrerTag(name, '.sig'))
    const seen = [tag('one'), tag('two'), ...names.map(name => tag(name, 'signature'))]
    const manifests = [image('one'), image('two'), manifest('signature', 'artifact')]
    const rules = rule({ delete: ['one'] })
    expect(steps(judged(rules, graph(seen, manifests)))).toEqual([
      'untag one',
      'delete one',
      `untag ${names[0]}`,
    ])
    expect(goingTags(judged(rules, graph(seen, manifests, DOCKER_REGISTRY)))).toBe('one')
  })
})

/** As a layout or an engine has it. */
function sharing(
  repositories: ObservedGraph['repositories'],
  manifests: ObservedGraph['manifests'],
): ObservedGraph {
  const own = manifests.map(({ repository: _, ...rest }) => rest)
  return { store: 'local', repositories, manifests: own, isWhole: true, removesTags: true }
}

describe('repositories that share what they hold', () => {
  const both = sharing(
    [
      { repository: 'one', tags: [tag('1.0', 'multi'), tag('x', 'same')] },
      { repository: 'two', tags: [tag('1.0', 'multi'), tag('y', 'same')] },
    ],
    [index('multi', ['amd64']), image('amd64'), image('same'), image('dangling')],
  )

  it('leave to each other what they name', () => {
    const verdicts = judged({ in: 'local/one', delete: [ALL] }, both)
    expect(verdicts.removals).toMatchObject([
      { kind: 'untag', repository: 'one', tag: '1.0' },
      { kind: 'untag', repository: 'one', tag: 'x' },
    ])
    expect(steps(verdicts)).toHaveLength(2)
  })

  it('protect only their own names', () => {
    const rules = [
      { in: 'local/one', protect: ['x'] },
      { in: 'local/two', delete: ['y'] },
    ]
    expect(steps(judged(rules, both))).toEqual(['untag y'])
  })

  it('keep every name of what a container uses', () => {
    const used = sharing(both.repositories, [
      image('same', { heldBy: 'container web' }),
      image('multi'),
    ])
    const verdicts = judged({ in: 'local/**', delete: [ALL] }, used)
    expect(goingTags(verdicts)).toBe('1.0 1.0')
    expect(tagVerdict(verdicts, 'x').reason).toBe('container web')
    expect(manifestVerdict(verdicts, 'same')).toMatchObject({
      because: 'protected',
      reason: 'container web',
    })
  })

  it('leave what is untagged to a rule for the whole store', () => {
    const untagged = { delete: [{ untagged: true as const }] }
    expect(steps(judged({ in: 'local/**', ...untagged }, both))).toEqual(['delete dangling'])
    const narrow = judged({ in: 'local/one', ...untagged }, both)
    expect(steps(narrow)).toEqual([])
    expect(narrow.unmatched.map(({ message }) => message)).toEqual([
      'what is untagged in local is of no repository: a rule in local/** finds it',
    ])
  })

  it('keep for each other what the lock names', () => {
    const rules = [
      { in: 'local/**', delete: [{ untagged: true as const }] },
      { in: 'local/one', protect: [{ lock: true as const }] },
    ]
    expect(steps(judged(rules, both, { locked: ['dangling'] }))).toEqual([])
  })

  it('are left alone each where one cannot be seen, and no image goes', () => {
    const [one, two] = both.repositories
    const blind = [{ ...one!, blind: 'half of its tags are listed' }, two!]
    const seen = sharing(blind, [...both.manifests, image('only two')])
    const verdicts = judged(
      { in: 'local/**', delete: [ALL, { untagged: true }] },
      {
        ...seen,
        repositories: [blind[0]!, { ...two!, tags: [...two!.tags, tag('z', 'only two')] }],
      },
    )
    expect(verdicts.removals).toMatchObject([
      { kind: 'untag', repository: 'two', tag: '1.0' },
      { kind: 'untag', repository: 'two', tag: 'y' },
      { kind: 'untag', repository: 'two', tag: 'z' },
    ])
    expect(steps(verdicts)).toHaveLength(3)
    expect(manifestVerdict(verdicts, 'dangling').because).toBe('left alone')
  })
})

describe('what cannot be seen', () => {
  const app = graph(
    [tag('1.0', 'multi'), tag('pr-1', 'pr')],
    [manifest('multi', 'unreadable'), image('pr'), image('dangling')],
  )
  const other = graph([tag('pr-2')], [], { repository: 'mirror/other' })
  const rules = rule({ delete: [{ glob: 'pr-*' }, { untagged: true }] })

  it('an index that cannot be read leaves its repository alone, and no other', () => {
    const verdicts = judged(rules, [app, other])
    expect(steps(verdicts)).toEqual(['untag pr-2', 'delete pr-2'])
    expect(verdicts.leftAlone).toMatchObject([
      { repository: 'mirror/app', kind: 'blind', why: expect.stringContaining('cannot be read') },
    ])
    expect(tagVerdict(verdicts, 'pr-1')).toMatchObject({ verdict: 'kept', because: 'left alone' })
    expect(manifestVerdict(verdicts, 'dangling').verdict).toBe('kept')
  })

  it('one that nothing names does so, too', () => {
    const seen = graph([tag('pr-1', 'pr')], [image('pr'), manifest('lost', 'unreadable')])
    expect(steps(judged(rules, seen))).toEqual([])
  })

  it('in which order it was looked at changes nothing', () => {
    expect(judged(rules, [other, app])).toEqual(judged(rules, [app, other]))
  })

  it('one that an index has in it does so as well', () => {
    const nested = graph(
      [tag('1.0', 'outer'), tag('pr-1', 'pr')],
      [
        index('outer', ['inner'], { repository: 'mirror/app' }),
        manifest('inner', 'unreadable'),
        image('pr'),
      ],
    )
    const without = {
      ...nested,
      manifests: nested.manifests.map(({ repository: _, ...rest }) => rest),
    }
    expect(steps(judged(rules, nested))).toEqual([])
    expect(steps(judged(rules, without))).toEqual([])
  })

  it('half a listing leaves the repository alone, and no entry is told to match nothing', () => {
    const blind = graph([tag('1.0'), tag('pr-1')], [], {
      ...DOCKER_REGISTRY,
      blind: 'page 2 of its tags: 503',
    })
    const verdicts = judged(rule({ keep: ['missing'], delete: [{ glob: 'pr-*' }] }), blind)
    expect(steps(verdicts)).toEqual([])
    expect(verdicts.unmatched).toEqual([])
    expect(tagVerdict(verdicts, 'pr-1').reason).toBe(
      'nothing goes where not all can be seen: page 2 of its tags: 503',
    )
  })

  it('no repository and no tag come to nothing', () => {
    expect(judged(rules, []).removals).toEqual([])
    const empty = judged(rules, graph([]))
    expect(empty).toMatchObject({ tags: [], manifests: [], removals: [], unmatched: [] })
    expect(empty.leftAlone).toMatchObject([{ kind: 'empty' }])
  })
})

describe('a rule or an entry that is about nothing is told of', () => {
  it.each([
    [
      'of no repository',
      { in: 'elsewhere/**', keep: [ALL] },
      [{ rule: 0, message: 'no repository is in elsewhere/**' }],
    ],
    [
      'of no tag',
      { in: 'reg.example/**', protect: ['latest'], keep: [{ semver: '*', newest: 3 }] },
      [
        {
          rule: 0,
          entry: { list: 'protect', entry: 0 },
          message: 'protect latest takes no tag in reg.example/**',
        },
        {
          rule: 0,
          entry: { list: 'keep', entry: 0 },
          message: 'keep semver *, newest 3 takes no tag in reg.example/**',
        },
      ],
    ],
    [
      'and not where it takes some that it does not let go',
      { in: 'reg.example/**', delete: [{ ...ALL, olderThanMs: 1 }, { untagged: true as const }] },
      [],
    ],
  ])('%s', (_, given, unmatched) => {
    expect(judged(given, graph([tag('x')])).unmatched).toEqual(unmatched)
  })
})
