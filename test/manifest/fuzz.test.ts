/** Whatever a manifest is turned into, it is read, or refused at places that are in the file. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatDocumentError, DocumentError } from '../../src/yaml/errors.ts'
import type { Issue, Location } from '../../src/yaml/issue.ts'
import { parse } from './manifests.ts'

const SAMPLE = `x-base: &base
  platforms: [linux/amd64, linux/arm64]
version: 1 # one
name: \${NAME:-sample}
registries:
  docker.io:
    auth: { username: { env: HUB_USER }, password: { env: HUB_TOKEN } }
  registry.internal:
    mirrors: [mirror.internal/hub, localhost:5000]
    tls: { ca: ./ca.pem, cert: ./me.pem, key: ./me.key }
    limits: { concurrency: 16, requestsPerSecond: 50, pullBudget: 20 }
    immutableTags:
      - '1.0'
      - { semver: '>=1.2 <2', glob: "1.*[0-9]" }
      - regex: v(?<n>\\d{1,3})
stores:
  cache: { kind: layout, path: ./cache }
defaults: { to: [local], referrers: true, minAge: 3d, prune: off }
images:
  - from: mysql:5.7
    <<: *base
    to: [local, { kind: archive, path: ./out.tar, format: oci }]
  - from: "alpine"
    name: alpine
    tags:
      - '3.19'
      - edge
    as: ['{tag}', 'v{tag}']
    to: [registry.internal/mirror/, cache]
    overwrite: never
    minAge: 0d
    maxMajorJump: 1
  - from: python
    tags:
      - { semver: '>=3.12 <4', flavor: "slim{n}", newest: 3, per: minor, as: ['{tag}', '{semver.major}'] }
      - regex: (?<date>\\d{8})-(?<sha>[0-9a-f]+)
        order: ['date:number', created]
        newest: 5
        as: d{date}-{digest:12}
    exclude: [{ glob: '*-rc*' }, '3.12.0']
    as: '{semver.minor}'
  - from: ghcr.io/acme/api@sha256:${'a'.repeat(64)}
    to: registry.internal/api:stable
  - from: ./vendor/one.tar
    to: local/one:1
  - from: ./vendor/all.tar#ghcr.io/acme/api:2
`

const WORDS = [
  '\n',
  '\n  ',
  '\n    ',
  '- ',
  ': ',
  ' ',
  '#',
  ',',
  '[',
  ']',
  '{',
  '}',
  '"',
  "'",
  '&a ',
  '*a',
  '*base',
  '<<: *base',
  '${',
  '${X}',
  '$$',
  '|',
  '>',
  '!',
  '%',
  '@',
  '`',
  '\t',
  '\r',
  '\u0000',
  'null',
  'true',
  '3.10',
  '~',
  '',
  'from',
  'tags',
  'to',
  'images',
  'registries',
  'local',
  '*',
  '(',
  '{tag}',
  '{semver.major}',
  'as',
  'é',

  '\ud83d\udc0b',
  '\ud83d',
  '\u2028',
  '\ufeff',
  '---\n',
  '...\n',
  '/',
  ':',
  '@sha256:',
  './',
  '~/',
  '.tar#',
  '__proto__',
]

const mutated = fc
  .array(
    fc.record({
      at: fc.nat(SAMPLE.length),
      cut: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(60)),
      put: fc.oneof(fc.constantFrom(...WORDS), fc.string({ maxLength: 4 })),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map(edits =>
    edits.reduce(
      (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
      SAMPLE,
    ),
  )

interface Outcome {
  readonly isValid: boolean
  /** What should not have come out: all of it is wrong. */
  readonly faults: readonly string[]
}

async function outcome(bytes: Uint8Array): Promise<Outcome> {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/)
  try {
    const { wishes, choices } = parse({ 'images.yaml': bytes })
    const spots = choices.flatMap(({ location, entries }) => [location, ...entries])
    const all = [...wishes.map(({ location }) => location), ...spots]
    return { isValid: true, faults: all.flatMap(location => outside(location, lines)) }
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error
    const text = formatDocumentError(error)
    return {
      isValid: false,
      faults: [
        ...(error.issues.length > 0 ? [] : ['no issue']),
        ...(text.startsWith('images.yaml:') ? [] : [`printed ${text}`]),
        ...error.issues.flatMap(issue => faultsOf(issue, lines)),
      ],
    }
  }
}

function faultsOf({ location, length, source }: Issue, lines: readonly string[]): string[] {
  const isLine = source === lines[location.line - 1] || source.endsWith('***')
  return [
    ...outside(location, lines),
    ...(length > 0 ? [] : [`a caret of ${length}`]),
    ...(isLine ? [] : [`not line ${location.line}: ${source}`]),
  ]
}

function outside({ line, column }: Location, lines: readonly string[]): string[] {
  const last = (lines[line - 1]?.length ?? -1) + 1
  return column >= 1 && column <= last ? [] : [`no place ${line}:${column}`]
}

it('reads the sample', async () => {
  expect(await outcome(Buffer.from(SAMPLE))).toEqual({ isValid: true, faults: [] })
})

it('survives any change to a manifest', async () => {
  const valid = { true: 0, false: 0 }
  await fc.assert(
    fc.asyncProperty(mutated, async text => {
      const { isValid, faults } = await outcome(Buffer.from(text))
      expect(faults).toEqual([])
      valid[`${isValid}`] += 1
    }),
    { numRuns: 2_000 },
  )
  expect(Math.min(valid.true, valid.false)).toBeGreaterThan(0)
})

it('gives no variable away while it is not trusted, whatever is changed', () => {
  const secret = 'hunter2'
  const env = { NAME: secret, X: secret, HUB_USER: secret, HUB_TOKEN: secret, HOME: secret }
  const told = (text: string) => {
    try {
      const { registries, stores, ...rest } = parse(text, { env, untrusted: true })
      return JSON.stringify([...registries, ...stores, rest])
    } catch (error) {
      if (error instanceof DocumentError) return formatDocumentError(error)
      throw error
    }
  }
  expect(told(SAMPLE)).toContain('an untrusted manifest may not name an environment variable')
  fc.assert(
    fc.property(mutated, text => {
      expect(told(text)).not.toContain(secret)
    }),
    { numRuns: 500 },
  )
})

it('survives any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async bytes => {
      expect((await outcome(bytes)).faults).toEqual([])
    }),
    { numRuns: 1_000 },
  )
})
