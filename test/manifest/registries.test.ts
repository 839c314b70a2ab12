/** What a manifest may say of a registry, and how it is told what is wrong with it. */
import { describe, expect, it } from 'vitest'
import { brief, issuesOf, parse } from './manifests.ts'

const of = (lines: string) => `version: 1\nregistries:\n  docker.io:\n    ${lines}\n`
const settings = (lines: string) => parse(of(lines)).registries.get('docker.io')
const said = async (lines: string) => (await issuesOf(of(lines))).map(brief)

describe('trusts', () => {
  it('names hosts, with their ports', async () => {
    const { trusts } = settings('trusts: [Auth.example.com, "10.0.0.5:9000"]')!
    expect(trusts).toEqual(['auth.example.com', '10.0.0.5:9000'])
  })

  it.each([
    ['[]', '4:13+2 "trusts" is an empty list | name one, or leave it out'],
    [
      '["https://a.io"]',
      `4:14+14 "https://a.io" is not a host's name | write it as auth.example.com, or with its port: auth.example.com:8443`,
    ],
  ])('%s is refused', async (trusts, issue) => {
    expect(await said(`trusts: ${trusts}`)).toEqual([issue])
  })
})

describe('mirrors', () => {
  it('are hosts, perhaps with a path, in their order', () => {
    const { mirrors } = settings(
      'mirrors: [registry.internal/hub, R.internal, "localhost:5000/a/b/", "index.docker.io/cache"]',
    )!
    expect(mirrors).toEqual([
      { host: 'registry.internal', path: 'hub' },
      { host: 'r.internal', path: '' },
      { host: 'localhost:5000', path: 'a/b' },
      { host: 'docker.io', path: 'cache' },
    ])
  })

  const PLACE = 'a path has segments of a-z, 0-9, ., _ and -, parted by /'
  const HOST = 'a mirror begins with a host, which has a dot or a colon in it, or is localhost'
  const IMAGE = 'a mirror is a host, or a host and the path before its images'
  const OTHER = 'a mirror is another place with the same images'
  it.each([
    ['[https://r.io/hub]', `4:15+16 "https://r.io/hub" is a URL | leave out "https://"`],
    ['[internal/hub]', `4:15+12 "internal" is not a registry | ${HOST}`],
    ['["r.io:latest"]', `4:15+13 "r.io:latest" is not a registry | ${HOST}`],
    ['[r.io/Hub]', `4:15+8 "r.io/Hub" is not a place | ${PLACE}`],
    ['[r.io//a]', `4:15+7 "r.io//a" is not a place | ${PLACE}`],
    ['["r.io/a:1"]', `4:15+10 "r.io/a:1" names one image | ${IMAGE}`],
    [`["r.io/a@sha256:0"]`, `4:15+17 "r.io/a@sha256:0" names one image | ${IMAGE}`],
    ['[docker.io]', `4:15+9 "docker.io" is the registry itself | ${OTHER}`],
    ['[Index.docker.io/]', `4:15+16 "Index.docker.io/" is the registry itself | ${OTHER}`],
    ['[r.io/a, R.io/a/]', '4:23+7 "R.io/a/" is given twice'],
    ['[r.io, r.io]', '4:21+4 "r.io" is given twice'],
    ['[]', '4:14+2 "mirrors" is an empty list | name one, or leave it out'],
    ['r.io', '4:14+4 "mirrors" must be a list, not text | write a list: [one, two]'],
    ["['']", '4:15+2 "mirrors[0]" is empty'],
  ])('%s is refused', async (mirrors, issue) => {
    expect(await said(`mirrors: ${mirrors}`)).toEqual([issue])
  })
})

describe('tls', () => {
  it('does not go with plain HTTP', async () => {
    expect(await said('{ http: true, tls: { ca: x } }')).toHaveLength(1)
  })

  it('names files beside the manifest', () => {
    expect(settings('tls: { ca: ca.pem, cert: ./me.pem, key: ../me.key }')?.tls).toEqual({
      ca: '/project/ca.pem',
      cert: '/project/me.pem',
      key: '/me.key',
    })
    expect(settings('tls: { cert: a, key: b }')?.tls).toEqual({
      cert: '/project/a',
      key: '/project/b',
    })
  })

  it.each([
    ['{}', '4:10+2 "tls" is empty | the keys here are ca, cert and key'],
    ['{ cert: a }', '4:12+4 "cert" needs "key" beside it'],
    ['{ ca: a, key: b }', '4:19+3 "key" needs "cert" beside it'],
    ['{ crt: a }', '4:12+3 unknown key "crt" | did you mean "cert"?'],
    ["{ ca: '' }", '4:16+2 "ca" is empty'],
  ])('%s is refused', async (tls, issue) => {
    expect(await said(`tls: ${tls}`)).toEqual([issue])
  })
})

