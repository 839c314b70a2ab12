import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withEntry, withoutEntry } from '../../src/credentials/edit-config.ts'
import { WaybillError } from '../../src/errors.ts'

const SPOT = { where: 'config.json', host: 'r.example' }
const ENTRY = { auth: 'dTpw' }
const SPELLINGS = ['r.example', 'https://r.example', 'R.Example/v1/', 'http://r.example/v2/']

type Json = Readonly<Record<string, unknown>>

/** Everything of a file but what it says of the host, as text, so that the order counts. */
function rest(config: Json): string {
  const auths = Object.entries((config['auths'] as Json | null | undefined) ?? {})
  const others = Object.fromEntries(auths.filter(([key]) => !SPELLINGS.includes(key)))
  return JSON.stringify({ ...config, auths: others })
}

const key = fc.oneof(fc.string(), fc.constantFrom('r.example/acme', 'r.example:5000', '__proto__'))
const auths = fc.oneof(
  fc.dictionary(fc.oneof(key, fc.constantFrom(...SPELLINGS)), fc.jsonValue()),
  fc.constant(null),
)
const config = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.option(auths, { nil: undefined }))
  .map(([unknown, auths]): Json => {
    const { auths: _, ...others } = unknown
    return auths === undefined ? others : { ...others, auths }
  })
const indent = fc.constantFrom(undefined, '\t', 2, 4)

describe('a change to a file of logins', () => {
  it('adds one entry, in place of every other spelling, and leaves the rest', () => {
    fc.assert(
      fc.property(config, indent, (before, space) => {
        const text = withEntry(JSON.stringify(before, undefined, space), SPOT, ENTRY)
        const after = JSON.parse(text) as Json & { auths: Json }
        expect(rest(after)).toBe(rest(before))
        const ours = Object.entries(after.auths).filter(([key]) => SPELLINGS.includes(key))
        expect(ours).toEqual([['r.example', ENTRY]])
        expect(withEntry(text, SPOT, ENTRY)).toBe(text)
      }),
    )
  })

  it('takes every spelling out, and leaves the rest', () => {
    fc.assert(
      fc.property(config, indent, (before, space) => {
        const text = withoutEntry(JSON.stringify(before, undefined, space), SPOT)
        const had = SPELLINGS.some(key => Object.hasOwn((before['auths'] as Json) ?? {}, key))
        expect(text !== undefined).toBe(had)
        const after = text === undefined ? before : (JSON.parse(text) as Json)
        expect(rest(after)).toBe(rest(before))
        expect(Object.keys((after['auths'] as Json) ?? {})).not.toContainEqual(
          expect.stringMatching(/^(?:https?:\/\/)?r\.example(?:\/v[12]\/)?$/i),
        )
      }),
    )
  })

  it('stands where the old entry stood', () => {
    const text = '{"auths":{"a.example":{},"https://r.example/v1/":{},"b.example":{}},"x":1}'
    const after = JSON.parse(withEntry(text, SPOT, ENTRY)) as { auths: object }
    expect(Object.keys(after)).toEqual(['auths', 'x'])
    expect(Object.keys(after.auths)).toEqual(['a.example', 'r.example', 'b.example'])
  })

  it.each([
    ['as docker does it', '', '{\n\t"auths": {\n\t\t"r.example": {}\n\t}\n}\n'],
    ['as it was', '{\n  "x": 1\n}', '{\n  "x": 1,\n  "auths": {\n    "r.example": {}\n  }\n}\n'],
  ])('is indented %s', (_, before, after) => {
    expect(withEntry(before, SPOT, {})).toBe(after)
  })

  it('calls Docker Hub what docker calls it', () => {
    const hub = { where: 'config.json', host: 'docker.io' }
    const before = '{"auths":{"docker.io":{},"index.docker.io":{},"registry-1.docker.io":{}}}'
    const after = JSON.parse(withEntry(before, hub, ENTRY)) as unknown
    expect(after).toEqual({ auths: { 'https://index.docker.io/v1/': ENTRY } })
  })

  it('is made or explained, whatever the file holds', () => {
    const text = fc.oneof(fc.string(), fc.json())
    const changesOrExplains = fc.property(text, before => {
      try {
        JSON.parse(withEntry(before, SPOT, ENTRY))
        withoutEntry(before, SPOT)
      } catch (error) {
        if (!(error instanceof WaybillError)) throw error
      }
    })
    expect(() => fc.assert(changesOrExplains, { numRuns: 500 })).not.toThrow()
  })
})
