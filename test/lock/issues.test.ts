/** Everything in a lock that can be wrong: where the caret is, and what is said. */
import { describe, expect, it } from 'vitest'
import { MAX_NAME } from '../../src/lock/names.ts'
import { quote } from '../../src/yaml/words.ts'
import { A, B, HEAD, IMAGE, read, said } from './locks.ts'

/** Of a lock with one image, whose reference has these lines from line 7 on. */
const ofReference = (lines: string): readonly string[] =>
  said(`${IMAGE}${lines.replace(/^/gm, '        ')}`)
/** Of a reference that has one place, on line 9. */
const ofPlace = (place: string): readonly string[] =>
  ofReference(`digest: ${A}\nplaces:\n  a.b/c:1: ${place}`)

describe('what is in a lock is refused for', () => {
  it.each([
    ['an unknown key', `${HEAD}image: {}`, '3:1+5 unknown key "image" | did you mean "images"?'],
    [
      'an unknown key that is like none',
      `${HEAD}builds: {}`,
      '3:1+6 unknown key "builds" | the keys here are version, name, files, images, seen and retired',
    ],
    [
      'a name that is a number',
      `${HEAD}name: 3.10`,
      "3:7+4 3.10 is read as the number 3.1 | quote it: '3.10'",
    ],
    [
      'a name that is a boolean',
      `${HEAD}name: true`,
      "3:7+4 true is read as a boolean | quote it: 'true'",
    ],
    ['files that are text', 'version: 1\nfiles: a', '2:8+1 "files" must be a list, not text'],
    ['an empty file', 'version: 1\nfiles: ["a", ""]', '2:14+2 "files[1]" is empty'],
    ['a file given twice', 'version: 1\nfiles: [a, b, a]', '2:15+1 "a" is given twice'],
    ['nothing in a section', `${HEAD}images:`, '3:1+6 "images" has no value; it must be a mapping'],
    [
      'a section that is a list',
      `${HEAD}seen:\n  - a`,
      '4:3+1 "seen" must be a mapping, not a list',
    ],
    [
      'a hold that is text',
      `${HEAD}images: { a: { hold: yes } }`,
      '3:22+3 "hold" must be a mapping, not text',
    ],
    [
      'a hold at a number',
      `${HEAD}images: { a: { hold: { at: 3.20 } } }`,
      "3:28+4 3.20 is read as the number 3.2 | quote it: '3.20'",
    ],
    ['an empty reason', `${HEAD}images: { a: { hold: { why: '' } } }`, '3:29+2 "why" is empty'],
    [
      'a name that hides something',
      `${HEAD}images: { "a\\u200bb": {} }`,
      '3:11+10 "a\u200bb" is no name: something in it cannot be seen',
    ],
  ])('%s', (_, text, expected) => {
    expect(said(text)).toEqual([expected])
  })

  it('a name that is too long', () => {
    const ofLength = (length: number) => `${HEAD}images: { ${'a'.repeat(length)}: {} }`
    expect(read(ofLength(MAX_NAME)).images.size).toBe(1)
    expect(said(ofLength(MAX_NAME + 1))).toEqual([
      `3:11+501 a name of more than 500 characters: "${'a'.repeat(80)}…"`,
    ])
  })
})

