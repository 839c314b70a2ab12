/** Archives that a manifest names by their paths: read and written as any store, and settled after. */
import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encodePlan, encodePlanFile, parsePlanFile } from '../../src/plan/codec.ts'
import { describePlan } from '../../src/report/plan.ts'
import { imageOf } from '../support/choosing.ts'
import { makeImage } from '../support/images.ts'
import { openTestProject, seedFake } from '../support/project.ts'
import { options, world, type World } from '../support/world.ts'

const into = ({ source }: World, tags = "'1', '2'") => `version: 1
images:
  - from: ${source.host}/acme/app
    tags: [${tags}]
    referrers: false
    to: [{ kind: archive, path: out/both.tar }, { kind: archive, path: ./bare.tar, format: oci }]
`
const from = (...entries: readonly string[]) =>
  `version: 1\ndefaults: { referrers: false }\nimages:\n${entries.map(entry => `  - ${entry}\n`).join('')}`

async function run(w: World, manifest: string) {
  await using project = await openTestProject(w.folder, manifest)
  return project.reconcile(options)
}

async function plan(w: World, manifest: string) {
  await using project = await openTestProject(w.folder, manifest)
  return project.plan()
}

/** A world with two images in `out/both.tar`, and one of them in `bare.tar` and `one.tar`. */
async function saved(): Promise<World> {
  const w = await world()
  for (const tag of ['1', '2']) seedFake(w.source, 'acme/app', tag, await imageOf(tag))
  await run(w, into(w, "'1'"))
  await rename(join(w.folder, 'out/both.tar'), join(w.folder, 'one.tar'))
  await run(w, into(w))
  return w
}

const inArchive = ({ source }: World) => source.host.replace(':', '_')

describe('an archive that is named where images go', () => {
  it('is written as it was planned, once', async () => {
    await using w = await world()
    for (const tag of ['1', '2']) seedFake(w.source, 'acme/app', tag, await imageOf(tag))
    await using project = await openTestProject(w.folder, into(w))
    const planned = await project.plan()
    const name = `${inArchive(w)}/acme/app`
    expect(planned.steps.map(({ to }) => to.map(({ at }) => at))).toEqual([
      [`./bare.tar/${name}:1`, `./out/both.tar/${name}:1`],
      [`./bare.tar/${name}:2`, `./out/both.tar/${name}:2`],
    ])
    expect(planned.steps.map(step => step.kind === 'copy' && step.verb)).toEqual(['pull', 'pull'])
    expect(encodePlan(planned)).not.toContain(w.folder)
    expect(describePlan(planned, { columns: 120, color: false, manifestLine: '' })).toMatch(
      /acme\/app:1 → \.\/bare\.tar +sha256/,
    )
    const { hash } = project.manifest
    const at = new Date('2026-03-01T00:00:00Z')
    const text = encodePlanFile(planned, {
      created: at,
      expires: new Date(at.getTime() + 9),
      manifest: hash,
    })
    const read = parsePlanFile(text, { file: 'plan.json', now: at, manifest: hash })

    await using later = await openTestProject(w.folder, into(w))
    expect(await later.apply(read, options)).toMatchObject({ exitCode: 0, operation: 'apply' })
    const bytes = await readFile(join(w.folder, 'out/both.tar'))
    expect(await plan(w, into(w))).toMatchObject({ steps: [], summary: { unchanged: 4 } })
    expect(await run(w, into(w))).toMatchObject({ steps: [], exitCode: 0 })
    expect(await readFile(join(w.folder, 'out/both.tar'))).toEqual(bytes)
  })

  it('is kept in the lock by its path, and told of when nothing names it any more', async () => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', await imageOf('1'))
    seedFake(w.source, 'acme/app', '2', await imageOf('2'))
    await using project = await openTestProject(w.folder, into(w, "'1'"))
    await project.update({ images: [] })
    await project.reconcile(options)
    const lock = await readFile(join(w.folder, 'images.lock.yaml'), 'utf8')
    expect(lock).toContain(`./out/both.tar/${inArchive(w)}/acme/app:1`)

    expect(await plan(w, into(w, "'2'"))).toMatchObject({
      summary: { copy: 1, unmanaged: 2 },
    })
    await run(w, into(w, "'2'"))
    const gone = await run(w, from(`{ from: '${w.source.host}/acme/app:2', to: local }`))
    expect(
      gone.diagnostics.map(({ severity, problem }) => `${severity} ${problem.message}`),
    ).toEqual(
      ['bare.tar', 'out/both.tar'].flatMap(file =>
        ['1', '2'].map(
          tag =>
            `warning ./${file}/${inArchive(w)}/acme/app:${tag} is ours and no longer asked for, and the manifest names no such archive to look into`,
        ),
      ),
    )
  })

  it('that is something else stays what it is', async () => {
    await using w = await world()
    seedFake(w.source, 'acme/app', '1', await imageOf('1'))
    await writeFile(join(w.folder, 'bare.tar'), 'no archive at all')
    const report = await run(w, into(w, "'1'"))
    expect(report).toMatchObject({ exitCode: 3, summary: { copy: 1, unknown: 1 } })
    expect(await readFile(join(w.folder, 'bare.tar'), 'utf8')).toBe('no archive at all')
  })
})

