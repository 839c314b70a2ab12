/** Archives that images name by their paths: what they are called, and what is refused of them. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { placeObjection, sourceObjection } from '../../src/lock/names.ts'
import { archiveName, isFixed, parseInArchive } from '../../src/manifest/archive-path.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { brief, DIGEST, issuesOf, parse, placesOf } from './manifests.ts'

const images = (...entries: readonly string[]) =>
  `version: 1\nimages:\n${entries.map(entry => `  - ${entry}\n`).join('')}`
const said = async (text: string, untrusted = false) =>
  (await issuesOf(text, { env: { HOME: '/home/me' }, untrusted })).map(brief)
const out = (path: string, more = '') => `{ kind: archive, path: ${path}${more} }`

describe('an image comes from', () => {
  it.each([
    ['./x.tar', { store: './x.tar', repository: '' }, './x.tar'],
    ['../v/x.tar', { store: '../v/x.tar', repository: '' }, '../v/x.tar'],
    ['./v/./../x.tar', { store: './x.tar', repository: '' }, './v/./../x.tar'],
    ['/v//x.tar', { store: '/v/x.tar', repository: '' }, '/v//x.tar'],
    ['~/x.tar', { store: '~/x.tar', repository: '' }, '~/x.tar'],
    ['./a:b.tar', { store: './a:b.tar', repository: '' }, './a:b.tar'],
    [`./x.tar@${DIGEST}`, { store: './x.tar', repository: '', digest: DIGEST }, './x.tar'],
    [
      './x.tar#mysql:5.7',
      { store: './x.tar', repository: 'library/mysql', tag: '5.7' },
      './x.tar#mysql',
    ],
    [
      './a@b.tar#host:5000/acme/api:1',
      { store: './a@b.tar', repository: 'host_5000/acme/api', tag: '1' },
      './a@b.tar#host:5000/acme/api',
    ],
    [
      `./x.tar#acme/api:1@${DIGEST}`,
      { store: './x.tar', repository: 'acme/api', tag: '1', digest: DIGEST },
      './x.tar#acme/api',
    ],
  ])('%s', (from, source, image) => {
    const { wishes } = parse(images(`{ from: "${from}", to: local/a:1 }`), {
      env: { HOME: '/home/me' },
    })
    expect(wishes).toMatchObject([{ image, to: { repository: 'a', tag: '1' } }])
    expect(wishes[0]?.from).toEqual(source)
  })

  it('an archive under the name that it has there', () => {
    const text = images("{ from: './x.tar#mysql:5.7' }", "{ from: './x.tar#ghcr.io/a/b:1' }")
    expect(placesOf(parse(text))).toEqual(['local/ghcr.io/a/b:1', 'local/library/mysql:5.7'])
  })

  it('an archive by tags that are chosen', () => {
    const { choices } = parse(images("{ from: './x.tar#a/b', tags: [{ glob: '*' }] }"))
    expect(choices).toMatchObject([{ from: { store: './x.tar', repository: 'a/b' } }])
  })
})

describe('an archive is written', () => {
  it('under names that tell hosts apart, and is a store by its path', () => {
    const { stores, wishes } = parse(
      images(
        `{ from: mysql:5.7, to: [local, ${out('./out/../x.tar')}] }`,
        `{ from: ghcr.io/acme/api:1, to: ${out('x.tar')} }`,
        `{ from: local/hello:1, to: ${out('~/y.tar', ', format: oci')} }`,
      ),
      { env: { HOME: '/home/me' } },
    )
    expect(placesOf({ ...parse(images('{ from: a:1 }')), wishes })).toEqual([
      './x.tar/ghcr.io/acme/api:1',
      './x.tar/library/mysql:5.7',
      'local/library/mysql:5.7',
      '~/y.tar/hello:1',
    ])
    expect([...stores].slice(1)).toEqual([
      ['./x.tar', { kind: 'archive', path: '/project/x.tar', format: 'docker' }],
      ['~/y.tar', { kind: 'archive', path: '/home/me/y.tar', format: 'oci' }],
    ])
  })

  it('wherever the defaults say so', () => {
    const text = `version: 1\ndefaults: { to: [${out('x.tar')}] }\nimages: [{ from: a:1 }]`
    expect(placesOf(parse(text))).toEqual(['./x.tar/library/a:1'])
  })

  it('as one store, from whichever file it is named', () => {
    const { stores, wishes } = parse({
      'images.yaml': images(`{ from: a:1, to: ${out('./b/x.tar')} }`),
      'b/b.yaml': images(`{ from: b:1, to: ${out('./x.tar')} }`),
      'c/c.yaml': images(`{ from: c:1, to: ${out('./x.tar')} }`),
    })
    expect(wishes.map(({ to }) => to.store)).toEqual(['./b/x.tar', './b/x.tar', './c/x.tar'])
    expect([...stores.keys()]).toEqual(['local', './b/x.tar', './c/x.tar'])
  })

  it('in the form that one of its uses gives it, whatever comes first', () => {
    const text = images(
      `{ from: a:1, to: ${out('x.tar', ', format: oci')} }`,
      `{ from: b:1, to: ${out('x.tar', ', format: oci')} }`,
    )
    expect(parse(text).stores.get('./x.tar')).toMatchObject({ format: 'oci' })
  })
})

const NAMELESS = 'end "to" with NAME:TAG, or name the image in the archive: "./x.tar#NAME:TAG"'

describe('an archive is refused', () => {
  it.each([
    [
      'that has no name to go by',
      ['{ from: ./x.tar }'],
      `3:13+7 nothing says what "./x.tar" is called at "local" | ${NAMELESS}`,
    ],
    [
      'that has no name for another archive',
      [`{ from: ./x.tar, to: ${out('y.tar')} }`],
      `3:49+5 nothing says what "./x.tar" is called at "y.tar" | ${NAMELESS}`,
    ],
    [
      'that has no tag to go by',
      ['{ from: ./x.tar, to: local/a }'],
      '3:26+7 nothing names a tag for "./x.tar" at "local/a" | nothing in it is named: end "to" with :TAG, or use "as"',
    ],
    [
      'whose tags are chosen without a name',
      ["{ from: ./x.tar, tags: ['1'], to: local/a }"],
      '3:13+7 "tags" are of one name, and "./x.tar" has none | name the image in the archive: "./x.tar#NAME"',
    ],
    [
      'of which one tag is named twice',
      ["{ from: './x.tar#a:1', tags: ['1'] }"],
      '3:13+13 "tags" goes with a "from" that names no tag | write "from: ./x.tar#a", or leave "tags" out',
    ],
    [
      'of which tags are excluded',
      ["{ from: ./x.tar, exclude: ['1'], to: local/a:1 }"],
      '3:31+5 "exclude" is about tags, and "./x.tar" is taken without a name | leave it out',
    ],
    [
      'that is held back without a tag',
      ['{ from: ./x.tar, minAge: 3d, to: local/a:1 }'],
      '3:30+2 "minAge" is about tags, and "./x.tar" names none | name the image in the archive: "./x.tar#NAME:TAG"',
    ],
    [
      'that is a folder',
      ['{ from: ./x/, to: local/a:1 }'],
      '3:13+4 "./x/" is a folder, and an archive is a file | declare a layout under "stores", and use its name',
    ],
    [
      'that is the folder above',
      [`{ from: a:1, to: ${out('..')} }`],
      '3:45+2 ".." is a folder, and an archive is a file | declare a layout under "stores", and use its name',
    ],
    [
      'whose image has no name',
      ["{ from: './x.tar#A' }"],
      '3:13+11 "A" is not an image name | repository names are lower case: "a"',
    ],
    [
      'that nobody can see',
      ['{ from: "./x\\u200b.tar", to: local/a:1 }'],
      '3:13+15 something in the path cannot be seen | declare the archive under "stores", and use its name',
    ],
    [
      'with a path that is too long',
      [`{ from: ./${'x'.repeat(239)}, to: local/a:1 }`],
      expect.stringMatching(/^3:13\+241 a path of more than 240 characters: "\.\/x+…" \| declare/),
    ],
    [
      'in two formats',
      [
        `{ from: a:1, to: ${out('x.tar')} }`,
        `{ from: b:1, to: ${out('./x.tar', ', format: oci')} }`,
      ],
      '4:45+7 "./x.tar" is to have the format oci here, and docker at images.yaml:3:45 | one file has one format',
    ],
    [
      'that is read and written',
      ['{ from: ./x.tar, to: local/a:1 }', `{ from: b:1, to: ${out('x.tar')} }`],
      '4:45+5 "x.tar" is written here, and read at images.yaml:3:13 | an archive that images come from is left as it is; write another one',
    ],
    [
      'that is written and read',
      [`{ from: b:1, to: ${out('x.tar')} }`, '{ from: ./x.tar, to: local/a:1 }'],
      '4:13+7 "./x.tar" is read here, and written at images.yaml:3:45 | an archive that images come from is left as it is; write another one',
    ],
    [
      'by two names',
      ["{ from: './x.tar#a:1' }", "{ from: '/project/x.tar#b:1' }"],
      '4:13+20 "/project/x.tar" is "./x.tar", named so at images.yaml:3:13 | name one file in one way',
    ],
    [
      'below another one',
      ["{ from: './x.tar#a:1' }", "{ from: './x.tar/y.tar#b:1' }"],
      '4:13+19 "./x.tar/y.tar" is below "./x.tar", which is an archive | an archive is a file, and nothing is below it',
    ],
    [
      'where the default store is',
      [`{ from: a:1, to: ${out('.waybill/store')} }`],
      '3:45+14 ".waybill/store" is what store "local" is in | use its name: local/NAME:TAG',
    ],
    [
      'as text',
      ['{ from: a:1, to: ./x.tar }'],
      '3:22+7 "./x.tar" is a path, and does not say what is there | an archive is written as { kind: archive, path: ./x.tar }; a layout is declared under "stores"',
    ],
    [
      'of another kind',
      ['{ from: a:1, to: { kind: layout, path: x } }'],
      '3:30+6 "kind" must be "archive", not "layout"',
    ],
    [
      'without a path',
      ['{ from: a:1, to: [{ kind: archive }] }'],
      '3:23+17 "path" is missing | say which file is to be written: "path: ./images.tar"',
    ],
    [
      'with keys that it does not have',
      [`{ from: a:1, to: [${out('x.tar', ', fromat: oci')}] }`],
      '3:53+6 unknown key "fromat" | did you mean "format"?',
    ],
    [
      'twice for one image',
      [`{ from: a:1, to: [${out('x.tar')}, ${out('x.tar')}] }`],
      '3:55+30 this is given twice',
    ],
  ])('%s', async (_, entries, issue) => {
    expect(await said(images(...entries))).toEqual([issue])
  })

  it('with a misspelt key in the defaults, too', async () => {
    const text = `version: 1\ndefaults: { to: ${out('x.tar', ', fromat: oci')} }\n`
    expect(await said(text)).toEqual(['2:47+6 unknown key "fromat" | did you mean "format"?'])
  })

  it('as a declared store, whichever way it is named', async () => {
    const text = `version: 1
stores: { vendor: { kind: archive, path: v/x.tar } }
images:
  - { from: './v/x.tar#a:1' }
  - { from: b:1, to: ${out('./v/x.tar')} }
`
    expect(await said(text)).toEqual([
      '4:13+15 "./v/x.tar" is what store "vendor" is in | use its name: vendor/NAME:TAG',
      '5:45+9 "./v/x.tar" is what store "vendor" is in | use its name: vendor/NAME:TAG',
      '5:45+9 "./v/x.tar" is written here, and read at images.yaml:4:13 | an archive that images come from is left as it is; write another one',
    ])
  })

  it('that has just as long a path as it may', () => {
    const from = `./${'x'.repeat(238)}`
    expect(placesOf(parse(images(`{ from: ${from}, to: local/a:1 }`)))).toEqual(['local/a:1'])
  })
})

describe('an untrusted manifest', () => {
  const OUTSIDE = 'an untrusted manifest may not name a file outside its folder'
  const ELSEWHERE =
    'declare it under "stores" in the file given with --registries, which is trusted'
  it.each([
    ['{ from: ../x.tar, to: local/a:1 }', `3:13+8 ${OUTSIDE}: "../x.tar" | ${ELSEWHERE}`],
    ["{ from: './a/../../x.tar#a:1' }", `3:13+21 ${OUTSIDE}: "./a/../../x.tar" | ${ELSEWHERE}`],
    ["{ from: '/project/x.tar#a:1' }", `3:13+20 ${OUTSIDE}: "/project/x.tar" | ${ELSEWHERE}`],
    ["{ from: '~/x.tar#a:1' }", `3:13+13 ${OUTSIDE}: "~/x.tar" | ${ELSEWHERE}`],
    [`{ from: a:1, to: ${out('/etc/x')} }`, `3:45+6 ${OUTSIDE}: "/etc/x" | ${ELSEWHERE}`],
    [`{ from: a:1, to: [${out('../x')}] }`, `3:46+4 ${OUTSIDE}: "../x" | ${ELSEWHERE}`],
  ])('may not say %s', async (entry, issue) => {
    expect(await said(images(entry), true)).toEqual([issue])
  })

  it('may not say it in its defaults', async () => {
    expect(await said(`version: 1\ndefaults: { to: ${out('~/x')} }`, true)).toEqual([
      `2:40+3 ${OUTSIDE}: "~/x" | ${ELSEWHERE}`,
    ])
  })

  it('has its archives in its own folder', () => {
    const { stores } = parse(
      { 'b/b.yaml': images("{ from: './x.tar#a:1' }", `{ from: b:1, to: ${out('y.tar')} }`) },
      { untrusted: true },
    )
    expect([...stores.values()].slice(1)).toMatchObject([
      { path: '/project/b/x.tar', within: '/project/b' },
      { path: '/project/b/y.tar', within: '/project/b' },
    ])
  })
})

describe('what names an image in an archive', () => {
  const text = fc.oneof(
    fc.string(),
    fc
      .array(
        fc.constantFrom('./', '../', '/', '~/', 'x', '.tar', '#', 'a:1', '@', ':', 'B', DIGEST),
      )
      .map(parts => parts.join('')),
  )

  it('is read, or refused as what it is', () => {
    fc.assert(
      fc.property(text, rest => {
        const from = `./${rest}`
        const found = attempt(() => parseInArchive(from))
        if (!found) return
        const { path, repository, tag, digest } = found
        expect(from.startsWith(path)).toBe(true)
        expect(repository === '' && tag !== undefined).toBe(false)
        expect(isFixed(from)).toBe(repository === '' || digest !== undefined)
      }),
      { numRuns: 2_000 },
    )
  })

  it('makes a name that is read back, the same from wherever its folder is', () => {
    const segment = fc.constantFrom('a', 'b.tar', '..', '.', 'x y', 'é', 'a@b', 'a:1', 'A#')
    const path = fc
      .tuple(fc.constantFrom('./', '../', '/', '~/', ''), fc.array(segment, { maxLength: 4 }))
      .map(([start, way]) => `${start}${[...way, 'x.tar'].join('/')}`)
    fc.assert(
      fc.property(path, path => {
        const at = (base: string) => archiveName(path, { folder: `${base}/f`, base })
        const name = at('/here/it/is/deep/down/a/b')
        expect(at('/there/it/is/deep/down/a/b')).toBe(name)
        const reference = { store: name, repository: 'library/a', tag: '1' }
        const place = `${name}/library/a:1`
        expect(parseReference(place, new Set([name]))).toEqual(reference)
        // a lock has no more than the text, and takes all of these for names
        const objections = [placeObjection(place), sourceObjection(place), sourceObjection(name)]
        expect(objections).toEqual([undefined, undefined, undefined])
        expect(placeObjection(name)).toBeDefined()
        expect(sourceObjection(`${name}/library/a@${DIGEST}`)).toBeUndefined()
        expect(sourceObjection(`${name}@${DIGEST}`)).toBeUndefined()
      }),
    )
  })
})

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof InputError) return undefined
    throw error
  }
}
