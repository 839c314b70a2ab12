/** What rules say of tags by their names and ages. The tables are the specification. */
import { describe, expect, it } from 'vitest'
import type { ObservedTag, Times } from '../../src/retention/observed.ts'
import type { RetentionRule } from '../../src/retention/rules.ts'
import {
  DAY_MS,
  daysAgo,
  goingTags,
  graph,
  judged,
  NOW_MS,
  rule,
  tag,
  tagVerdict,
} from './judging.ts'

type Keys = Omit<RetentionRule, 'in'>

const ALL = { glob: '*' }
const days = (count: number) => count * DAY_MS

/** Tags of as many images, parted by spaces; what follows an `@` is their age in days. */
function tagsOf(text: string): readonly ObservedTag[] {
  return text.split(' ').map(one => {
    const [name = '', age] = one.split('@')
    return tag(name, name, age === undefined ? undefined : Number(age))
  })
}

const going = (keys: Keys, tags: string | readonly ObservedTag[]) =>
  goingTags(judged(rule(keys), graph(typeof tags === 'string' ? tagsOf(tags) : tags)))

describe('an entry takes', () => {
  const all = 'edge latest pr-1 preprod prod production stable'
  it.each<[string, Keys, string]>([
    ['nothing where nothing is said', {}, ''],
    ['nothing where only keep is said', { keep: ['prod'] }, ''],
    ['a tag by its name, and no other', { delete: ['prod'] }, 'prod'],
    ['whole tags by a pattern', { delete: [{ regex: 'prod|pr' }] }, 'prod'],
    ['tags that any entry of a list takes', { delete: ['prod', { glob: 'pr-*' }] }, 'pr-1 prod'],
    [
      'what all its keys take',
      { delete: [{ glob: 'p*', regex: '.*d.*' }] },
      'preprod prod production',
    ],
    ['no moving name by a pattern of delete', { delete: [ALL] }, 'pr-1 preprod prod production'],
    ['a moving name that delete names', { delete: ['latest'] }, 'latest'],
    [
      'moving names by patterns of keep and protect',
      { protect: [{ glob: 'st*' }], keep: [{ glob: 'l*' }], delete: ['latest', 'stable', 'edge'] },
      'edge',
    ],
  ])('%s', (_, keys, expected) => {
    expect(going(keys, all)).toBe(expected)
  })

  it('no shorter version beside the release it stands for, by a pattern of delete', () => {
    expect(going({ delete: [ALL] }, '1 1.2 1.2.3 2 2.5')).toBe('1.2.3 2 2.5')
    expect(going({ delete: [ALL], keep: [{ regex: '1\\.2' }] }, '1 1.2 1.2.3')).toBe('1.2.3')
    expect(going({ delete: ['1.2'] }, '1 1.2 1.2.3')).toBe('1.2')
  })

  it.each<[string, string]>([
    ['1.2.0', 'deleted'],
    ['v1.2.0', 'deleted'],
    ['1.2.0-rc.1', 'kept'],
    ['1.2.0-alpine3.19', 'kept'],
    ['1.2.0_build', 'kept'],
    ['v1.2', 'kept'],
    ['1.2.0.1', 'kept'],
    ['01.2.0', 'kept'],
  ])('releases by semver: %s is %s', (name, verdict) => {
    const verdicts = judged(rule({ delete: [{ semver: '*' }] }), graph(tagsOf(name)))
    expect(tagVerdict(verdicts, name).verdict).toBe(verdict)
  })
})