describe('an archive that is named where images come from', () => {
  it('gives the one image that is in it, whatever that is called', async () => {
    await using w = await saved()
    const manifest = from(`{ from: ./one.tar, to: ${w.target.host}/app:x }`)
    const planned = await plan(w, manifest)
    expect(planned.steps).toMatchObject([{ from: './one.tar', verb: 'push' }])
    await using project = await openTestProject(w.folder, manifest)
    expect(await project.apply(planned, options)).toMatchObject({ exitCode: 0 })
    const { digest } = (await imageOf('1')).manifest
    expect(w.target.manifest('app', 'x')?.digest).toBe(digest)
    expect(await run(w, manifest)).toMatchObject({ steps: [], summary: { unchanged: 1 } })
    expect(await project.explain('./one.tar')).toMatchObject([
      { from: './one.tar', tags: [{ tag: 'the only image', verdict: 'taken' }] },
    ])

    const pinned = from(`{ from: './one.tar@${digest}', to: ${w.target.host}/app:y }`)
    expect(await run(w, pinned)).toMatchObject({ exitCode: 0 })
    expect(w.target.manifest('app', 'y')?.digest).toBe(digest)
  })

  it('gives one of several by its name, and each of them by a rule', async () => {
    await using w = await saved()
    const manifest = from(
      `{ from: './out/both.tar#${w.source.host}/acme/app:2', to: [${w.target.host}/app, local] }`,
      `{ from: './out/both.tar#${w.source.host}/acme/app', tags: [{ glob: '*' }], to: { kind: archive, path: again.tar } }`,
    )
    expect(await run(w, manifest)).toMatchObject({ exitCode: 0, summary: { copy: 2 } })
    expect(w.target.manifest('app', '2')?.digest).toBe((await imageOf('2')).manifest.digest)
    expect(await run(w, manifest)).toMatchObject({ steps: [], summary: { unchanged: 4 } })
  })

  it('is followed by the lock, and stays as it is locked', async () => {
    await using w = await saved()
    const manifest = from(`{ from: ./one.tar, to: ${w.target.host}/app:x }`)
    await using project = await openTestProject(w.folder, manifest)
    await project.update({ images: [] })
    await project.reconcile(options)
    const lock = await readFile(join(w.folder, 'images.lock.yaml'), 'utf8')
    expect(lock).toContain('./one.tar:\n')
    await using locked = await openTestProject(w.folder, manifest, { locked: true })
    expect(await locked.reconcile(options)).toMatchObject({ exitCode: 0, steps: [] })

    await rm(join(w.folder, 'one.tar'))
    const gone = await run(w, manifest)
    expect(gone).toMatchObject({ exitCode: 0, steps: [], gone: [{ reference: './one.tar' }] })
  })

  it("knows docker's short names", async () => {
    await using w = await world()
    for (const name of ['short', 'library/long']) {
      seedFake(w.source, name, '1', await makeImage({ seed: name }))
    }
    const archive = (path: string, name: string) =>
      `version: 1\nstores: { x: { kind: archive, path: ${path} } }\nimages:\n  - { from: '${w.source.host}/${name}:1', to: x/${name}:1, referrers: false }\n`
    await run(w, archive('short.tar', 'short'))
    await run(w, archive('long.tar', 'library/long'))
    const manifest = from(
      `{ from: './short.tar#short:1', to: ${w.target.host}/a }`,
      `{ from: './long.tar#long', tags: [{ glob: '*' }], to: ${w.target.host}/b }`,
    )
    expect(await run(w, manifest)).toMatchObject({ exitCode: 0, summary: { copy: 2 } })
    expect(w.target.tags('b')).toEqual(['1'])
  })

  it('is refused where it has several images and none is named', async () => {
    await using w = await saved()
    const report = await run(w, from(`{ from: ./out/both.tar, to: ${w.target.host}/app:x }`))
    expect(report).toMatchObject({ exitCode: 1, steps: [] })
    const name = `./out/both.tar#${inArchive(w)}/acme/app`
    expect(report.diagnostics).toMatchObject([
      {
        problem: {
          message: './out/both.tar has 2 images in it, and nothing says which is meant',
          hint: `name one of them: ${name}:1, ${name}:2`,
        },
        location: { line: 4, column: 13 },
      },
    ])
  })

  it.each([
    ['that is not there', './none.tar', /^there is no \.\/none\.tar$/],
    ['that lacks it', './one.tar#nope:1', /^there is no \.\/one\.tar\/library\/nope:1$/],
    [
      'that lacks it by its digest',
      `./one.tar@sha256:${'a'.repeat(64)}`,
      /^there is no \.\/one\.tar@sha256:a/,
    ],
  ])('%s is told of', async (_, source, message) => {
    await using w = await saved()
    const report = await run(w, from(`{ from: '${source}', to: ${w.target.host}/app:x }`))
    expect(report.diagnostics).toMatchObject([
      {
        problem: {
          message: expect.stringMatching(message),
          hint: expect.stringMatching(/is not there, or has no such image/),
        },
      },
    ])
  })
})

it('the examples pass an archive from one side to the other', async () => {
  await using w = await world()
  await cp(join(import.meta.dirname, '../../examples'), w.folder, { recursive: true })
  for (const side of ['archive', 'archive/inside']) {
    const cwd = join(w.folder, side)
    const text = await readFile(join(cwd, 'images.yaml'), 'utf8')
    await using project = await openTestProject(cwd, text)
    expect(await project.reconcile(options)).toMatchObject({ exitCode: 0, summary: { copy: 2 } })
    await using again = await openTestProject(cwd, text)
    expect(await again.plan()).toMatchObject({ steps: [], summary: { unchanged: 2 } })
  }
})
