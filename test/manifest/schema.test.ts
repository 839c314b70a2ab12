import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileValidator, VALIDATORS } from '../../scripts/compile-validators.mjs'
import { check, keys } from '../../src/manifest/images.validator.gen.js'
import { parsePlatform } from '../../src/oci/platform.ts'
import { isHost, isTag } from '../../src/oci/reference.ts'
import { durationMs } from '../../src/util/duration.ts'

const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly $defs?: Readonly<Record<string, Schema>>
  readonly description?: string
  readonly pattern?: string
}
const schema: Schema = JSON.parse(read('schemas/images.schema.json'))

/** Every key that an object of a schema may have, with what is said of it. */
function described(part: unknown, path = ''): [string, string | undefined][] {
  if (typeof part !== 'object' || part === null) return []
  const { properties = {}, patternProperties = {} }: Schema = part
  return [
    ...Object.entries({ ...properties, ...patternProperties })
      // `true` and `false` in a condition are of keys that are described elsewhere
      .filter(([, inner]) => typeof inner === 'object')
      .map(([key, { description }]): [string, string | undefined] => [
        `${path}/${key}`,
        description,
      ]),
    ...Object.entries(part).flatMap(([key, inner]) => described(inner, `${path}/${key}`)),
  ]
}

describe.each(VALIDATORS)('the validator of $schema', ({ schema, to }) => {
  it('is what the schema makes it', async () => {
    expect(await compileValidator(schema)).toBe(read(to))
  })

  it('loads nothing', () => {
    expect(read(to)).not.toMatch(
      /^import\b|[^_]require\((?!exports|\))["'][^"']+["']\)(?!\.default['"])/m,
    )
  })
})

it.each([
  ['schemas/images.schema.json', 30],
  ['schemas/lock.schema.json', 20],
])('%s describes every key', (path, least) => {
  const all = described(JSON.parse(read(path)))
  expect(all.length).toBeGreaterThan(least)
  expect(all.filter(([, text]) => text === undefined || !text.endsWith('.'))).toEqual([])
})

describe('the schema of manifests', () => {
  it('knows the keys of each object', () => {
    expect(keys['']).toEqual(Object.keys(schema.properties ?? {}))
    expect(keys['images/*']).toContain('from')
    expect(keys['registries/*/auth/password']).toEqual(['env', 'file'])
  })

  const fits = (definition: string, text: string): boolean =>
    new RegExp(schema.$defs?.[definition]?.pattern ?? '', 'u').test(text)
  const texts = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom('a', 'B', '1', 'd', '.', '-', '_', ':', '/', '[', ']', '5000', 'localhost'),
      )
      .map(all => all.join('')),
  )

  it.each([
    ['host', isHost],
    ['tag', isTag],
    ['age', (text: string) => durationMs(text) !== undefined],
    [
      'platform',
      (text: string) => {
        try {
          return parsePlatform(text).os !== ''
        } catch {
          return false
        }
      },
    ],
  ])('has the pattern for a %s that the program has', (definition, is) => {
    fc.assert(
      fc.property(texts, text => {
        expect([text, fits(definition, text)]).toEqual([text, is(text)])
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    [{ version: 1 }, true],
    [{ version: 1, 'x-anything': [{}] }, true],
    [{ version: 1, x: 1 }, false],
    [{}, false],
    [null, false],
  ])('%j: %s', (value, valid) => {
    expect(check(value).length === 0).toBe(valid)
  })
})