describe('a reference is refused for', () => {
  it.each([
    ['no digest', `places: {}`, '7:9+6 "digest" is missing'],
    [
      'a misspelt digest, once',
      `digets: ${A}`,
      '7:9+6 unknown key "digets" | did you mean "digest"?',
    ],
    [
      'a digest in capitals',
      `digest: sha256:${'A'.repeat(64)}`,
      expect.stringMatching(/^7:17\+71 "sha256:A{64}" is no digest/),
    ],
    [
      'a digest with a path in it',
      `digest: sha256:../../x`,
      expect.stringMatching(/^7:17\+14 "sha256:\.\.\/\.\.\/x" is no digest/),
    ],
    ['a digest that is a number', 'digest: 12', "7:17+2 12 is read as a number | quote it: '12'"],
    [
      'no digest for platforms',
      `digest: ${A}\nplatforms: { linux/amd64: x }`,
      expect.stringMatching(/^8:35\+1 "x" is no digest/),
    ],
    [
      'platforms that are none',
      `digest: ${A}\nplatforms: { linux: ${B} }`,
      '8:22+5 "linux" is not a platform | write os/architecture or os/architecture/variant, like linux/arm64',
    ],
    [
      'platforms out of order',
      `digest: ${A}\nplatforms:\n  linux/arm64,linux/amd64: ${B}`,
      '9:11+23 "linux/arm64,linux/amd64" is not in order | write linux/amd64,linux/arm64',
    ],
    [
      'a platform given twice',
      `digest: ${A}\nplatforms:\n  linux/amd64,linux/amd64: ${B}`,
      '9:11+23 "linux/amd64,linux/amd64" is not in order | write linux/amd64',
    ],
    ['a build without its time', `digest: ${A}\nbuilt: { key: ${B} }`, '8:16+80 "at" is missing'],
    [
      'a build whose key is none',
      `digest: ${A}\nbuilt: { key: x, at: 2026-11-24T16:00:00Z }`,
      expect.stringMatching(/^8:23\+1 "x" is no digest/),
    ],
    [
      'a build of another kind of time',
      `digest: ${A}\nbuilt: { key: ${B}, at: 2026-11-24 }`,
      '8:100+10 "2026-11-24" is no time | in UTC and seconds, like 2026-11-24T16:00:00Z',
    ],
    [
      'a build of a day that never was',
      `digest: ${A}\nbuilt: { key: ${B}, at: 2026-02-30T00:00:00Z }`,
      '8:100+20 there is no "2026-02-30T00:00:00Z"',
    ],
  ])('%s', (_, lines, expected) => {
    expect(ofReference(lines)).toEqual([expected])
  })

  it('a build without a name', () => {
    const text = `${HEAD}images: { a: { references: { 'build:': { digest: ${A} } } } }`
    expect(said(text)).toEqual(['3:30+8 an image has no name'])
  })

  const FORM = 'a source is written with its tag or its digest, like docker.io/library/alpine:3.20'
  it.each([
    ['alpine', `"alpine" is no full name | ${FORM}`],
    ['./x\u200b.tar/a:1', expect.stringMatching(/is no full name/)],
    ['alpine:3', `"alpine:3" is no full name | ${FORM}`],
    [
      'library/',
      '"library/" is not an image name | a repository is made of segments of a-z, 0-9, ., _ and -, parted by /',
    ],
    ['docker.io/library/alpine', `"docker.io/library/alpine" is no full name | ${FORM}`],
    [
      'docker.io/alpine:3',
      '"docker.io/alpine:3" is no full name | write it in full: docker.io/library/alpine:3',
    ],
    [
      'Docker.io/library/alpine:3',
      '"Docker.io/library/alpine:3" is no full name | write it in full: docker.io/library/alpine:3',
    ],
    [
      'index.docker.io/library/alpine:3',
      '"index.docker.io/library/alpine:3" is no full name | write it in full: docker.io/library/alpine:3',
    ],
    ['Local/a:1', `"Local/a:1" is no full name | ${FORM}`],
    [
      'docker.io/library/Alpine:3',
      expect.stringMatching(/^"docker.io\/library\/Alpine:3" is not an image name/),
    ],
    ['a.b/../c:1', expect.stringMatching(/^"a.b\/..\/c:1" is not an image name/)],
    ['a.b/c:-1', expect.stringMatching(/^"-1" in "a.b\/c:-1" is not a tag/)],
    [`a.b/c:1@${A}`, expect.stringMatching(/^"a.b\/c:1@sha256:a{64}" is no full name/)],
    ['a.b/c@sha256:abc', '"sha256:abc" is not a sha256 or sha512 digest'],
    [`a.b/${'c'.repeat(1000)}:1`, expect.stringMatching(/^"a.b\/c{76}…" is no full name/)],
  ])('the name %s', (name, expected) => {
    const text = `${HEAD}images:\n  a:\n    references:\n      ? ${name}\n      : digest: ${A}\n`
    const [first = '', ...more] = said(text)
    expect(more).toEqual([])
    expect(first.slice(0, first.indexOf(' '))).toBe(`6:9+${name.length}`)
    expect(first.slice(first.indexOf(' ') + 1)).toEqual(expected)
  })
})

