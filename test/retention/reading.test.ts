/** Rules as they are written: which repositories they are for, and what cannot be read. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRetention, retentionEngines, retentionIssues } from '../../src/retention/read-rules.ts'
import type { DeleteKeys, KeepKeys, RetentionRule } from '../../src/retention/rules.ts'
import { compileWhere } from '../../src/retention/where.ts'
import { kindOf } from '../../src/retention/kinds.ts'
import { PatternError } from '../../src/select/pattern-error.ts'
import { LONGEST_MS } from '../../src/util/duration.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import { patternRefusal, textsOf, unlessRefused } from '../select/patterns.ts'
import { DAY_MS, engines } from '../select/selecting.ts'

describe('a rule is in', () => {
  it.each([
    ['reg.example/mirror/**', 'reg.example/mirror/app', true],
    ['reg.example/mirror/**', 'reg.example/mirror/a/b/c', true],
    ['reg.example/mirror/**', 'reg.example/mirror', false],
    ['reg.example/mirror/**', 'reg.example/mirrors/app', false],
    ['reg.example/mirror/*', 'reg.example/mirror/a/b', false],
    ['reg.example/mirror/*', 'other.example/mirror/a', false],
    ['reg.example/**/app', 'reg.example/a/b/app', true],
    ['reg.example/**/app', 'reg.example/app', false],
    ['*/team-{a,b}/*', 'local/team-b/x', true],
    ['local/app', 'local/app', true],
    ['local/app', 'local/app/more', false],
    ['local', 'local/app', false],
    ['**', 'local/app', true],
  ])('%s, and %s: %s', (where, name, isIn) => {
    const [store = '', ...rest] = name.split('/')
    expect(compileWhere(where).covers(store, rest.join('/'))).toBe(isIn)
  })

  it.each([
    ['local/**', true],
    ['*/**', true],
    ['**', true],
    ['**/**', true],
    ['local/*', false],
    ['local/a/**', false],
    ['local', false],
    ['other/**', false],
  ])('%s: all of a store: %s', (where, isAll) => {
    expect(compileWhere(where).coversStore('local')).toBe(isAll)
  })

  it('a whole store only if it is in each of its repositories', () => {
    const segment = fc.constantFrom('local', 'a', 'b', '*', '**', 'a*')
    const name = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), name, (parts, name) => {
        const where = compileWhere(parts.join('/'))
        const isIn = where.covers('local', name.join('/'))
        expect(isIn || !where.coversStore('local')).toBe(true)
      }),
    )
  })

  it.each(['', '/a', 'a//b', 'a/'])('nothing by %j', where => {
    expect(patternRefusal(() => compileWhere(where)).message).toBe('a segment is empty')
  })

  it('somewhere, or nothing is read of it', () => {
    fc.assert(
      fc.property(textsOf(['a', '/', '**', '*', '[', '{a,b}', '}']), text => {
        const where = unlessRefused(() => compileWhere(text))
        expect([undefined, true, false]).toContain(where?.covers('local', 'app'))
      }),
    )
  })
})

const issues = (keys: Omit<RetentionRule, 'in'>) =>
  retentionIssues([{ in: 'local/**' }, { in: 'local/**', ...keys }], engines).map(
    ({ path, error }) => [path.join(' '), error.message],
  )

