/** What holds for any graph, any rules and whatever is known. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Digest } from '../../src/oci/digest.ts'
import type { ObservedGraph, ObservedManifest, ObservedTag } from '../../src/retention/observed.ts'
import type {
  DeleteEntry,
  KeepEntry,
  ProtectEntry,
  RetentionRule,
} from '../../src/retention/rules.ts'
import type { TagVerdict, Verdicts } from '../../src/retention/verdicts.ts'
import { isReferrer } from '../../src/select/names.ts'
import { DAY_MS, daysAgo, digest, judged, referrerTag } from './judging.ts'

const REPOSITORIES = ['one', 'two']
const NODES = Array.from({ length: 9 }, (_, at) => `m${at}`)

const node = fc.constantFrom(...NODES)
const days = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined })
const times = fc
  .record({ pushed: days, tagged: days, seen: days, pulled: days })
  .map(({ pushed, tagged, seen, pulled }) => ({
    ...(pushed !== undefined && { pushedMs: daysAgo(pushed) }),
    ...(tagged !== undefined && { taggedMs: daysAgo(tagged) }),
    ...(seen !== undefined && { seenMs: daysAgo(seen) }),
    ...(pulled !== undefined && { pulledMs: pulled === 6 ? ('never' as const) : daysAgo(pulled) }),
  }))

const name = fc.oneof(
  fc
    .tuple(fc.constantFrom('', 'v'), fc.nat(1), fc.nat(1), fc.nat(2))
    .map(([v, ...all]) => v + all.join('.')),
  fc.constantFrom('latest', 'edge', 'pr-1', 'pr-2', 'pr-10', '1.0.0-rc.1', '1.0.0-rc.2', 'other'),
  fc.tuple(node, fc.constantFrom('', '.sig')).map(([of, suffix]) => referrerTag(of, suffix)),
)

const tags: fc.Arbitrary<readonly ObservedTag[]> = fc.uniqueArray(
  fc
    .record({ tag: name, of: node, times, kept: fc.nat(9), released: fc.nat(9) })
    .map(({ tag, of, times, kept, released }) => ({
      tag,
      digest: digest(of),
      times,
      ...(kept === 0 && { keptBy: 'the manifest' }),
      ...(released === 0 && !isReferrer(tag) && { released: 'no longer asked for' }),
    })),
  { selector: ({ tag }) => tag, maxLength: 9 },
)

/** Of those after it, an index has some in it; it may refer to any. */
const manifests = fc
  .tuple(
    ...NODES.map((of, at) =>
      fc
        .record({
          kind: fc.constantFrom('image', 'index', 'artifact', 'other'),
          children: fc.uniqueArray(fc.constantFrom(...NODES.slice(at + 1), 'absent'), {
            maxLength: 3,
          }),
          subject: fc.option(node, { freq: 2, nil: undefined }),
          times,
          repository: fc.constantFrom(...REPOSITORIES),
          held: fc.nat(12),
          lost: fc.nat(30),
          isThere: fc.nat(7),
        })
        .map(({ kind, children, subject, times, repository, held, lost, isThere }) => ({
          isThere: isThere > 0,
          manifest: {
            digest: digest(of),
            kind: lost === 0 ? ('unreadable' as const) : kind,
            needs: kind === 'index' && lost > 0 ? children.map(digest) : [],
            ...(subject !== undefined && { subject: digest(subject) }),
            times,
            repository,
            ...(held === 0 && { heldBy: 'container web' }),
          },
        })),
    ),
  )
  .map(all =>
    all.flatMap(({ isThere, manifest }): ObservedManifest[] => (isThere ? [manifest] : [])),
  )

const graphs: fc.Arbitrary<ObservedGraph> = fc
  .record({
    first: tags,
    second: tags,
    manifests,
    isWhole: fc.boolean(),
    removesTags: fc.boolean(),
    isShared: fc.boolean(),
    blind: fc.nat(20),
  })
  .map(({ first, second, manifests, isWhole, removesTags, isShared, blind }) => ({
    store: 'store',
    isWhole,
    removesTags,
    repositories: [first, second].map((tags, at) => ({
      repository: REPOSITORIES[at] ?? '',
      tags,
      ...(blind === at && { blind: 'half a listing' }),
    })),
    manifests: isShared ? manifests.map(({ repository: _, ...rest }) => rest) : manifests,
  }))

