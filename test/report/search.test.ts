/** What a search of Docker Hub looks like. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageSearch } from '../../src/images/search.ts'
import { encodeDocument } from '../../src/report/json.ts'
import {
  describeSearch,
  encodeSearch,
  formatSearch,
  remarkOn,
  type SearchLook,
} from '../../src/report/search.ts'
import { compileTemplate } from '../../src/report/template/template.ts'
import { truncateEnd, widthOf } from '../../src/report/width.ts'

const look: SearchLook = { color: false, noTrunc: false }
const redis = {
  name: 'redis',
  description: 'Redis is the world’s fastest data platform for caching',
  stars: 13_000,
  isOfficial: true,
}
const hostile = {
  name: 'evil/\u001b]0;owned\u0007',
  description: 'one\r\ntwo\u009b31m \u202ethree',
  stars: 0,
  isOfficial: false,
}

function search(fields: Partial<ImageSearch> = {}): ImageSearch {
  return { kind: 'images', store: 'docker.io', term: 'redis', results: [redis], ...fields }
}

/** All that would move a cursor, change a colour or hide something. */
const ACTING = /[^\P{C}\n]/u

describe('what Docker Hub found', () => {
  it('is a table as docker has it, with the descriptions cut', () => {
    const results = [redis, { ...redis, name: 'al/redis', stars: 7, isOfficial: false }]
    expect(describeSearch(search({ results }), look)).toBe(
      [
        'NAME      DESCRIPTION                                    STARS  OFFICIAL',
        'redis     Redis is the world’s fastest data platform f…  13000  [OK]',
        'al/redis  Redis is the world’s fastest data platform f…      7',
        '',
      ].join('\n'),
    )
    const whole = describeSearch(search({ results }), { ...look, noTrunc: true })
    expect(whole).toContain(redis.description)
  })

  it.each([44, 45, 46])('has a description of %i columns cut only where it is too long', width => {
    const description = 'x'.repeat(width)
    const [, row = ''] = describeSearch(
      search({ results: [{ ...redis, description }] }),
      look,
    ).split('\n')
    expect(row.includes(description)).toBe(width <= 45)
    expect(row.includes('…')).toBe(width > 45)
  })

  it('lets nothing of a stranger’s words act on a terminal', () => {
    const found = search({ results: [hostile], term: '\u001b[2J', total: 0 })
    const templates = ['{{.Name}} {{.Description}}', 'table {{.Name}}\\t{{.Description}}']
    const printed = [
      ...[false, true].map(noTrunc => describeSearch(found, { ...look, noTrunc })),
      ...templates.map(text => formatSearch(found, compileTemplate(text), look)),
      encodeSearch(found),
      remarkOn(found) ?? '',
    ]
    for (const text of printed) expect(text).not.toMatch(ACTING)
    expect(printed[0]).toContain(String.raw`one  two\x9b31m \u{202e}three`)
    expect(JSON.parse(encodeSearch(found)).results[0]).toMatchObject({
      name: hostile.name,
      description: hostile.description,
    })
  })

  it('fits a terminal', () => {
    const results = [{ ...redis, name: `${'long'.repeat(20)}/redis` }]
    const lines = describeSearch(search({ results }), { ...look, columns: 80 }).split('\n')
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80)
  })

  it('has docker’s fields for templates', () => {
    const fields = '{{.Name}}|{{.StarCount}}|{{.IsOfficial}}|{{.IsAutomated}}'
    expect(formatSearch(search(), compileTemplate(fields), look)).toBe('redis|13000|[OK]|\n')
    const table = compileTemplate('table {{.Name}}\\t{{.StarCount}}')
    expect(formatSearch(search(), table, look)).toBe('NAME   STARS\nredis  13000\n')
    expect(() => formatSearch(search(), compileTemplate('{{.Tags}}'), look)).toThrow('Tags')
  })

  it('is a document for programs', () => {
    expect(JSON.parse(encodeSearch(search({ total: 60 })))).toEqual({
      formatVersion: '1.0',
      store: 'docker.io',
      term: 'redis',
      total: 60,
      results: [{ name: 'redis', description: redis.description, stars: 13_000, official: true }],
    })
    const unseen = { looked: 1000, of: 9800 }
    expect(JSON.parse(encodeSearch(search({ unseen })))).toMatchObject({ total: null, unseen })
  })

  const hundred = Array.from({ length: 100 }, () => redis)
  it.each([
    [search({ total: 1 }), undefined],
    [search(), undefined],
    [search({ results: [], total: 0 }), 'nothing in docker.io matches "redis"'],
    [
      search({ results: [], total: 0, term: 'localhost:5000' }),
      'nothing in docker.io matches "localhost:5000"; to look in a registry, put a / behind its host: localhost:5000/',
    ],
    [search({ total: 9800 }), '1 of 9,800 in docker.io; --limit shows up to 100'],
    [
      search({ results: hundred, total: 9800 }),
      '100 of 9,800 in docker.io; a longer TERM finds fewer',
    ],
    [
      search({ unseen: { looked: 1000, of: 9800 } }),
      'the filter looked at 1,000 of 9,800 results of docker.io; a longer TERM finds fewer',
    ],
  ])('%#: is remarked on', (found, remark) => {
    expect(remarkOn(found)).toBe(remark)
  })
})

describe('encodeDocument', () => {
  it('reads back the same, and holds nothing that a terminal acts on', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(fc.array(fc.record({ a: text, b: fc.array(text) })), document => {
        const encoded = encodeDocument(document)
        expect(JSON.parse(encoded)).toEqual(document)
        expect(encoded).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})

describe('truncateEnd', () => {
  it('keeps what fits, and never more', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(20), (text, width) => {
        const cut = truncateEnd(text, width)
        expect(widthOf(cut)).toBeLessThanOrEqual(width)
        const isWhole = widthOf(text) <= width
        expect(isWhole ? cut === text : text.startsWith(cut.slice(0, -1))).toBe(true)
      }),
    )
  })
})