describe('protect beats keep beats delete', () => {
  it('and every entry that takes a tag is told', () => {
    const keys = { protect: ['a'], keep: [{ glob: '[ab]' }], delete: [{ glob: '[abc]' }] }
    const verdicts = judged(rule(keys), graph(tagsOf('a b c d')))
    expect(
      verdicts.tags.map(({ tag, verdict, because, reason, matched }) => [
        tag,
        verdict,
        because,
        reason,
        matched.map(({ list, entry }) => `${list} ${entry}`),
      ]),
    ).toEqual([
      ['a', 'kept', 'protected', 'protect a', ['protect 0', 'keep 0', 'delete 0']],
      ['b', 'kept', 'kept', 'keep glob [ab]', ['keep 0', 'delete 0']],
      ['c', 'deleted', 'released', 'delete glob [abc]', ['delete 0']],
      ['d', 'kept', 'unnamed', 'no rule lets it go', []],
    ])
    expect(tagVerdict(verdicts, 'b').frees).toBe('else delete glob [abc] would take it')
  })

  it('across the rules that are for a repository', () => {
    const rules = [
      rule({ delete: [ALL] }),
      { in: 'reg.example/mirror/app', keep: ['a'] },
      { in: 'reg.example/other/*', protect: [ALL] },
    ]
    expect(goingTags(judged(rules, graph(tagsOf('a b'))))).toBe('b')
  })

  it('and what the manifest asks for is kept, what it lets go is not', () => {
    const tags = [
      tag('asked', 'a', 99, { keptBy: 'images.yaml asks for it' }),
      tag('ours', 'b', 1, { released: 'no longer asked for' }),
      tag('kept', 'c', 1, { released: 'no longer asked for' }),
    ]
    const verdicts = judged(rule({ keep: ['kept'], delete: ['asked'] }), graph(tags))
    expect(verdicts.tags.map(({ tag, verdict, reason }) => [tag, verdict, reason])).toEqual([
      ['asked', 'kept', 'images.yaml asks for it'],
      ['kept', 'kept', 'keep kept'],
      ['ours', 'deleted', 'no longer asked for'],
    ])
  })

  it('what the lock names is protected, and so are all names of that image', () => {
    const tags = [tag('1.0', 'a', 99), tag('old', 'a', 99), tag('2.0', 'b', 99)]
    const keys = { protect: [{ lock: true as const }], delete: [ALL] }
    const verdicts = judged(rule(keys), graph(tags), { locked: ['a'] })
    expect(goingTags(verdicts)).toBe('2.0')
    expect(tagVerdict(verdicts, 'old').reason).toBe('protect what the lock names')
    expect(goingTags(judged(rule({ delete: [ALL] }), graph(tags), { locked: ['a'] }))).toBe(
      '1.0 2.0 old',
    )
  })

  it('an image that is protected under one name keeps the others', () => {
    const tags = [tag('latest', 'a', 1), tag('v1', 'a', 99), tag('v0', 'b', 99)]
    const verdicts = judged(rule({ protect: ['latest'], delete: [ALL] }), graph(tags))
    expect(goingTags(verdicts)).toBe('v0')
    expect(tagVerdict(verdicts, 'v1').reason).toBe('latest names it too, protect latest')
  })
})

