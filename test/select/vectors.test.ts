/** One rule and one listing each, and the tag that is the newest. */
import { expect, it } from 'vitest'
import type { RuleKeys } from '../../src/select/policy.ts'
import { select } from './selecting.ts'

type Row = readonly [
  name: string,
  tags: readonly string[],
  select: RuleKeys,
  expected: string | undefined,
]

const rows: readonly Row[] = [
  [
    'v-prefix',
    ['v1.9.0', 'v1.10.0', '1.2.0', 'latest', 'main'],
    { semver: '>=1.0.0', newest: 1 },
    'v1.10.0',
  ],
  ['no-pre', ['1.0.0', '1.1.0-rc.1', '1.1.0-rc.2'], { semver: '>=1.0.0', newest: 1 }, '1.0.0'],
  [
    'pre-dash0',
    ['1.0.0', '1.1.0-rc.1', '1.1.0-rc.2', '1.1.0-beta.9'],
    { semver: '>=1.0.0-0', newest: 1 },
    '1.1.0-rc.2',
  ],
  [
    'upper-bound-pre',
    ['1.0.0', '1.1.0-rc.2', '2.0.0-rc.1'],
    { semver: '>=1.0.0-0 <2.0.0', newest: 1 },
    '1.1.0-rc.2',
  ],
  ['patch-x', ['1.2.9', '1.2.10', '1.3.0', '1.2', '1'], { semver: '1.2.x', newest: 1 }, '1.2.10'],
  [
    'flavor',
    ['1.2.3-alpine', '1.2.2-alpine', '1.2.3', '1.2.4-alpine3.19', '1.10.0-alpine'],
    { semver: '^1.0.0', flavor: 'alpine', newest: 1 },
    '1.10.0-alpine',
  ],
  [
    'no-flavor',
    ['1.2.3-alpine', '1.2.2-alpine', '1.2.3', '1.2.4-alpine3.19', '1.10.0-alpine'],
    { semver: '^1.0.0', newest: 1 },
    '1.2.3',
  ],
  [
    'date-alpha',
    ['2024-01-09', '2024-01-10', '2023-12-31', 'latest'],
    { glob: '*', order: ['text'], newest: 1 },
    '2024-01-10',
  ],
  ['num', ['9', '10', '100'], { glob: '*', order: ['number'], newest: 1 }, '100'],
  ['alpha', ['9', '10', '100'], { glob: '*', order: ['text'], newest: 1 }, '9'],
  [
    'bigint',
    ['20240101123456789', '20240101123456788'],
    { glob: '*', order: ['number'], newest: 1 },
    '20240101123456789',
  ],
  [
    'branch-ts',
    [
      'main-2f1a9c3-1700000000',
      'main-9e8d7c6-1699999999',
      'pr-12-abcdef0-1800000000',
      'main-latest',
    ],
    { regex: 'main-[a-f0-9]+-(?<ts>[0-9]+)', order: ['ts:number'], newest: 1 },
    'main-2f1a9c3-1700000000',
  ],
  [
    'minio',
    [
      'RELEASE.2024-01-01T16-36-33Z',
      'RELEASE.2024-01-13T07-53-03Z',
      'RELEASE.2024-01-13T07-53-03Z.fips',
      'latest',
    ],
    { regex: 'RELEASE\\.(?<t>.*)Z', order: ['t:text'], newest: 1 },
    'RELEASE.2024-01-13T07-53-03Z',
  ],
  [
    'anchored',
    ['1.2.3', '11.2.0', '1.20.0'],
    { semver: '*', regex: '1\\.2', newest: 1 },
    undefined,
  ],
  ['digit-hash', ['1234567', '7654321', '1.0.0'], { semver: '*', newest: 1 }, '1.0.0'],
  [
    'comma-or',
    ['1.9.9', '2.5.0', '3.0.1'],
    { semver: '>=1.0.0, <2.0.0 || >=3.0.0', newest: 1 },
    '3.0.1',
  ],
  [
    'cosign',
    [
      'sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.sig',
      'sha256-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',
      '1.0.0',
    ],
    { glob: '*', order: ['text'], newest: 1 },
    '1.0.0',
  ],
]

it.each(rows)('%s', (_, tags, rule, expected) => {
  expect(select({ tags: [rule] }, tags).tags).toEqual(expected === undefined ? [] : [expected])
})

it('extract-collision', () => {
  const rule = { regex: '(?<v>\\d+\\.\\d+\\.\\d+)(-r\\d+)?', order: ['v:semver'], newest: 1 }
  const { tags, problems } = select({ tags: [rule] }, ['1.2.3', '1.2.3-r1', '1.2.3-r2'])
  expect([tags, problems.map(({ kind }) => kind)]).toEqual([[], ['collision']])
})
