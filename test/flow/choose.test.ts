/** Tags that are chosen by what they are like: from a manifest to what is where. */
import { describe, expect, it } from 'vitest'
import { describePlan } from '../../src/report/plan.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import {
  arrived,
  having,
  imageOf,
  manifest,
  planned,
  reconciled,
  VERSIONS,
} from '../support/choosing.ts'
import { makeImage } from '../support/images.ts'
import { isWrite, openTestProject, seedFake } from '../support/project.ts'
import { options, world, type World } from '../support/world.ts'

describe('chosen tags', () => {
  it.each([
    ['by version', "[{ semver: '>=3.18 <4' }]", '', '3.18.0 3.18.1 3.18.2 3.19.0 3.19.1'],
    ['the newest of each', "[{ semver: '>=3.18 <4', newest: 1, per: minor }]", '', '3.18.2 3.19.1'],
    [
      'less what is excluded',
      "[{ semver: '>=3.18 <4', newest: 1, per: minor }]",
      "exclude: [{ glob: '*.2' }]",
      '3.18.1 3.19.1',
    ],
    ['beside one that is named', "[edge, { glob: '4.*' }]", '', '4.0.0 edge'],
    [
      'by what a regex takes',
      "[{ regex: '3\\.(?<n>\\d+)\\.\\d+', order: ['n:number', text], newest: 2 }]",
      '',
      '3.19.0 3.19.1',
    ],
  ])('%s', async (_, tags, more, expected) => {
    await using w = await having(VERSIONS, { pageSize: 5, order: 'shuffled' })
    expect(await reconciled(w, `    tags: ${tags}\n    ${more}\n`)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toBe(
      expected
        .split(' ')
        .map(tag => `${tag}=${tag}`)
        .join(' '),
    )
  })

  it('have the names that their entry, or the image, gives them', async () => {
    await using w = await having(VERSIONS)
    const report = await reconciled(
      w,
      `    as: 'x-{tag}'
    tags:
      - edge
      - { semver: '3.x', newest: 2, per: minor, as: ['{semver.major}.{semver.minor}', '{semver.major}', '{tag}'] }
`,
    )
    expect(report).toMatchObject({ exitCode: 0, diagnostics: [] })
    expect(await arrived(w)).toBe(
      '3=3.19.1 3.17=3.17.9 3.17.9=3.17.9 3.18=3.18.2 3.18.1=3.18.1 3.18.2=3.18.2 3.19=3.19.1 3.19.0=3.19.0 3.19.1=3.19.1 x-edge=edge',
    )
  })

  it('are named by their digests, which costs a look at each', async () => {
    await using w = await having('1.0.0 2.0.0')
    await reconciled(w, "    tags: [{ semver: '*', newest: 1 }]\n    as: 'app-{digest:12}'\n")
    const { digest } = (await imageOf('2.0.0')).manifest
    expect(w.target.tags('app')).toEqual([`app-${digest.slice(7, 19)}`])
  })

  it('go to a tag that is named', async () => {
    await using w = await having('1.0.0 2.0.0')
    await using project = await openTestProject(
      w.folder,
      manifest(w, "    tags: [{ semver: '*', newest: 1 }]\n").replace(
        '/app\n    tags',
        '/app:stable\n    tags',
      ),
    )
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toBe('stable=2.0.0')
  })

  it('need no listing where all are named', async () => {
    await using w = await having('1.2.3 1.2.4')
    const image = "    tags: ['1.2.3']\n    as: ['{semver.major}.{semver.minor}', '{tag}']\n"
    expect(await reconciled(w, image)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toBe('1.2=1.2.3 1.2.3=1.2.3')
    expect(w.source.count(({ path }) => path.endsWith('/tags/list'))).toBe(0)
  })

  it('are in place the second time, for two listings and two looks each', async () => {
    await using w = await having('1.0.0 1.0.1 1.1.0 2.0.0 2.1.0')
    const image = "    tags: [{ semver: '>=1.0.1' }]\n"
    expect(await reconciled(w, image)).toMatchObject({ exitCode: 0, summary: { copy: 4 } })
    w.source.clearLog()
    w.target.clearLog()
    const again = await reconciled(w, image)
    expect(again).toMatchObject({ exitCode: 0, steps: [], summary: { unchanged: 4 } })
    const asked = (log: World['source']['log']) =>
      log.map(({ method, path }) => `${method} ${path.split('/').at(-2)}`).toSorted()
    const each = ['GET tags', ...Array.from({ length: 4 }, () => 'HEAD manifests')]
    expect(asked(w.source.log)).toEqual(each)
    expect(asked(w.target.log)).toEqual(each)
  })

  it('follow what the source gets, and keep what it loses', async () => {
    await using w = await having('1.0.0 1.0.1')
    const image = "    tags: [{ semver: '*', newest: 1, as: ['{tag}', '{semver.major}'] }]\n"
    await reconciled(w, image)
    seedFake(w.source, 'acme/app', '1.1.0', await imageOf('1.1.0'))
    expect(await reconciled(w, image)).toMatchObject({ exitCode: 0 })
    expect(await arrived(w)).toBe('1=1.1.0 1.0.1=1.0.1 1.1.0=1.1.0')
  })

  it('are left alone where tags never change', async () => {
    await using w = await having('1.0.0 1.0.1')
    seedFake(w.target, 'app', '1.0.0', await imageOf('other'))
    const text = manifest(w, "    tags: [{ semver: '*' }]\n").replace(
      'images:',
      `registries:\n  ${w.target.host}: { immutableTags: [{ semver: '*' }] }\nimages:`,
    )
    await using project = await openTestProject(w.folder, text, { verifyImmutable: true })
    expect(await project.reconcile(options)).toMatchObject({
      drift: [{ at: `${w.target.host}/app:1.0.0` }],
      summary: { copy: 1 },
    })
  })
})

describe('an order by when images were made', () => {
  it('reads it in their configurations', async () => {
    await using w = await world()
    const years: Record<string, string> = { a: '2023', b: '2025', c: '2024' }
    for (const [tag, year] of Object.entries(years)) {
      seedFake(
        w.source,
        'acme/app',
        tag,
        await makeImage({ seed: tag, created: `${year}-01-01T00:00:00Z` }),
      )
    }
    await reconciled(w, "    tags: [{ glob: '*', order: [created], newest: 2 }]\n")
    expect(await arrived(w)).toBe('b=b c=c')
  })
})

describe('nothing is chosen, and nothing written', () => {
  it.each<[string, FakeRegistryOptions['fault']]>([
    ['is limited', () => ({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } })],
    ['is denied', () => ({ kind: 'status', status: 403 })],
    [
      'breaks off',
      ({ nth }) => (nth === 1 ? undefined : { kind: 'status', status: 404, body: '{}' }),
    ],
  ])('where the listing %s: that is unknown, not empty', async (_, fault) => {
    await using w = await having(VERSIONS, { pageSize: 5 })
    w.source.inject(request => (request.route.kind === 'tags' ? fault?.(request) : undefined))
    const report = await reconciled(w, "    tags: [edge, { semver: '*' }]\n")
    expect(report).toMatchObject({
      exitCode: 1,
      steps: [],
      diagnostics: [],
      unknown: [
        {
          reference: `${w.source.host}/acme/app`,
          side: 'source',
          places: [`${w.target.host}/app`],
          location: { line: 3, column: 11 },
        },
      ],
    })
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it.each([
    [
      'no tag is like that',
      "[{ semver: '>=9' }]",
      'CONTENT_MISSING',
      'semver >=9 takes none of 12 tags',
      expect.stringContaining("semver: '*' would take"),
    ],
    [
      'a named one is not there',
      "[{ glob: 'edge*' }, '3.19.2']",
      'CONTENT_MISSING',
      expect.any(String),
      expect.any(String),
    ],
    [
      'hashes have no order',
      "[{ glob: 'g*', order: [text], newest: 1 }]",
      'TAGS_UNDECIDED',
      expect.stringContaining('would go by hashes'),
      expect.any(String),
    ],
    [
      'all is excluded',
      "[{ semver: '4.x' }]\n    exclude: ['4.0.0']",
      'CONTENT_MISSING',
      'all that semver 4.x takes is excluded: 4.0.0',
      '4.0.0 excludes 4.0.0',
    ],
    [
      'two would have one name',
      "[{ semver: '3.18.x', as: app }]",
      'MANIFEST_CONFLICT',
      '3.18.2, 3.18.1, 3.18.0 would all be called app, by app',
      expect.any(String),
    ],
  ])('where %s', async (_, tags, code, message, hint) => {
    await using w = await having(VERSIONS)
    for (const tag of ['g1a2b3c4d', 'g9f8e7d6c']) {
      if (tags.includes("'g*'")) seedFake(w.source, 'acme/app', tag, await imageOf(tag))
    }
    const report = await reconciled(w, `    tags: ${tags}\n`)
    expect(report).toMatchObject({ exitCode: 1, steps: [] })
    expect(report.diagnostics).toContainEqual({
      severity: 'error',
      reference: `${w.source.host}/acme/app`,
      problem: { code, message, hint },
      location: { file: 'images.yaml', line: 6, column: expect.any(Number) },
    })
    expect(w.target.log.filter(isWrite)).toEqual([])
  })

  it('where there is no such repository', async () => {
    await using w = await world()
    expect(await planned(w, "    tags: [{ semver: '*' }]\n")).toMatchObject({
      exitCode: 1,
      unknown: [],
      diagnostics: [
        {
          problem: { code: 'CONTENT_MISSING', message: `there is no ${w.source.host}/acme/app` },
          location: { line: 3, column: 11 },
        },
      ],
    })
  })

  it('where no tag is like that, and the plan says what would help', async () => {
    await using w = await having(VERSIONS)
    const plan = await planned(w, "    tags: [{ semver: '>=9' }]\n")
    const text = describePlan(plan, { columns: 80, color: false, manifestLine: '' })
    expect(text).toContain('semver >=9 takes none of 12 tags (images.yaml:6:12)')
    expect(text).toMatch(/^ +hint: semver: '\*' would take 4\.0\.0$/m)
  })

  it('by the entry that cannot tell, while others go on', async () => {
    await using w = await having(VERSIONS)
    const report = await reconciled(w, "    tags: [{ semver: '9.x' }, { semver: '4.x' }, '5']\n")
    expect(report).toMatchObject({ exitCode: 3 })
    expect(report.diagnostics.map(({ problem }) => problem.message)).toEqual([
      'semver 9.x takes none of 12 tags',
      'there is no tag 5',
    ])
    expect(await arrived(w)).toBe('4.0.0=4.0.0')
  })

  it('of tags that lack every name, with a word', async () => {
    await using w = await having('edge 1.0.0')
    const report = await reconciled(w, "    tags: [edge, '1.0.0']\n    as: v{semver.major}\n")
    expect(report).toMatchObject({
      exitCode: 0,
      diagnostics: [{ severity: 'warning', problem: { code: 'TAGS_NAMELESS' } }],
    })
    expect(await arrived(w)).toBe('v1=1.0.0')
  })
})

describe('two images for one place', () => {
  const second = ({ source, target }: World, tags: string) =>
    `  - { from: ${source.host}/acme/app, tags: ${tags}, to: ${target.host}/app }\n`

  it.each([
    ['a choice', "[{ semver: '4.x' }]"],
    ['a name', "['4.0.0']"],
  ])('are refused, be the other one %s, and the rest goes on', async (_, tags) => {
    await using w = await having(VERSIONS)
    const report = await reconciled(w, `    tags: [{ semver: '>=3.19' }]\n${second(w, tags)}`)
    expect(report.diagnostics).toMatchObject([
      {
        severity: 'error',
        problem: {
          code: 'MANIFEST_CONFLICT',
          message: expect.stringMatching(
            /app:4\.0\.0 is asked for twice: \S+ \(images\.yaml:[67]:\d+\) and \S+ \(images\.yaml:[67]:\d+\)$/,
          ),
        },
      },
    ])
    expect(await arrived(w)).toBe('3.19.0=3.19.0 3.19.1=3.19.1')
  })

  it('are refused where one is to come from the other', async () => {
    await using w = await having('1.0.0')
    const text = `version: 1
images:
  - { from: ${w.source.host}/acme/app, tags: [{ semver: '*' }], to: ${w.target.host}/app }
  - { from: ${w.target.host}/app, tags: [{ semver: '*' }], to: ${w.target.host}/other }
`
    seedFake(w.target, 'app', '1.0.0', await imageOf('old'))
    await using project = await openTestProject(w.folder, text)
    const report = await project.reconcile(options)
    expect(report.diagnostics.map(({ problem }) => problem.message)).toEqual([
      expect.stringMatching(/app:1\.0\.0 is written by this manifest, at images\.yaml:3:\d+$/),
    ])
    expect(w.target.tags('other')).toEqual([])
  })

  it('cost one listing where they are of one repository', async () => {
    await using w = await having(VERSIONS)
    await planned(w, `    tags: [{ semver: '3.18.x' }]\n${second(w, "[{ semver: '4.x' }]")}`)
    expect(w.source.count(({ path }) => path.endsWith('/tags/list'))).toBe(1)
  })
})
