/** What is kept because something kept needs it, and what goes with what goes. */
import { describe, expect, it } from 'vitest'
import type { ManifestKind, ObservedGraph } from '../../src/retention/observed.ts'
import type { RetentionRule } from '../../src/retention/rules.ts'
import {
  DAY_MS,
  digest,
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
const sweeping = rule({ delete: [{ untagged: true }] })
const pruning = (...names: readonly string[]) => rule({ delete: [...names, { untagged: true }] })

describe('indexes', () => {
  const parts = [
    image('amd64', { days: 99 }),
    image('arm64', { days: 99 }),
    manifest('att', 'artifact'),
  ]
  const multi = [index('multi', ['amd64', 'arm64', 'att'], { days: 99 }), ...parts]

  it('that are tagged keep what is in them, attestations too', () => {
    const verdicts = judged(sweeping, graph([tag('1.0', 'multi', 99)], multi))
    expect(steps(verdicts)).toEqual([])
    expect(manifestVerdict(verdicts, 'arm64')).toMatchObject({
      because: 'needed',
      reason: 'it is part of 1.0',
    })
  })

  it.each<[string, ObservedGraph['manifests']]>([
    ['nested', [index('outer', ['middle']), index('middle', ['multi']), ...multi]],
    [
      'that share parts',
      [index('outer', ['multi', 'middle', 'amd64']), index('middle', ['amd64', 'multi']), ...multi],
    ],
    [
      'that nest themselves',
      [index('outer', ['middle', 'outer']), index('middle', ['multi', 'outer']), ...multi],
    ],
  ])('%s keep all that is below, and go before it', (_, manifests) => {
    const kept = judged(sweeping, graph([tag('1.0', 'outer', 99)], manifests))
    expect(steps(kept)).toEqual([])
    const gone = steps(judged(pruning('1.0'), graph([tag('1.0', 'outer', 99)], manifests)))
    expect(gone.slice(0, 4)).toEqual(['untag 1.0', 'delete outer', 'delete middle', 'delete multi'])
    expect(gone.slice(4).toSorted()).toEqual(['delete amd64', 'delete arm64', 'delete att'])
  })

  it('that share a child leave it to the other', () => {
    const manifests = [
      index('one', ['own', 'shared']),
      index('two', ['shared']),
      image('own'),
      image('shared'),
    ]
    const verdicts = judged(
      pruning('1.0'),
      graph([tag('1.0', 'one'), tag('2.0', 'two')], manifests),
    )
    expect(steps(verdicts)).toEqual(['untag 1.0', 'delete one', 'delete own'])
    expect(manifestVerdict(verdicts, 'shared').reason).toBe('it is part of 2.0')
    expect(manifestVerdict(verdicts, 'own').reason).toBe('it is part of 1.0, which goes')
  })

  it('leave a child that has a tag of its own', () => {
    const tags = [tag('1.0', 'multi', 99), tag('1.0-arm64', 'arm64', 99)]
    expect(steps(judged(pruning('1.0'), graph(tags, multi))).toSorted()).toEqual([
      'delete amd64',
      'delete att',
      'delete multi',
      'untag 1.0',
    ])
  })

  it('keep a child whose own tag goes', () => {
    const tags = [tag('1.0', 'multi', 99), tag('1.0-arm64', 'arm64', 99)]
    const verdicts = judged(pruning('1.0-arm64'), graph(tags, multi))
    expect(steps(verdicts)).toEqual(['untag 1.0-arm64'])
    expect(tagVerdict(verdicts, '1.0-arm64')).toMatchObject({
      verdict: 'untagged',
      reason: 'delete 1.0-arm64; what it names stays: it is part of 1.0',
    })
  })

  it('that are locked keep theirs, whatever the rules say', () => {
    const tags = [tag('1.0', 'multi', 99, { keptBy: 'locked at the registry' })]
    const verdicts = judged(pruning('1.0'), graph(tags, multi))
    expect(steps(verdicts)).toEqual([])
    expect(tagVerdict(verdicts, '1.0').reason).toBe('locked at the registry')
  })

  it('without a tag go with what is in them, if a rule says so', () => {
    expect(steps(judged(sweeping, graph([tag('x')], [image('x'), ...multi])))).toEqual([
      'delete multi',
      'delete amd64',
      'delete arm64',
      'delete att',
    ])
  })

  it('without a tag keep what is in them, however old, where they are too young', () => {
    const old = { delete: [{ untagged: true as const, olderThanMs: 7 * DAY_MS }] }
    const manifests = [image('x'), index('young', ['old'], { days: 7 }), image('old', { days: 99 })]
    const verdicts = judged(rule(old), graph([tag('x')], manifests))
    expect(steps(verdicts)).toEqual([])
    expect(manifestVerdict(verdicts, 'young').because).toBe('young')
    expect(manifestVerdict(verdicts, 'old').reason).toMatch(/^it is part of sha256:[0-9a-f]{12}$/)
  })

  it('in a ring without a tag are kept', () => {
    const ring = [image('x'), index('a', ['b', 'leaf']), index('b', ['a']), image('leaf')]
    const seen = graph([tag('x'), tag('y', 'leaf')], ring)
    expect(steps(judged(pruning('y'), seen))).toEqual(['untag y'])
  })

  it('that lack a child ask for nothing', () => {
    const manifests = [index('sparse', ['amd64', 'never there']), image('amd64')]
    expect(steps(judged(pruning('1.0'), graph([tag('1.0', 'sparse')], manifests)))).toEqual([
      'untag 1.0',
      'delete sparse',
      'delete amd64',
    ])
  })
})

describe('an untagged manifest', () => {
  const olderThan = (days: number): RetentionRule =>
    rule({ delete: [{ untagged: true, olderThanMs: days * DAY_MS }] })

  it.each<[string, ManifestKind, number | undefined, string[]]>([
    ['image', 'image', 8, ['delete m']],
    ['image, on the day', 'image', 7, []],
    ['image of no known age', 'image', undefined, []],
    ['index', 'index', 8, ['delete m']],
    ['artifact, as a chart', 'artifact', 8, []],
    ['manifest of no known type', 'other', 8, []],
  ])('that is an %s', (_, kind, days, expected) => {
    const m = manifest('m', kind, days === undefined ? {} : { days })
    expect(steps(judged(olderThan(7), graph([tag('x')], [image('x'), m])))).toEqual(expected)
  })

  it('stays where no rule is about what is untagged', () => {
    const verdicts = judged(rule({ delete: [ALL] }), graph([tag('x')], [image('x'), image('m')]))
    expect(steps(verdicts)).toEqual(['untag x', 'delete x'])
    expect(manifestVerdict(verdicts, 'm').because).toBe('unnamed')
  })

  it('goes where an earlier run began to delete it', () => {
    const m = image('m', { released: 'an earlier run was stopped while it deleted it' })
    const verdicts = judged(rule({}), graph([tag('x')], [image('x'), m]))
    expect(steps(verdicts)).toEqual(['delete m'])
    const needed = judged(rule({}), graph([tag('x')], [index('x', ['m']), m]))
    expect(steps(needed)).toEqual([])
  })

  it('stays where a container uses it, and so does the parent of its image', () => {
    const manifests = [
      image('x'),
      image('used', { heldBy: 'container web', needs: ['parent'] }),
      image('parent'),
    ]
    const verdicts = judged(sweeping, graph([tag('x')], manifests))
    expect(steps(verdicts)).toEqual([])
    expect(manifestVerdict(verdicts, 'used')).toMatchObject({
      because: 'protected',
      reason: 'container web',
    })
  })

  it('stays where the lock names it', () => {
    const rules = rule({ protect: [{ lock: true }], delete: [{ untagged: true }] })
    const seen = graph([tag('x')], [image('x'), image('m'), image('n')])
    expect(steps(judged(rules, seen, { locked: ['m'] }))).toEqual(['delete n'])
  })

  it('stays where no tag is listed at all', () => {
    const verdicts = judged(sweeping, graph([], [image('m')]))
    expect(steps(verdicts)).toEqual([])
    expect(verdicts.leftAlone).toMatchObject([{ repository: 'mirror/app', kind: 'empty' }])
    expect(manifestVerdict(verdicts, 'm').because).toBe('left alone')
  })
})

describe('what refers to an image', () => {
  const bill = manifest('sbom', 'artifact', { subject: 'app', days: 99 })
  const signed = manifest('sbom signature', 'artifact', { subject: 'sbom', days: 99 })
  const app = image('app', { days: 99 })

  it('stays with it, and so does what refers to that', () => {
    const verdicts = judged(sweeping, graph([tag('1.0', 'app', 99)], [app, bill, signed]))
    expect(steps(verdicts)).toEqual([])
    expect(manifestVerdict(verdicts, 'sbom signature').reason).toBe('it belongs to 1.0')
  })

  it('goes after it', () => {
    const verdicts = judged(
      rule({ delete: ['1.0'] }),
      graph([tag('1.0', 'app', 99)], [app, bill, signed]),
    )
    expect(steps(verdicts)).toEqual([
      'untag 1.0',
      'delete app',
      'delete sbom',
      'delete sbom signature',
    ])
    expect(verdicts.removals.map(({ needs }) => needs)).toEqual([[], [0], [1], [2]])
  })

  it('stays where another image has it in it', () => {
    const manifests = [app, bill, index('other', ['sbom'])]
    const tags = [tag('1.0', 'app', 99), tag('2.0', 'other')]
    expect(steps(judged(rule({ delete: ['1.0'] }), graph(tags, manifests)))).toEqual([
      'untag 1.0',
      'delete app',
    ])
  })

  it('stays where that image was never seen', () => {
    const lone = manifest('lone', 'image', { subject: 'gone' })
    expect(steps(judged(sweeping, graph([tag('x')], [image('x'), lone])))).toEqual([])
  })

  const list = referrerTag('app')
  const suffixed = ['.att', '.sbom', '.sig'].map(suffix => referrerTag('app', suffix))
  const named = [
    tag('1.0', 'app', 99),
    tag(list, 'list', 99),
    ...suffixed.map((name, at) => tag(name, `artifact ${at}`, 99)),
  ]
  const withNames = [
    app,
    bill,
    index('list', ['sbom']),
    ...suffixed.map((_, at) => manifest(`artifact ${at}`, 'artifact', { days: 99 })),
  ]

  it('by the name of its tag stays with it, and patterns never take that', () => {
    const everything = rule({ keep: ['1.0'], delete: [ALL, { regex: '.*' }, { untagged: true }] })
    const verdicts = judged(everything, graph(named, withNames))
    expect(steps(verdicts)).toEqual([])
    expect(tagVerdict(verdicts, list)).toMatchObject({
      because: 'needed',
      reason: 'it belongs to 1.0, which stays',
    })
  })

  it('by the name of its tag goes after it, the name first', () => {
    const verdicts = judged(rule({ delete: ['1.0'] }), graph(named, withNames))
    const order = steps(verdicts)
    const before = (one: string, other: string) =>
      expect(order.indexOf(one)).toBeLessThan(order.indexOf(other))
    before('delete app', `untag ${list}`)
    before(`untag ${list}`, 'delete list')
    before('delete list', 'delete sbom')
    expect(order).toHaveLength(11)
  })

  it('by the name of its tag takes up no place and counts as no tag', () => {
    const keep = [{ ...ALL, newest: 1 }]
    const tags = [...named, tag('2.0', 'new', 1)]
    expect(
      goingTags(judged(rule({ keep, delete: ['1.0'] }), graph(tags, [...withNames, image('new')]))),
    ).toBe(['1.0', list, ...suffixed].join(' '))
  })

  it('by the name of its tag stays where nothing tells of its image, unless it is named', () => {
    const lost = referrerTag('lost', '.sig')
    const seen = graph(
      [tag('1.0', 'app'), tag(lost, 'signature')],
      [app, manifest('signature', 'artifact')],
    )
    expect(steps(judged(rule({ keep: ['1.0'], delete: [ALL] }), seen))).toEqual([])
    expect(steps(judged(rule({ delete: [lost] }), seen))).toEqual([
      `untag ${lost}`,
      'delete signature',
    ])
  })

  it('stays although it is named, while its image stays', () => {
    expect(steps(judged(rule({ delete: [list] }), graph(named, withNames)))).toEqual([])
  })

  it('of a part of an image, or by a long digest, stays with that', () => {
    const long = digest('arm64').replace(/^sha256:.*/, `sha512:${'5'.repeat(128)}`)
    const part = { ...image('arm64'), digest: long as ReturnType<typeof digest> }
    const parts = { ...index('multi', []), needs: [part.digest] }
    const name = `sha512-${'5'.repeat(64)}.sig`
    const seen = graph(
      [tag('1.0', 'multi'), tag(name, 'sig')],
      [parts, part, manifest('sig', 'artifact')],
    )
    expect(steps(judged(sweeping, seen))).toEqual([])
    expect(goingTags(judged(rule({ delete: ['1.0'] }), seen))).toBe(`1.0 ${name}`)
  })
})

describe('where untagged manifests cannot be listed', () => {
  const manifests = [
    index('multi', ['amd64']),
    image('amd64'),
    manifest('sbom', 'artifact', { subject: 'multi' }),
  ]
  const unlisted = { isWhole: false }

  it('a tag goes with what it names and what refers to that, and never what is in it', () => {
    const verdicts = judged(pruning('1.0'), graph([tag('1.0', 'multi')], manifests, unlisted))
    expect(steps(verdicts)).toEqual(['untag 1.0', 'delete multi', 'delete sbom'])
    expect(manifestVerdict(verdicts, 'amd64')).toMatchObject({
      verdict: 'kept',
      because: 'uncertain',
    })
    expect(verdicts.unmatched).toEqual([
      {
        rule: 0,
        entry: { list: 'delete', entry: 1 },
        message: 'reg.example does not list what is untagged',
      },
    ])
  })

  it('what is in an index goes by its own tag', () => {
    const tags = [tag('1.0', 'multi'), tag('1.0-amd64', 'amd64')]
    expect(
      steps(judged(pruning('1.0', '1.0-amd64'), graph(tags, manifests, DOCKER_REGISTRY))),
    ).toEqual(['delete multi (1.0)', 'delete amd64 (1.0-amd64)', 'delete sbom'])
  })

  it('images that were not read go by their tags', () => {
    const verdicts = judged(pruning('a'), graph([tag('a'), tag('b')], [], DOCKER_REGISTRY))
    expect(verdicts.removals).toMatchObject([
      {
        kind: 'delete',
        store: 'reg.example',
        repository: 'mirror/app',
        digest: digest('a'),
        tags: ['a'],
      },
    ])
  })

  it('what refers to a part stays, as the part does', () => {
    const signature = referrerTag('amd64', '.sig')
    const seen = graph([tag('1.0', 'multi'), tag(signature, 'sig')], manifests, DOCKER_REGISTRY)
    expect(goingTags(judged(pruning('1.0'), seen))).toBe('1.0')
  })
})