describe('newest', () => {
  const kept = (keep: NonNullable<Keys['keep']>, tags: string) => {
    const gone = new Set(going({ keep, delete: [ALL] }, tags).split(' '))
    return tags
      .split(' ')
      .map(one => one.split('@')[0] ?? '')
      .filter(name => !gone.has(name))
      .join(' ')
  }

  it.each<[string, NonNullable<Keys['keep']>, string, string]>([
    ['by version', [{ semver: '*', newest: 2 }], '1.0.0 1.10.0 1.9.0', '1.10.0 1.9.0'],
    ['none', [{ semver: '*', newest: 0 }], '1.0.0 1.1.0', ''],
    ['more than there are', [{ semver: '*', newest: 9 }], '1.0.0 1.1.0', '1.0.0 1.1.0'],
    [
      'of each minor, pre-releases not counted',
      [{ semver: '*', newest: 1, per: 'minor' }],
      '1.0.0 1.0.1 1.1.0 1.1.1-rc.1 2.0.0',
      '1.0.1 1.1.0 2.0.0',
    ],
    [
      'of each capture',
      [{ regex: '(?<app>[a-z]+)-(?<n>\\d+)', order: ['n:number'], newest: 1, per: 'app' }],
      'a-1 a-2 b-7 b-10',
      'a-2 b-10',
    ],
    [
      'of a flavour',
      [{ semver: '*', flavor: 'alpine{n}', newest: 1 }],
      '1.0.0-alpine3.9 1.0.0-alpine3.19 0.9.0-alpine3.20',
      '1.0.0-alpine3.19',
    ],
    ['by time where nothing else is said', [{ ...ALL, newest: 2 }], 'a@3 b@1 c@2', 'b c'],
    [
      'by version, then naturally, of one time',
      [{ ...ALL, newest: 3 }],
      'pr-9@1 pr-10@1 1.9.0@1 1.10.0@1 old@2',
      'pr-10 1.9.0 1.10.0',
    ],
    [
      'of rules that overlap, none taking places of another',
      [
        { glob: 'env1-*', newest: 1 },
        { glob: 'env1*', newest: 1 },
        { glob: 'env18-*', newest: 1 },
      ],
      'env1-a@5 env1-b@9 env18-a@1 env18-b@2',
      'env1-a env18-a',
    ],
    [
      'of all that the pattern takes, whatever else is asked',
      [{ ...ALL, newest: 2, pushedWithinMs: days(14) }],
      'a@30 b@20 c@10',
      'c',
    ],
    ['and what has no time takes no place', [{ ...ALL, newest: 1 }], 'a b@9 c@1', 'a c'],
    [
      'and what cannot be compared takes none',
      [{ ...ALL, order: ['number'], newest: 1 }],
      '7 8 other',
      '8 other',
    ],
    [
      'and what only a hash would part is kept',
      [{ glob: 'main-*', order: ['text'], newest: 1 }],
      'main-2f1a9c3 main-9e8d7c6 x',
      'main-2f1a9c3 main-9e8d7c6',
    ],
    [
      'and equal captures are all kept',
      [{ regex: '(?<day>\\d+)-[a-z]', order: ['day:number'], newest: 1 }],
      '20240102-a 20240102-b 20240101-a',
      '20240102-a 20240102-b',
    ],
  ])('%s', (_, keep, tags, expected) => {
    expect(kept(keep, tags)).toBe(expected)
  })

  it('counts names, not images', () => {
    const tags = ['a', 'b', 'c', 'd'].map((name, age) => tag(name, 'same', age))
    expect(going({ keep: [{ ...ALL, newest: 2 }], delete: [ALL] }, tags)).toBe('c d')
  })

  it.each([
    [{ ...ALL, newest: 1 }, 'x', 'nothing tells its age'],
    [{ ...ALL, newest: 1, order: ['number'] }, 'x 7', 'has no number to order by'],
    [{ ...ALL, newest: 1, order: ['text'] }, 'x-2f1a9c3 x-9e8d7c6', 'nothing tells how new it is'],
  ])('says why a tag that has no place is kept: %j of %s', (entry, tags, why) => {
    const verdicts = judged(rule({ keep: [entry], delete: [ALL] }), graph(tagsOf(tags)))
    expect(verdicts.tags.find(({ tag }) => tag.startsWith('x'))?.matched[0]?.detail).toBe(why)
  })

  it('says where a tag stands', () => {
    const keys = { keep: [{ semver: '*', newest: 1, per: 'minor' }], delete: [ALL] }
    const verdicts = judged(rule(keys), graph(tagsOf('1.2.0 1.2.1')))
    expect(tagVerdict(verdicts, '1.2.1').reason).toBe(
      'keep semver *, newest 1 per minor: newest of minor 1.2',
    )
    expect(tagVerdict(verdicts, '1.2.0').matched[0]).toMatchObject({
      list: 'keep',
      detail: '2nd newest of minor 1.2',
      misses: { kind: 'count' },
    })
  })
})

