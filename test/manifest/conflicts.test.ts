/** What is wrong between entries and files, and how several issues are told together. */
import { describe, expect, it } from 'vitest'
import { brief, issuesOf, parse } from './manifests.ts'

describe('several things at once', () => {
  it('are all said, in the order of the file, each with its kind', async () => {
    const issues = await issuesOf(`version: 2
images:
  - from: a
    tags: [3.10, edge, edge, b, b]
  - from: b:1
    to: nowhere/x
  - form: c
  - from: d:1
  - from: d:1
`)
    expect(issues.map(issue => `${issue.code} ${brief(issue).split(' | ')[0]}`)).toEqual([
      'MANIFEST_SCHEMA 1:10+1 "version" must be 1, not 2',
      'MANIFEST_SCHEMA 4:12+4 3.10 is read as the number 3.1',
      'MANIFEST_SCHEMA 4:24+4 "edge" is given twice',
      'MANIFEST_SCHEMA 4:33+1 "b" is given twice',
      'MANIFEST_SCHEMA 6:9+9 "nowhere" is neither a registry nor a store',
      'MANIFEST_SCHEMA 7:5+4 unknown key "form"',
      'MANIFEST_CONFLICT 9:11+3 local/library/d:1 is asked for twice: here and at images.yaml:8:11',
    ])
  })

  it('are counted where they are very many', async () => {
    const images = Array.from({ length: 7_000 }, (_, index) => `  - form: a${index}\n`).join('')
    const issues = await issuesOf(`version: 1\nimages:\n${images}`)
    expect(issues.length).toBe(50)
    expect(issues.map(({ location }) => location.line)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 3),
    )
  })

  it('are found at the end of a long list', async () => {
    const images = Array.from({ length: 1_200 }, (_, index) => `  - from: a${index}:1\n`)
    const issues = await issuesOf(`version: 1\nimages:\n${images.join('')}  - form: x\n`)
    expect(issues.map(brief)).toEqual(['1203:5+4 unknown key "form" | did you mean "from"?'])
  })

  it('are said once where an alias leads to them twice', async () => {
    const issues = await issuesOf('version: 1\nx-a: &a { form: b }\nimages: [*a, *a]')
    expect(issues.map(brief)).toEqual(['2:11+4 unknown key "form" | did you mean "from"?'])
  })
})

describe('conflicts', () => {
  it.each([
    [
      'two wishes for one place',
      'images:\n  - from: a:1\n  - from: docker.io/library/a:1',
      '4:11+21 local/library/a:1 is asked for twice: here and at images.yaml:3:11 | one place holds one image; give one of them another tag or repository',
    ],
    [
      'two tags for one name',
      "images:\n  - from: a\n    tags: ['1', '2']\n    as: x",
      '4:17+3 local/library/a:x is asked for twice: here and at images.yaml:4:12 | one place holds one image; give one of them another tag or repository',
    ],
    [
      'two spellings of one place',
      'images:\n  - from: a:1\n    to: [docker.io/x/y, index.docker.io/x/y]',
      '3:11+3 docker.io/x/y:1 is asked for twice: here and at images.yaml:3:11 | one place holds one image; give one of them another tag or repository',
    ],
    [
      'a source that is its own place',
      'images:\n  - from: r.io/a:1\n    to: r.io',
      '3:11+8 r.io/a:1 is to come from itself | name another place with "to"',
    ],
    [
      'a source that is one of its own places',
      'images:\n  - from: r.io/a:1\n    to: [r.io/b, r.io]',
      '3:11+8 r.io/a:1 is to come from itself | name another place with "to"',
    ],
    [
      'a source that is written',
      'images:\n  - from: a:1\n    to: r.io/a\n  - from: r.io/a:1\n    to: r.io/b',
      '5:11+8 r.io/a:1 is written by this manifest, at images.yaml:3:11 | name what it is made from instead: "docker.io/library/a:1"',
    ],
    [
      'one name for two images',
      'images:\n  - { from: a:1, name: x }\n  - { from: b:1, name: x }',
      '4:24+1 another image is called "x", at images.yaml:3:24',
    ],
    [
      'two settings for one registry',
      'registries:\n  docker.io: { http: true }\n  index.docker.io: { http: false }',
      '4:3+15 registry "docker.io" is also declared at images.yaml:3:3, and differs | declare it once',
    ],
  ])('%s', async (_, lines, issue) => {
    const found = await issuesOf(`version: 1\n${lines}`)
    expect(found.map(brief)).toEqual([issue])
    expect(found[0]?.code).toBe('MANIFEST_CONFLICT')
  })

  it('are found across files, and name the other place', async () => {
    const issues = await issuesOf({
      'a.yaml':
        'version: 1\nname: x\nregistries: { r.io: { http: true } }\nstores: { s: { kind: layout, path: a } }\nimages: [{ from: a:1, name: n }]\n',
      'b.yaml':
        'version: 1\nname: x\nregistries: { r.io: { http: false } }\nstores: { s: { kind: layout, path: b } }\nimages: [{ from: a:1 }, { from: b:1, name: n }]\n',
    })
    expect(issues.map(issue => `${issue.location.file} ${brief(issue).split(' | ')[0]}`)).toEqual([
      'b.yaml 2:7+1 "name" is given at a.yaml:2:7 already',
      'b.yaml 3:15+4 registry "r.io" is also declared at a.yaml:3:15, and differs',
      'b.yaml 4:11+1 store "s" is also declared at a.yaml:4:11, and differs',
      'b.yaml 5:18+3 local/library/a:1 is asked for twice: here and at a.yaml:5:18',
      'b.yaml 5:44+1 another image is called "n", at a.yaml:5:29',
    ])
  })
})

describe('entries of one image', () => {
  const two = (first: string, second: string) =>
    `version: 1\nimages:\n  - { from: 'app:1', to: r.io/a${first} }\n  - { from: 'app:2', to: r.io/b${second} }\n`

  it('are held back alike', async () => {
    expect((await issuesOf(two(', minAge: 3d', ''))).map(brief)).toEqual([
      '4:13+7 "app" at images.yaml:3:13 is held back otherwise than here | give one of them a "name", so that each is held back by its own guards',
    ])
  })

  it.each([
    ['the same guards', ', minAge: 3d', ', minAge: 72h'],
    ['names of their own', ', minAge: 3d, name: aged', ''],
    ['no guards', '', ''],
  ])('may have %s', (_, first, second) => {
    expect(parse(two(first, second)).images).toBe(2)
  })
})
