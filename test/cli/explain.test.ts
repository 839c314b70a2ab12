/** `waybill explain` as it is called, against a registry in this process. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Shell } from '../../src/cli/command.ts'
import { explain } from '../../src/cli/explain.ts'
import { main } from '../../src/cli/main.ts'
import { widthOf } from '../../src/report/width.ts'
import { having } from '../support/choosing.ts'
import { fakeShell } from './fake-shell.ts'

const LONG = `3.19.3-${'x'.repeat(70)}`
const TAGS = `3.18.0 3.18.1 3.19.0 3.19.1 3.19.2 4.0.0 edge latest 3.19 3 ${LONG}`

async function world() {
  const w = await having(TAGS)
  const from = `${w.source.host}/acme/app`
  const manifest = `version: 1
images:
  - from: ${from}
    name: app
    tags: [edge, { semver: '>=3.18 <4', newest: 2, per: minor }, { semver: '9.x' }]
    exclude: [{ glob: '*.1' }]
  - from: quay.io/acme/named
    tags: ['2', '1']
    to: [local, local/other]
`
  await writeFile(join(w.folder, 'images.yaml'), manifest)
  return {
    ...w,
    from,
    async run(line: string, fields: Partial<Shell> = {}) {
      const shell = fakeShell({ cwd: w.folder, env: { HOME: w.folder }, ...fields })
      const commands = { explain: () => Promise.resolve(explain) }
      const machine = { node: 'v20.19.0', platform: 'linux x64' }
      const code = await main(['explain', ...line.split(' ')], { commands, shell, machine })
      return { code, out: shell.out(), err: shell.err() }
    },
  }
}

const RANGE = 'matches semver >=3.18 <4'

describe('waybill explain', () => {
  it('tells of every tag, in columns', async () => {
    await using w = await world()
    const { code, out, err } = await w.run('app')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const pad = (tag: string) => tag.padEnd(60)
    expect(out).toBe(`app  from ${w.from}

    ${pad('3')}  not matched  a moving name, which is taken only where it is named
  + ${pad('3.18.0')}  taken        ${RANGE}, newest of minor 3.18
  - ${pad('3.18.1')}  excluded     excluded by glob *.1
    ${pad('3.19')}  not matched  a moving name, which is taken only where it is named
  + ${pad('3.19.0')}  taken        ${RANGE}, 2nd newest of minor 3.19
  - ${pad('3.19.1')}  excluded     excluded by glob *.1
  + ${pad('3.19.2')}  taken        ${RANGE}, newest of minor 3.19
    ${LONG}  not matched  no entry takes it
    ${pad('4.0.0')}  not matched  no entry takes it
  + ${pad('edge')}  taken        named
    ${pad('latest')}  not matched  a moving name, which is taken only where it is named
  x error    ${w.from}  semver 9.x takes none of 11 tags (images.yaml:5:66)
             hint: semver: '*' would take 4.0.0

4 of 11 tags taken.
`)
  })

  it.each([80, 160])('fits a terminal of %i columns', async columns => {
    await using w = await world()
    const { stdout } = fakeShell()
    const written: string[] = []
    const terminal = {
      ...stdout,
      isTTY: true,
      columns,
      write: (text: string) => written.push(text),
    }
    expect((await w.run('app', { stdout: terminal })).code).toBe(0)
    const lines = written.join('').split('\n')
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns)
    const verdicts = lines.filter(line => / {2}(?:taken|excluded|not matched) {2}/.test(line))
    expect(
      new Set(verdicts.map(line => line.search(/(?:taken|excluded|not matched) {2}/))).size,
    ).toBe(1)
  })

  it('finds images by where they come from, and tells of one tag', async () => {
    await using w = await world()
    expect((await w.run(w.from)).out).toContain('4 of 11 tags taken.')
    const one = (await w.run(`${w.from}:3.18.1`)).out
    expect(one).toContain('  - 3.18.1  excluded     excluded by glob *.1\n')
    expect(one).not.toContain('3.19')
    expect((await w.run(`${w.from}:5`)).out).toContain('x 5  absent       it is neither listed')
  })

  it('looks nothing up where all tags are named', async () => {
    await using w = await world()
    expect(await w.run('quay.io/acme/named')).toEqual({
      code: 0,
      out: `quay.io/acme/named

  + 1  taken        named
  + 2  taken        named

2 of 2 tags taken.
`,
      err: '',
    })
    expect(w.source.log).toEqual([])
  })

  it('does not call taken what an entry with a problem leaves', async () => {
    await using w = await world()
    const manifest = `version: 1
images:
  - from: ${w.from}
    tags: [{ regex: '3\\.(?<n>\\d+)\\..{1,2}', order: ['n:number'], newest: 4 }, '3.19.2']
`
    await writeFile(join(w.folder, 'images.yaml'), manifest)
    const { out } = await w.run(`${w.from} --output json`)
    const { images } = JSON.parse(out) as { images: { tags: { tag: string; verdict: string }[] }[] }
    const verdicts = images[0]!.tags.map(({ tag, verdict }) => `${tag} ${verdict}`)
    expect(verdicts).toContain('3.19.2 taken')
    expect(verdicts).toContain('3.19.1 undecided')
    expect(verdicts).toContain('3.18.1 undecided')
  })

  it('prints JSON for programs', async () => {
    await using w = await world()
    const { code, out } = await w.run('app --output json')
    const document: unknown = JSON.parse(out)
    expect(code).toBe(0)
    expect(document).toMatchObject({
      formatVersion: '1.0',
      images: [
        {
          image: 'app',
          from: w.from,
          problems: [{ severity: 'error', location: { line: 5, column: 66 } }],
        },
      ],
    })
    expect(document).toHaveProperty('images.0.tags.1', {
      tag: '3.18.0',
      verdict: 'taken',
      reason: `${RANGE}, newest of minor 3.18`,
      places: [expect.stringMatching(/^local\/.*acme\/app:3\.18\.0$/)],
    })
  })

  it.each(['worker', 'local/acme/worker:1'])('has nothing to say of a build: %s', async name => {
    await using w = await world()
    const builds = 'builds: [{ name: worker, context: ., to: local/acme/worker:1 }]\n'
    await writeFile(join(w.folder, 'images.yaml'), `version: 1\n${builds}`)
    expect(await w.run(name)).toEqual({
      code: 64,
      out: '',
      err: `error: ${name} is built: it has no tags to choose from
hint: "waybill plan" says whether it is to be built, and why
`,
    })
  })

  it.each([
    ['appp', 'did you mean "app"?'],
    ['quay.io/acme/nmed', 'did you mean "quay.io/acme/named"?'],
    ['Something', 'the images are app, quay.io/acme/named'],
  ])('knows no %s', async (name, hint) => {
    await using w = await world()
    const { code, out, err } = await w.run(name)
    expect({ code, out }).toEqual({ code: 64, out: '' })
    expect(err).toBe(`error: the manifest has no image "${name}"\nhint: ${hint}\n`)
  })

  it('says so where the source cannot be listed', async () => {
    await using w = await world()
    w.source.inject(() => ({ kind: 'status', status: 403 }))
    const { code, out, err } = await w.run('app')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('listing the tags of acme/app')
  })
})