describe('a place is refused for', () => {
  it.each([
    ['nothing in it', '{}', '9:20+2 "a.b/c:1" needs "put", "intent" or "found"'],
    ['no mode', `{ put: ${A} }`, '9:20+80 "prune" is missing'],
    [
      'a mode that is none',
      `{ put: ${A}, prune: ownd }`,
      '9:107+4 "prune" must be "off" or "owned", not "ownd" | did you mean "owned"?',
    ],
    [
      'a mode that is a boolean',
      `{ put: ${A}, prune: false }`,
      "9:107+5 false is read as a boolean | quote it: 'false'",
    ],
    [
      'nothing put or found',
      '{ prune: off }',
      '9:20+14 "a.b/c:1" needs "put", "intent" or "found"',
    ],
    [
      'a misspelt put, once',
      `{ pit: ${A}, prune: off }`,
      '9:22+3 unknown key "pit" | did you mean "put"?',
    ],
    [
      'both put and found',
      `{ put: ${A}, found: ${B}, prune: off }`,
      '9:27+71 "put" and "found" exclude each other | what waybill put is "put"; what was there before is "found"',
    ],
    [
      'an image without a platform',
      `{ put: ${A}, of: ${B}, prune: off }`,
      '9:100+2 "of" needs "platform" beside it',
    ],
    [
      'a platform without an image',
      `{ put: ${A}, platform: linux/amd64, prune: off }`,
      '9:100+8 "platform" needs "of" beside it',
    ],
    [
      'a misspelt platform, once',
      `{ put: ${A}, of: ${B}, platfrom: linux/amd64, prune: off }`,
      '9:177+8 unknown key "platfrom" | did you mean "platform"?',
    ],
    [
      'a platform that is none',
      `{ put: ${A}, of: ${B}, platform: linux, prune: off }`,
      '9:187+5 "linux" is not a platform | write os/architecture or os/architecture/variant, like linux/arm64',
    ],
    [
      'an image that is no digest',
      `{ put: ${A}, of: x, platform: linux/amd64, prune: off }`,
      expect.stringMatching(/^9:104\+1 "x" is no digest/),
    ],
    [
      'an image, and nothing that stands for it',
      `{ of: ${A}, platform: linux/amd64, prune: off }`,
      '9:20+114 "a.b/c:1" needs "put", "intent" or "found"',
    ],
  ])('%s', (_, place, expected) => {
    expect(ofPlace(place)).toEqual([expected])
  })

  it.each([
    ['a digest', `a.b/c@${A}`],
    ['a tag and a digest', `a.b/c:1@${A}`],
    ['no tag', 'a.b/c'],
  ])('%s in its name', (_, name) => {
    const [first, ...more] = ofReference(
      `digest: ${A}\nplaces:\n  ${name}: { put: ${A}, prune: off }`,
    )
    expect(more).toEqual([])
    expect(first).toBe(
      `9:11+${name.length} ${quote(name)} is no full name | a place is written with its tag, like registry.internal/mirror/alpine:3.20`,
    )
  })

  it('nothing, where something else is about to be put over what was found', () => {
    const text = `${IMAGE}        digest: ${B}
        places:
          a.b/c:1: { intent: ${B}, found: ${A}, prune: owned }\n`
    expect(read(text).images.get('a')?.references.get('docker.io/library/a:1')?.places).toEqual(
      new Map([['a.b/c:1', { intent: B, found: A, prune: 'owned' }]]),
    )
  })
})

describe('first sights and what is retired are refused for', () => {
  it.each([
    [
      'a time in another form',
      'seen',
      `{ digest: ${A}, at: 2026-11-24 16:00 }`,
      '4:99+16 "2026-11-24 16:00" is no time | in UTC and seconds, like 2026-11-24T16:00:00Z',
    ],
    [
      'a time that is none',
      'seen',
      `{ digest: ${A}, at: 2026-02-30T16:00:00Z }`,
      '4:99+20 there is no "2026-02-30T16:00:00Z"',
    ],
    [
      'an hour that is none',
      'seen',
      `{ digest: ${A}, at: 2026-02-03T24:00:00Z }`,
      '4:99+20 there is no "2026-02-03T24:00:00Z"',
    ],
    ['no time', 'seen', `{ digest: ${A} }`, '4:12+83 "at" is missing'],
    [
      'nothing that was put',
      'retired',
      '{ prune: off, image: a }',
      '4:12+24 "a.b/c:1" needs "put" or "intent"',
    ],
    [
      'what was found',
      'retired',
      `{ prune: off, found: ${A}, put: ${A} }`,
      '4:26+5 unknown key "found" | the keys here are put, intent, prune, image and from',
    ],
    [
      'a source without a tag',
      'retired',
      `{ prune: off, put: ${A}, from: a.b/c }`,
      '4:110+5 "a.b/c" is no full name | a source is written with its tag or its digest, like docker.io/library/alpine:3.20',
    ],
    [
      'an image without a name',
      'retired',
      `{ prune: off, put: ${A}, image: '' }`,
      '4:111+2 "image" is empty',
    ],
  ])('%s', (_, section, value, expected) => {
    expect(said(`${HEAD}${section}:\n  a.b/c:1: ${value}`)).toEqual([expected])
  })

  it.each(['seen', 'retired'])('no tag in a name: %s', section => {
    const value = section === 'seen' ? 'at: 2026-11-24T16:00:00Z, digest' : 'prune: off, put'
    expect(said(`${HEAD}${section}:\n  a.b/c: { ${value}: ${A} }`)).toEqual([
      '4:3+5 "a.b/c" is no full name | a place is written with its tag, like registry.internal/mirror/alpine:3.20',
    ])
  })
})