describe('age', () => {
  const at = (times: Times) => [tag('x', 'x', undefined, { times })]
  const old: Keys = { delete: [{ ...ALL, olderThanMs: days(14) }] }
  const recent: Keys = { keep: [{ ...ALL, pushedWithinMs: days(14) }], delete: [ALL] }
  const active: Keys = { keep: [{ ...ALL, activeWithinMs: days(14) }], delete: [ALL] }

  it.each<[string, Keys, Times, string]>([
    ['older than 14d: at 14d', old, { pushedMs: daysAgo(14) }, ''],
    ['older than 14d: past 14d', old, { pushedMs: daysAgo(14) - 1 }, 'x'],
    ['older than 14d: from the future', old, { pushedMs: daysAgo(-99) }, ''],
    ['older than 14d: unknown', old, {}, ''],
    ['older than 14d: no time at all', old, { pushedMs: Number.NaN, seenMs: 1e300 }, ''],
    ['older than 14d: by our own sight', old, { seenMs: daysAgo(15) }, 'x'],
    ['older than 14d: just seen', old, { seenMs: NOW_MS }, ''],
    [
      'older than 14d: an old image tagged today',
      old,
      { pushedMs: daysAgo(99), taggedMs: NOW_MS },
      '',
    ],
    ['older than 14d: pulled today', old, { pushedMs: daysAgo(99), pulledMs: NOW_MS }, 'x'],
    [
      'older than 14d: the store knows of the tag, and we saw it late',
      old,
      { pushedMs: daysAgo(99), taggedMs: daysAgo(50), seenMs: NOW_MS },
      'x',
    ],
    [
      'older than 14d: the store knows only of the image, and we saw the tag today',
      old,
      { pushedMs: daysAgo(99), seenMs: NOW_MS },
      '',
    ],
    ['pushed within 14d: at 14d', recent, { pushedMs: daysAgo(14) }, ''],
    ['pushed within 14d: past 14d', recent, { pushedMs: daysAgo(14) - 1 }, 'x'],
    ['pushed within 14d: unknown', recent, {}, ''],
    ['active within 14d: pulled', active, { pushedMs: daysAgo(99), pulledMs: daysAgo(14) }, ''],
    ['active within 14d: neither', active, { pushedMs: daysAgo(99), pulledMs: daysAgo(15) }, 'x'],
    [
      'active within 14d: never pulled, just pushed',
      active,
      { pushedMs: NOW_MS, pulledMs: 'never' },
      '',
    ],
    [
      'active within 14d: never pulled, old',
      active,
      { pushedMs: daysAgo(99), pulledMs: 'never' },
      'x',
    ],
    ['active within 14d: nobody counts pulls', active, { pushedMs: daysAgo(99) }, ''],
    ['active within 14d: never pulled, age unknown', active, { pulledMs: 'never' }, ''],
  ])('%s', (_, keys, times, expected) => {
    expect(going(keys, at(times))).toBe(expected)
  })

  it('says from when on a young tag goes, and of another that nothing tells', () => {
    const verdicts = judged(rule(old), graph(tagsOf('young@4 mystery')))
    expect(tagVerdict(verdicts, 'young')).toMatchObject({
      verdict: 'kept',
      because: 'young',
      frees: 'delete glob *, older than 14d takes it from 2026-12-04T09:00Z on',
    })
    expect(tagVerdict(verdicts, 'mystery')).toMatchObject({
      verdict: 'kept',
      because: 'undated',
      reason: 'delete glob *, older than 14d: nothing tells its age',
    })
  })

  it('of all tags the same, as after a migration, lets versions decide', () => {
    const keys = { keep: [{ ...ALL, newest: 1 }], delete: [ALL] }
    expect(going(keys, '1.9.0@3 1.10.0@3 1.2.0@3')).toBe('1.2.0 1.9.0')
  })
})
