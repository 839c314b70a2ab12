/** Tags that are chosen: what a manifest may say of them, and how it is told what is wrong. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadManifest } from '../../src/manifest/load.ts'
import { openFolder } from '../support/project.ts'
import { brief, DIGEST, issuesOf, parse, placesOf } from './manifests.ts'

const of = (image: string) => `version: 1\nimages:\n  - ${image}\n`
const tags = (list: string) => of(`{ from: a, tags: ${list} }`)
const said = async (text: string) => (await issuesOf(text)).map(brief)

describe('tags and names that are written down are wishes', () => {
  it.each([
    ["{ from: a, tags: ['1', '2'], as: ['{tag}', 'v{tag}'] }", 4],
    ['{ from: a:1 }', 1],
    [`{ from: "a:1@${DIGEST}", as: '{tag}-x' }`, 1],
  ])('%s', (image, places) => {
    const { wishes, choices } = parse(of(image))
    expect(wishes).toHaveLength(places)
    expect(choices).toEqual([])
  })
})

describe('a choice', () => {
  it('has its policy, its places and where it is asked for', () => {
    const manifest = parse(`version: 1
images:
  - from: quay.io/acme/app
    name: app
    tags:
      - edge
      - { semver: '>=3.18 <4', newest: 3, per: minor, as: ['{tag}', '{semver.major}'] }
      - { regex: '(?<date>\\d{8})', order: ['date:number'], newest: 5, as: 'd{date}' }
    exclude: [{ glob: '*-rc*' }, '3.19.0']
    as: x-{tag}
    platforms: [linux/amd64]
    overwrite: never
    to: [r.io/mirror/, local]
`)
    const at = (line: number, column: number) => ({ file: 'images.yaml', line, column })
    expect(manifest.wishes).toEqual([])
    expect(manifest.choices).toEqual([
      {
        image: 'app',
        from: { store: 'quay.io', repository: 'acme/app' },
        policy: {
          tags: [
            'edge',
            { semver: '>=3.18 <4', newest: 3, per: 'minor', as: ['{tag}', '{semver.major}'] },
            { regex: '(?<date>\\d{8})', order: ['date:number'], newest: 5, as: ['d{date}'] },
          ],
          exclude: [{ glob: '*-rc*' }, '3.19.0'],
          as: ['x-{tag}'],
        },
        destinations: [
          { store: 'r.io', repository: 'mirror/acme/app' },
          { store: 'local', repository: 'quay.io/acme/app' },
        ],
        platforms: [{ os: 'linux', architecture: 'amd64' }],
        referrers: true,
        overwrite: 'never',
        prune: 'off',
        location: at(3, 11),
        entries: [at(6, 9), at(7, 9), at(8, 9)],
      },
    ])
  })

  it.each([
    ["{ from: 'a:1.2.3', as: '{semver.major}' }", { tags: ['1.2.3'], as: ['{semver.major}'] }],
    ["{ from: 'a:1', as: '{digest:12}' }", { tags: ['1'], as: ['{digest:12}'] }],
    ["{ from: a, tags: ['1'], exclude: ['2'] }", { tags: ['1'], exclude: ['2'] }],
  ])('is %s, since its names are not written down', (image, policy) => {
    const { wishes, choices } = parse(of(image))
    expect(wishes).toEqual([])
    expect(choices.map(choice => choice.policy)).toEqual([policy])
  })

  it('of one tag may go to one that is named', () => {
    const image = "{ from: a, tags: [{ semver: '*', newest: 1 }], to: r.io/app:stable }"
    expect(parse(of(image)).choices[0]?.destinations).toEqual([
      { store: 'r.io', repository: 'app', tag: 'stable' },
    ])
  })

  it('leaves other images what they are', () => {
    const manifest = parse(`${tags("[{ glob: '*' }]")}  - from: b:1\n`)
    expect(placesOf(manifest)).toEqual(['local/library/b:1'])
    expect(manifest.images).toBe(2)
  })

  it('by "latest" is worth a word', () => {
    const { advice } = parse(tags("[latest, { glob: '1*' }]"))
    expect(advice.map(brief)).toEqual([
      '3:23+6 "a" follows "latest", which moves | name a version, so that what arrives is what was reviewed',
    ])
  })
})

const REGEX = "write it in RE2's syntax, which has no look-around and no back-references"
const PATTERN =
  "a pattern says what it is: { glob: '1.*' }, { regex: '\\d+' } or { semver: '>=1.2' }"

describe('tags are refused for', () => {
  it.each([
    [
      'no key',
      '[{}]',
      '3:23+2 "tags[0]" is empty | the keys here are semver, glob, regex, flavor, order, newest, per and as',
    ],
    ['a key that is none', '[{ semvr: 1 }]', '3:25+5 unknown key "semvr" | did you mean "semver"?'],
    [
      'a key of the whole image',
      "[{ semver: '*', minAge: 3d }]",
      '3:38+6 unknown key "minAge" | the keys here are semver, glob, regex, flavor, order, newest, per and as',
    ],
    [
      'saying nothing',
      '[{ order: [text], newest: 1 }]',
      `3:23+28 "tags[0]" does not say which tags | add semver, flavor, glob or regex; every tag is { glob: '*' }`,
    ],
    ['a pattern as a name', "['3.*']", `3:23+5 "3.*" is not a tag | ${PATTERN}`],
    [
      'a range that is a number',
      '[{ semver: 1.10 }]',
      "3:33+4 1.10 is read as the number 1.1 | quote it: '1.10'",
    ],
    [
      'a bad range',
      "[{ semver: '>=1 <two' }]",
      '3:39+3 "two" is not a version | a version is like 1.2.3, v1.2.3-rc.1, 1.2 or 1.x',
    ],
    [
      'a bad glob',
      "['1', { glob: '1.[0-9' }]",
      '3:39+1 this "[" is never closed | close it with "]"',
    ],
    [
      'a bad regex',
      "[{ regex: 'v(?=1)' }]",
      `3:34+3 invalid or unsupported Perl syntax: "(?=" | ${REGEX}`,
    ],
    [
      'a bad flavor',
      "[{ flavor: 'al pine' }]",
      '3:36+1 " " is in no tag | write what follows the version and a "-": alpine, or alpine{n} for alpine3.19',
    ],
    [
      'a bad order',
      "[{ glob: '*', order: [age] }]",
      '3:44+3 "age" is no key to order by | the keys are semver, number, text and created, or a capture of the regex: date:number',
    ],
    [
      'an order that is no list',
      "[{ glob: '*', order: text }]",
      '3:43+4 "order" must be a list, not text | write a list: [one, two]',
    ],
    ['no number', '[{ semver: "*", newest: 0 }]', '3:46+1 "newest" must be at least 1'],
    [
      'a number in quotes',
      `[{ semver: "*", newest: '3' }]`,
      '3:46+3 "newest" must be a whole number, not text | write the number without quotes',
    ],
    [
      'an order that is not there',
      "[{ glob: '*', newest: 3 }]",
      '3:44+1 nothing says which of the tags are newest | add order: [semver], [number], [text], [created], or a capture: [date:number]',
    ],
    [
      'groups of what',
      "[{ semver: '*', newest: 1, per: mayor }]",
      '3:54+5 "mayor" makes no groups | group by major, minor or patch, or by a capture of the regex',
    ],
    [
      'groups without a number',
      "[{ semver: '*', per: minor }]",
      '3:43+5 nothing says how many tags of each group | add newest: 1',
    ],
    [
      'a capture that is none',
      "[{ regex: '(?<day>.*)', as: 'x{date}' }]",
      '3:53+4 no part of the regex is called "date" | the regex has day',
    ],
    [
      'one rule twice',
      "[{ semver: '*', newest: 1 }, { newest: 1, semver: '*' }]",
      '3:51+26 this is given twice',
    ],
    // written in another way than it reads: the caret is under all of it
    ['an escape', '[{ regex: "a\\x28" }]', `3:32+7 missing closing ) | ${REGEX}`],
  ])('%s', async (_, list, issue) => {
    expect(await said(tags(list))).toEqual([issue])
  })

  it('everything at once, be it of the schema or of a pattern', async () => {
    const text = of(
      "{ from: a, tags: [{ semver: '>>1', nwest: 1 }, { glob: '[' }], exclude: [{ glob: ']{' }], as: ['{x}'] }",
    )
    expect(
      (await issuesOf(text)).map(({ location, message }) => `${location.column} ${message}`),
    ).toEqual([
      expect.stringMatching(/^3\d /),
      '40 unknown key "nwest"',
      '61 this "[" is never closed',
      expect.stringMatching(/^8\d /),
      '102 "{x}" is no part of a template',
    ])
  })

  it('a variable that is not there, once', async () => {
    expect(await said(tags("[{ semver: '${RANGE}' }]"))).toEqual([
      '3:34+8 the environment has no RANGE | set it, or give a default: ${RANGE:-default}',
    ])
  })
})

describe('an image is refused for', () => {
  it.each([
    [
      'exclusions that are none',
      "{ from: a, exclude: ['1.*'] }",
      `3:26+5 "1.*" is not a tag | ${PATTERN}`,
    ],
    [
      'no exclusions',
      '{ from: a, exclude: [] }',
      '3:25+2 "exclude" is an empty list | name one, or leave it out',
    ],
    [
      'a pattern for a tag that is named',
      "{ from: 'a:1', tags: [{ glob: '*' }] }",
      '3:13+5 "tags" goes with a "from" that names no tag | write "from: a", or leave "tags" out',
    ],
    [
      'one tag for several',
      "{ from: a, tags: [{ glob: '*' }], to: r.io/a:x }",
      '3:43+8 "r.io/a:x" is one tag, but "tags" may take several | add newest: 1; or leave out ":x", and each keeps its own',
    ],
    [
      'one tag for several groups',
      "{ from: a, tags: [{ semver: '*', newest: 1, per: major }], to: r.io/a:x }",
      '3:68+8 "r.io/a:x" is one tag, but "tags" may take several | add newest: 1; or leave out ":x", and each keeps its own',
    ],
    [
      'one tag for several rules',
      "{ from: a, tags: ['1', { glob: '*' }], to: r.io/a:x }",
      '3:48+8 "r.io/a:x" is one tag, but "tags" names 2 | leave out ":x", and each keeps its own',
    ],
    [
      'two names',
      "{ from: a, tags: [{ semver: '*', newest: 1, as: '{tag}' }], to: r.io/a:x }",
      '3:69+8 "r.io/a:x" and "as" both name the tag | leave out one of them',
    ],
    [
      'a name from a digest',
      `{ from: "a@${DIGEST}", as: '{semver.major}' }`,
      `3:94+16 "{semver.major}" is about tags, and "a@${DIGEST}" is taken by its digest | write the tag that it should have`,
    ],
    [
      'exclusions from a digest',
      `{ from: "a@${DIGEST}", exclude: ['1'] }`,
      `3:99+5 "exclude" is about tags, and "a@${DIGEST}" is taken by its digest | leave it out`,
    ],
    [
      'one place twice',
      "{ from: b/a, tags: [{ glob: '*' }], to: [r.io/, r.io/b/a] }",
      '3:53+8 "r.io/b/a" is r.io/b/a, which is named already | name each place once',
    ],
    [
      'no place',
      "{ from: a, tags: [{ glob: '*' }], to: nowhere/x }",
      '3:43+9 "nowhere" is neither a registry nor a store | a place begins with a host (Docker Hub is docker.io/nowhere/x) or a declared store (local)',
    ],
  ])('%s', async (_, image, issue) => {
    expect(await said(of(image))).toEqual([issue])
  })
})

describe('what versions take is loaded for', () => {
  it.each([
    ["[{ glob: '*', order: [text], newest: 1, per: minor }]", {}],
    ['[{ flavor: slim }]', {}],
    ["[{ glob: '*', order: ['${KEY}'], newest: 1 }]", { KEY: 'semver' }],
    ["[{ regex: '(?<n>[0-9]+)', order: ['n:number'], newest: 1 }]", {}],
  ])('%s', async (list, env) => {
    await using folder = await openFolder()
    await writeFile(join(folder.path, 'images.yaml'), tags(list))
    const { choices } = await loadManifest({ files: ['images.yaml'], cwd: folder.path, env })
    expect(choices).toHaveLength(1)
  })
})