describe('a budget of pulls', () => {
  it('is a number of them, or none', () => {
    expect(settings('limits: { pullBudget: 0 }')?.limits).toEqual({ pullBudget: 0 })
    expect(settings('limits: { pullBudget: 20 }')?.limits).toEqual({ pullBudget: 20 })
  })

  it.each([
    ['-1', '4:27+2 "pullBudget" must be at least 0'],
    ['1.5', '4:27+3 "pullBudget" must be a whole number, not a number'],
  ])('is not %s', async (budget, issue) => {
    expect(await said(`limits: { pullBudget: ${budget} }`)).toEqual([issue])
  })
})

describe('immutable tags', () => {
  it('are names and patterns', () => {
    const { immutableTags } = settings(
      "immutableTags: ['1.0', { semver: '*', glob: '*.0' }, { regex: '\\d+' }]",
    )!
    expect(immutableTags).toEqual(['1.0', { semver: '*', glob: '*.0' }, { regex: '\\d+' }])
  })

  const PATTERN =
    "a pattern says what it is: { glob: '1.*' }, { regex: '\\d+' } or { semver: '>=1.2' }"
  const REGEX = "write it in RE2's syntax, which has no look-around and no back-references"
  it.each([
    ['[1.0]', "4:21+3 1.0 is read as the number 1 | quote it: '1.0'"],
    ['[1.2.*]', `4:21+5 "1.2.*" is not a tag | ${PATTERN}`],
    ['[{}]', '4:21+2 "immutableTags[0]" is empty | the keys here are glob, regex and semver'],
    ['[{ semvr: 1 }]', '4:23+5 unknown key "semvr" | did you mean "semver"?'],
    ['[{ semver: 1 }]', "4:31+1 1 is read as a number | quote it: '1'"],
    ["[{ glob: '' }]", '4:29+2 "glob" is empty'],
    ["[{ glob: '1.[0-9' }]", '4:32+1 this "[" is never closed | close it with "]"'],
    ['\n      - glob: 1.}2', '5:17+1 this "}" closes nothing | leave it out'],
    ["[{ regex: 'v(?=1)' }]", `4:32+3 invalid or unsupported Perl syntax: "(?=" | ${REGEX}`],
    ["[{ regex: '(1' }]", `4:31+2 missing closing ) | ${REGEX}`],
    [
      "[{ regex: 'v1{1000}' }]",
      '4:33+6 a repeat is at most 100 times | write several patterns, or use * or +',
    ],
    [
      "[{ semver: '>=1 <two' }]",
      '4:37+3 "two" is not a version | a version is like 1.2.3, v1.2.3-rc.1, 1.2 or 1.x',
    ],
    [
      "[{ semver: '>=1 ||' }]",
      '4:38+1 a version is missing at the end | a version is like 1.2.3, v1.2.3-rc.1, 1.2 or 1.x',
    ],
    // written in another way than it reads: the caret is under all of it
    ['[{ regex: "a\\x28" }]', `4:30+7 missing closing ) | ${REGEX}`],
    ['[{ glob: "a\\x5bb" }]', '4:29+8 this "[" is never closed | close it with "]"'],
  ])('%s is refused', async (tags, issue) => {
    expect(await said(`immutableTags: ${tags}`)).toEqual([issue])
  })

  it('are all told of, with what else is wrong', async () => {
    const text = `version: 1
registries:
  docker.io:
    mirrors: [r.io:x]
    immutableTags: [{ glob: '[', regex: '(' }, edge, { semver: 'x.1' }]
  other.io:
    immutableTags: [{ glob: '}', semvr: '1' }, 1, { semver: ['('] }]
images: [{ from: 'a:-' }]
`
    expect((await issuesOf(text)).map(issue => brief(issue).split(' | ')[0])).toEqual([
      '4:15+6 "r.io:x" is not a registry',
      '5:30+1 this "[" is never closed',
      '5:42+1 missing closing )',
      '5:65+3 "x.1" has a number after an open part',
      '7:30+1 this "}" closes nothing',
      '7:34+5 unknown key "semvr"',
      '7:48+1 1 is read as a number',
      '7:61+5 "semver" must be text, not a list',
      '8:18+5 "-" in "a:-" is not a tag',
    ])
  })
})

it('the settings of the runner win as a whole', () => {
  const { registries } = parse(of('limits: { pullBudget: 20 }\n    mirrors: [r.io]'), {
    registries: "registries: { docker.io: { immutableTags: ['1'] } }",
  })
  expect(registries.get('docker.io')).toEqual({ immutableTags: ['1'] })
})