const age = fc.integer({ min: 0, max: 6 }).map(days => days * DAY_MS)
const protect = fc.constantFrom<ProtectEntry>('latest', { semver: '1' }, { lock: true })
const keep: fc.Arbitrary<KeepEntry> = fc.oneof(
  fc.constantFrom('edge', 'other'),
  fc.integer({ min: 0, max: 3 }).map(newest => ({ semver: '*', newest, per: 'minor' })),
  fc.integer({ min: 0, max: 3 }).map(newest => ({ glob: '*', newest })),
  age.map(pushedWithinMs => ({ glob: 'pr-*', pushedWithinMs })),
  fc.record({ activeWithinMs: age, newest: fc.nat(3) }).map(keys => ({ glob: '*', ...keys })),
)
const going: fc.Arbitrary<DeleteEntry> = fc.oneof(
  fc.constantFrom<DeleteEntry>('latest', { glob: '*' }, { regex: '(?:pr|v).*' }),
  age.map(olderThanMs => ({ glob: '*', olderThanMs })),
  age.map(olderThanMs => ({ untagged: true as const, olderThanMs })),
)
const rules: fc.Arbitrary<readonly RetentionRule[]> = fc.array(
  fc.record({
    in: fc.constantFrom('store/**', 'store/one', '**'),
    protect: fc.array(protect, { maxLength: 1 }),
    keep: fc.array(keep, { maxLength: 2 }),
    delete: fc.array(going, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 2 },
)

const LOCKED = { locked: ['m3', 'm7'] }
const RUNS = { numRuns: 500 }

const keyOf = ({ repository, tag }: Pick<TagVerdict, 'repository' | 'tag'>) =>
  `${repository}:${tag}`
const deleted = ({ removals }: Verdicts) =>
  new Set(removals.flatMap(one => (one.kind === 'delete' ? [one.digest] : [])))

/** All that goes, by name. */
function goingIn(verdicts: Verdicts): readonly string[] {
  const tags = verdicts.tags.flatMap(one => (one.verdict === 'kept' ? [] : [keyOf(one)]))
  return [...tags, ...deleted(verdicts)]
}

/** What follows from a digest: its parts, what refers to it, and what tags say refers to it. */
function closure(from: Iterable<Digest>, { manifests, repositories }: ObservedGraph) {
  const reached = new Set(from)
  for (const digest of reached) {
    for (const one of manifests) {
      if (one.digest === digest) for (const part of one.needs) reached.add(part)
      if (one.subject === digest) reached.add(one.digest)
    }
    for (const { tags } of repositories) {
      for (const one of tags) if (refersTo(one.tag, digest)) reached.add(one.digest)
    }
  }
  return reached
}

function refersTo(tag: string, digest: Digest): boolean {
  return isReferrer(tag) && digest.replace(':', '-') === tag.slice(0, 'sha256-'.length + 64)
}

it('verdicts are the same however what was seen is listed', () => {
  fc.assert(
    fc.property(graphs, rules, fc.infiniteStream(fc.nat(1000)), (graph, rules, random) => {
      const shuffle = <T>(all: readonly T[]) =>
        all
          .map(one => ({ one, at: random.next().value ?? 0 }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ one }) => one)
      const shuffled = {
        ...graph,
        manifests: shuffle(graph.manifests),
        repositories: shuffle(graph.repositories).map(one => ({ ...one, tags: shuffle(one.tags) })),
      }
      expect(judged(rules, shuffled, LOCKED)).toEqual(judged(rules, graph, LOCKED))
    }),
    RUNS,
  )
})

it('nothing goes that something kept names, needs or is referred to by', () => {
  fc.assert(
    fc.property(graphs, rules, (graph, rules) => {
      const verdicts = judged(rules, graph, LOCKED)
      const gone = deleted(verdicts)
      const stays = [
        ...verdicts.tags.filter(({ verdict }) => verdict === 'kept'),
        ...verdicts.manifests.filter(({ verdict }) => verdict === 'kept'),
      ]
      const kept = closure(
        stays.map(({ digest }) => digest),
        graph,
      )
      expect([...kept].filter(digest => gone.has(digest))).toEqual([])
    }),
    RUNS,
  )
})

it('nothing goes that is protected, kept or held', () => {
  fc.assert(
    fc.property(graphs, rules, (graph, rules) => {
      const verdicts = judged(rules, graph, LOCKED)
      const held = new Set(graph.manifests.flatMap(one => (one.heldBy ? [one.digest] : [])))
      const kept = verdicts.tags.filter(
        ({ digest, matched }) =>
          held.has(digest) ||
          matched.some(({ list, misses }) => list !== 'delete' && misses === undefined),
      )
      expect(kept.filter(({ verdict }) => verdict !== 'kept')).toEqual([])
      expect([...deleted(verdicts)].filter(digest => held.has(digest))).toEqual([])
    }),
    RUNS,
  )
})

it('nothing goes of what could not all be seen', () => {
  fc.assert(
    fc.property(graphs, rules, (graph, rules) => {
      const { removals } = judged(rules, graph, LOCKED)
      const unreadable = graph.manifests.filter(({ kind }) => kind === 'unreadable')
      const isLost = ({ digest }: ObservedTag) => {
        const parts = closureOfParts(digest, graph)
        return unreadable.some(one => parts.has(one.digest))
      }
      const blind = graph.repositories
        .filter(({ blind, tags }) => blind !== undefined || tags.some(isLost))
        .map(({ repository }) => repository)
      const isBlind = unreadable.length > 0 || blind.length > 0
      const wrong = removals.filter(
        ({ kind, repository = '' }) => blind.includes(repository) || (isBlind && kind === 'delete'),
      )
      expect(wrong).toEqual([])
    }),
    RUNS,
  )
})

function closureOfParts(from: Digest, { manifests }: ObservedGraph): ReadonlySet<Digest> {
  const reached = new Set([from])
  for (const digest of reached) {
    for (const one of manifests) {
      if (one.digest === digest) for (const part of one.needs) reached.add(part)
    }
  }
  return reached
}

it('nothing goes by its age where that is not known', () => {
  const timed = fc.record({
    in: fc.constant('**'),
    keep: fc.array(keep, { maxLength: 1 }),
    delete: fc.array(
      fc.oneof(
        age.map(olderThanMs => ({ glob: '*', olderThanMs })),
        age.map(olderThanMs => ({ untagged: true as const, olderThanMs })),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  })
  const undated = graphs.map(graph => ({
    ...graph,
    manifests: graph.manifests.map(one => ({ ...one, times: {} })),
    repositories: graph.repositories.map(one => ({
      ...one,
      tags: one.tags.map(({ tag, digest }) => ({ tag, digest, times: {} })),
    })),
  }))
  fc.assert(
    fc.property(undated, timed, (graph, rule) => {
      expect(goingIn(judged(rule, graph))).toEqual([])
    }),
  )
})

/** A rule and one that lets go more. */
const pairs: fc.Arbitrary<readonly [RetentionRule, RetentionRule]> = fc
  .record({
    protect: fc.array(protect, { maxLength: 2 }),
    keep: fc.array(keep, { maxLength: 2 }),
    going: fc.array(going, { maxLength: 2 }),
    more: going,
    newest: fc.nat(3),
    within: age,
    olderThan: age,
    by: fc.nat(2),
    dropped: fc.boolean(),
    order: fc.constantFrom({ semver: '*' }, { glob: '*' }, { glob: '*', order: ['text'] }),
  })
  .map(({ protect, keep, going, more, newest, within, olderThan, by, dropped, order }) => {
    const counted = (newest: number, ms: number): KeepEntry[] => [
      { ...order, newest },
      { glob: '*', pushedWithinMs: ms, newest: 5 },
    ]
    const aged = (olderThanMs: number): DeleteEntry => ({ glob: '*', olderThanMs })
    const ms = by * DAY_MS
    return [
      {
        in: '**',
        protect,
        keep: [...keep, ...counted(newest + by, within + ms)],
        delete: [...going, aged(olderThan + ms)],
      },
      {
        in: '**',
        protect: dropped ? protect.slice(1) : protect,
        keep: [...(dropped ? keep.slice(1) : keep), ...counted(newest, within)],
        delete: [...going, aged(olderThan), more],
      },
    ] as const
  })

it('a tighter rule lets go all that a looser one does', () => {
  fc.assert(
    fc.property(graphs, pairs, (graph, [loose, tight]) => {
      const less = goingIn(judged(loose, graph, LOCKED))
      const more = new Set(goingIn(judged(tight, graph, LOCKED)))
      expect(less.filter(one => !more.has(one))).toEqual([])
    }),
    RUNS,
  )
})

/** What is left once the first `count` of the removals are done. */
function after(graph: ObservedGraph, { removals }: Verdicts, count: number): ObservedGraph {
  const done = removals.slice(0, count)
  const gone = new Set(done.flatMap(one => (one.kind === 'delete' ? [one.digest] : [])))
  const names = new Set(done.flatMap(one => (one.kind === 'untag' ? [keyOf(one)] : [])))
  return {
    ...graph,
    manifests: graph.manifests.filter(({ digest }) => !gone.has(digest)),
    repositories: graph.repositories.map(one => ({
      ...one,
      tags: one.tags.filter(
        ({ tag, digest }) =>
          !names.has(keyOf({ repository: one.repository, tag })) &&
          (graph.removesTags || !gone.has(digest)),
      ),
    })),
  }
}

it('wherever a run is stopped, no tag lacks anything, and each step comes after what it needs', () => {
  fc.assert(
    fc.property(graphs, rules, (graph, rules) => {
      const verdicts = judged(rules, graph, LOCKED)
      for (const [at, { needs }] of verdicts.removals.entries()) {
        expect(needs.every(place => place < at)).toBe(true)
        const left = after(graph, verdicts, at + 1)
        const gone = new Set(
          verdicts.removals
            .slice(0, at + 1)
            .flatMap(one => (one.kind === 'delete' ? [one.digest] : [])),
        )
        const named = left.repositories.flatMap(({ tags }) => tags.map(({ digest }) => digest))
        const needed = named.flatMap(digest => [...closureOfParts(digest, left)])
        expect(needed.filter(digest => gone.has(digest))).toEqual([])
      }
    }),
    RUNS,
  )
})

it('a second run has nothing to do', () => {
  fc.assert(
    fc.property(graphs, rules, (graph, rules) => {
      const verdicts = judged(rules, graph, LOCKED)
      const left = after(graph, verdicts, verdicts.removals.length)
      expect(judged(rules, left, LOCKED).removals).toEqual([])
    }),
    RUNS,
  )
})
