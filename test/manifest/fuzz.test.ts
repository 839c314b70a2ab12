/** Whatever a manifest is turned into, it is read, or refused at places that are in the file. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatManifestError, ManifestError } from '../../src/manifest/errors.ts'
import { parse } from './manifests.ts'

const SAMPLE = `x-base: &base
  platforms: [linux/amd64, linux/arm64]
version: 1 # one
name: \${NAME:-sample}
registries:
  docker.io:
    auth: { username: { env: HUB_USER }, password: { env: HUB_TOKEN } }
  registry.internal:
    tls: { ca: ./ca.pem }
    limits: { concurrency: 16, requestsPerSecond: 50 }
stores:
  cache: { kind: layout, path: ./cache }
defaults: { to: [local], referrers: true }
images:
  - from: mysql:5.7
    <<: *base
  - from: "alpine"
    name: alpine
    tags:
      - '3.19'
      - edge
    as: ['{tag}', 'v{tag}']
    to: [registry.internal/mirror/, cache]
    overwrite: never
  - from: ghcr.io/acme/api@sha256:${'a'.repeat(64)}
    to: registry.internal/api:stable
`

const WORDS = [
  ...['\n', '\n  ', '\n    ', '- ', ': ', ' ', '#', ',', '[', ']', '{', '}', '"', "'", '&a ', '*a'],
  ...['*base', '<<: *base', '${', '${X}', '$$', '|', '>', '!', '%', '@', '`', '\t', '\r', '\u0000'],
  ...['null', 'true', '3.10', '~', '', 'from', 'tags', 'to', 'images', 'registries', 'local', 'é'],
  ...[
    '\ud83d\udc0b',
    '\ud83d',
    '\u2028',
    '\ufeff',
    '---\n',
    '...\n',
    '/',
    ':',
    '@sha256:',
    '__proto__',
  ],
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

async function survives(bytes: Uint8Array): Promise<boolean> {
  const lines = new TextDecoder().decode(bytes).split('\n')
  try {
    const { wishes } = await parse({ 'images.yaml': bytes })
    for (const { location } of wishes) expectInside(location, lines)
    return true
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error
    expect(error.issues.length).toBeGreaterThan(0)
    for (const { location, length, source } of error.issues) {
      expectInside(location, lines)
      expect(length).toBeGreaterThan(0)
      const line = lines[location.line - 1]?.replace(/\r$/, '')
      expect(source === line || source.endsWith('***')).toBe(true)
    }
    expect(formatManifestError(error)).toContain('images.yaml:')
    return false
  }
}

function expectInside({ line, column }: { line: number; column: number }, lines: string[]): void {
  expect(line).toBeGreaterThan(0)
  expect(line).toBeLessThanOrEqual(lines.length)
  expect(column).toBeGreaterThan(0)
  expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
}

it('reads the sample', async () => {
  expect(await survives(Buffer.from(SAMPLE))).toBe(true)
})

it('survives any change to a manifest', async () => {
  let valid = 0
  const runs = 3_000
  await fc.assert(
    fc.asyncProperty(mutated, async text => {
      valid += (await survives(Buffer.from(text))) ? 1 : 0
    }),
    { numRuns: runs },
  )
  expect(valid).toBeGreaterThan(0)
  expect(valid).toBeLessThan(runs)
})

it('survives any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async bytes => {
      await survives(bytes)
    }),
    { numRuns: 1_000 },
  )
})