describe('is refused', () => {
  it.each<[string, Omit<RetentionRule, 'in'>, string, string]>([
    [
      'a delete of what no pattern tells',
      { delete: [{ olderThanMs: 1 }] },
      '1 delete 0',
      'nothing says which tags go',
    ],
    ['a delete of nothing said', { delete: [{}] }, '1 delete 0', 'nothing says which tags go'],
    [
      'a pattern for what has no tag',
      { delete: ['a', { untagged: true, glob: '*' }] },
      '1 delete 1 untagged',
      'what is untagged has no tag to match',
    ],
    [
      'an order by what images say',
      { keep: [{ glob: '*', newest: 1, order: ['number', 'created'] }] },
      '1 keep 0 order 1',
      'what goes is never told by when an image says it was made',
    ],
    [
      'a pattern that is none',
      { protect: [{ regex: '(' }] },
      '1 protect 0 regex',
      'missing closing )',
    ],
    [
      'groups of what is not counted',
      { keep: [{ semver: '*', per: 'minor' }] },
      '1 keep 0 per',
      'nothing says how many tags of each group',
    ],
  ])('%s', (_, keys, path, message) => {
    expect(issues(keys)).toEqual([[path, message]])
  })

  it.each([
    [-1, false],
    [0, true],
    [1.5, false],
    [Number.NaN, false],
    [LONGEST_MS, true],
    [LONGEST_MS + 1, false],
  ])('an age that nobody has: %d ms, fine: %s', (ms, isFine) => {
    const keys: KeepKeys & DeleteKeys = { glob: '*', pushedWithinMs: ms, activeWithinMs: ms }
    expect(
      issues({ keep: [keys], delete: [{ glob: '*', olderThanMs: ms }] }).map(([at]) => at),
    ).toEqual(
      isFine ? [] : ['1 keep 0 pushedWithin', '1 keep 0 activeWithin', '1 delete 0 olderThan'],
    )
  })

  it.each([
    [-1, false],
    [0, true],
    [2.5, false],
    [Number.POSITIVE_INFINITY, false],
    [100_000, true],
  ])('a count that is none: %d, fine: %s', (newest, isFine) => {
    expect(issues({ keep: [{ semver: '*', newest }] })).toHaveLength(isFine ? 0 : 1)
  })

  it('the first of what is wrong, where all has to be read', () => {
    expect(() => readRetention([{ in: '', delete: [{}] }], engines)).toThrow(PatternError)
  })

  it('whatever cannot be read, and never with anything else', () => {
    const text = textsOf(['(', 'a', '*', '{', '[', '>=', '1.2', '-', 'minor', 'n:number'])
    const keys = fc.record(
      {
        glob: text,
        regex: text,
        semver: text,
        flavor: text,
        per: text,
        order: fc.array(text, { maxLength: 2 }),
        newest: fc.double(),
        olderThanMs: fc.double(),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(keys, keys, text, (keep, going, where) => {
        const rules = [{ in: where, keep: [keep], delete: [going] }]
        const found = retentionIssues(rules, engines)
        const read = unlessRefused(() => readRetention(rules, engines))
        expect(read !== undefined).toBe(found.length === 0)
      }),
    )
  })
})

it('says in words what an entry is about', () => {
  const [rule] = readRetention(
    [
      {
        in: 'local/**',
        protect: ['latest', { lock: true }],
        keep: [{ semver: '*', newest: 3, per: 'minor' }, { pushedWithinMs: 14 * DAY_MS }],
        delete: [{ untagged: true, olderThanMs: 7 * DAY_MS }],
      },
    ],
    engines,
  )
  expect(rule?.entries.map(({ list, text }) => `${list} ${text}`)).toEqual([
    'protect latest',
    'protect what the lock names',
    'keep semver *, newest 3 per minor',
    'keep every tag, pushed within 14d',
    'delete untagged, older than 7d',
  ])
})

it.each<[string, Omit<RetentionRule, 'in'>, { regex: boolean; semver: boolean }]>([
  [
    'nothing',
    { protect: ['a', { lock: true }], delete: [{ glob: '*' }] },
    { regex: false, semver: false },
  ],
  ['regexes', { delete: [{ regex: 'a' }] }, { regex: true, semver: false }],
  ['versions', { protect: [{ semver: '*' }] }, { regex: false, semver: true }],
  [
    'versions, to part what is of one time',
    { keep: [{ glob: '*', newest: 1 }] },
    { regex: false, semver: true },
  ],
])('needs %s', (_, keys, needed) => {
  expect(retentionEngines([{ in: '**', ...keys }])).toEqual(needed)
})

describe('a manifest is', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const part = (mediaType: string) => ({ mediaType, digest, size: 1 })
  const OCI = 'application/vnd.oci.image'
  const DOCKER = 'application/vnd.docker'
  const config = part(`${OCI}.config.v1+json`)

  it.each([
    ['image', `${OCI}.manifest.v1+json`, { config, layers: [part(`${OCI}.layer.v1.tar+gzip`)] }],
    [
      'image',
      `${DOCKER}.distribution.manifest.v2+json`,
      {
        config: part(`${DOCKER}.container.image.v1+json`),
        layers: [part(`${DOCKER}.image.rootfs.diff.tar.gzip`)],
      },
    ],
    ['index', `${OCI}.index.v1+json`, { manifests: [] }],
    ['index', `${DOCKER}.distribution.manifest.list.v2+json`, { manifests: [] }],
    ['artifact', `${OCI}.index.v1+json`, { manifests: [], artifactType: 'a/b' }],
    ['artifact', `${OCI}.manifest.v1+json`, { config, layers: [], artifactType: 'a/b' }],
    [
      'artifact',
      `${OCI}.manifest.v1+json`,
      { config: part('application/vnd.cncf.helm.config.v1+json'), layers: [] },
    ],
    [
      'artifact',
      `${OCI}.manifest.v1+json`,
      { config, layers: [part('application/vnd.in-toto+json')] },
    ],
  ])('an %s: %s %j', (kind, mediaType, keys) => {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...keys }))
    expect(kindOf(parseManifest(bytes, mediaType))).toBe(kind)
  })
})
