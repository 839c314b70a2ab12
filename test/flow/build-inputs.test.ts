/** What makes a build run again, and what does not: the embedded builder, from a folder to a layout. */
import { chmod, mkdir, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Plan, Report } from '../../src/plan/types.ts'
import type { ProjectInit } from '../../src/reconcile/project.ts'
import { openFolder, openTestProject } from '../support/project.ts'

const DOCKERFILE = `FROM scratch
ARG WORD
ARG UNSET=1
ENV SAID=$WORD
COPY used/ /app/
`

interface Bed extends AsyncDisposable {
  readonly path: string
  write(file: string, text: string): Promise<void>
  /** `entry`: more lines of the build, each with a line end. */
  plan(entry?: string, init?: Partial<ProjectInit>): Promise<Plan>
  reconcile(entry?: string, init?: Partial<ProjectInit>): Promise<Report>
}

const TO = 'to: [local/acme/worker:1]'

async function bed(): Promise<Bed> {
  const folder = await openFolder()
  const path = (file: string) => join(folder.path, file)
  const write = (file: string, text: string) => writeFile(path(file), text)
  await mkdir(path('context/used'), { recursive: true })
  await write('context/Dockerfile', DOCKERFILE)
  await write('context/.dockerignore', '**/*.tmp\n')
  await write('context/used/file', 'text')
  await write('context/unused', 'text')
  const open = (entry: string, init: Partial<ProjectInit>) =>
    openTestProject(
      folder.path,
      `version: 1
stores: { other: { kind: layout, path: other } }
builds:
  - name: worker
    context: ./context
${entry.replace(/^(?=.)/gm, '    ')}`,
      init,
    )
  return {
    path: folder.path,
    write,
    async plan(entry = TO, init = {}) {
      await using project = await open(entry, init)
      return await project.plan()
    },
    async reconcile(entry = TO, init = {}) {
      await using project = await open(entry, init)
      return await project.reconcile({ failFast: false })
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

const isBuilt = ({ steps }: Plan | Report) => steps.some(({ kind }) => kind === 'build')

describe('a build', () => {
  it('is made once, and the second run has nothing to do', async () => {
    await using b = await bed()
    expect((await b.reconcile()).steps).toMatchObject([
      {
        kind: 'build',
        from: 'build:worker',
        builder: { kind: 'embedded', why: 'nothing has to be run' },
        result: 'done',
        to: [{ at: 'local/acme/worker:1', result: 'done' }],
      },
    ])
    expect(await b.reconcile()).toMatchObject({ steps: [], summary: { unchanged: 1 } })
  })

  it.each<[string, (b: Bed) => Promise<unknown>]>([
    ['a byte that it takes', b => b.write('context/used/file', 'taxt')],
    ['a mode', b => chmod(join(b.path, 'context/used/file'), 0o755)],
    ['a name', b => b.write('context/used/more', '')],
    ['a link', b => symlink('file', join(b.path, 'context/used/link'))],
    ['a file that is gone', b => rm(join(b.path, 'context/used/file'))],
    ['an instruction', b => b.write('context/Dockerfile', `${DOCKERFILE}CMD ["/app/file"]\n`)],
    [
      'the default of an argument',
      b => b.write('context/Dockerfile', DOCKERFILE.replace('=1', '=2')),
    ],
    ['what is ignored of it', b => b.write('context/.dockerignore', 'used/file\n')],
  ])('is made again for %s', async (_, change) => {
    await using b = await bed()
    await b.reconcile()
    await change(b)
    const { steps } = await b.plan()
    expect(steps).toMatchObject([{ kind: 'build', destructive: true }])
    await b.reconcile()
    expect(isBuilt(await b.plan())).toBe(false)
  })

  it.each<[string, (b: Bed) => Promise<unknown>]>([
    ['times', b => utimes(join(b.path, 'context/used/file'), 1, 1)],
    ['files that it does not take', b => b.write('context/unused', 'other')],
    ['new files that it does not take', b => b.write('context/another', '')],
    ['files that are ignored', b => b.write('context/used/x.tmp', '')],
    ['comments', b => b.write('context/Dockerfile', `# why\n${DOCKERFILE}\n# end\n`)],
    ['what is ignored besides', b => b.write('context/.dockerignore', '**/*.tmp\nunused\n')],
  ])('is not made again for %s', async (_, change) => {
    await using b = await bed()
    await b.reconcile()
    await change(b)
    expect((await b.plan()).steps).toEqual([])
  })

  it('is made again for an argument that it uses, and not for another', async () => {
    await using b = await bed()
    await b.reconcile(`args: { WORD: a }\n${TO}`)
    expect(isBuilt(await b.plan(`args: { WORD: b }\n${TO}`))).toBe(true)
    expect(isBuilt(await b.plan(`args: { WORD: a, ELSE: b }\n${TO}`))).toBe(false)
    const env = { HOME: b.path, SOURCE_DATE_EPOCH: '1700000000' }
    expect(isBuilt(await b.plan(`args: { WORD: a }\n${TO}`, { env }))).toBe(true)
  })

  it('is another one for other platforms', async () => {
    await using b = await bed()
    const entry = (platforms: string) => `platforms: [${platforms}]\n${TO}`
    await b.reconcile(entry('linux/amd64, linux/arm64'))
    expect(isBuilt(await b.plan(entry('linux/amd64, linux/arm64')))).toBe(false)
    expect(isBuilt(await b.plan(entry('linux/amd64')))).toBe(true)
  })

  it('is copied from a place that has it to one that lacks it', async () => {
    await using b = await bed()
    await b.reconcile()
    const to = 'to: [local/acme/worker:1, other/acme/worker:2]'
    const { steps } = await b.reconcile(to)
    expect(steps).toMatchObject([
      { kind: 'copy', from: 'local/acme/worker:1', to: [{ at: 'other/acme/worker:2' }] },
    ])
    expect((await b.plan(to)).steps).toEqual([])
  })

  it('is left alone where it may only be created', async () => {
    await using b = await bed()
    await b.reconcile(`overwrite: never\n${TO}`)
    await b.write('context/used/file', 'other')
    expect(await b.plan(`overwrite: never\n${TO}`)).toMatchObject({
      steps: [],
      drift: [{ at: 'local/acme/worker:1', why: 'left as it is (overwrite: never)' }],
    })
  })

  it('follows its base, unless it is not to', async () => {
    await using b = await bed()
    const layers = `FROM local/acme/worker:1\nCOPY unused /\n`
    await b.reconcile()
    await b.write('context/Dockerfile.child', layers)
    const child = (more: string) =>
      `dockerfile: Dockerfile.child\nrebuild: { onBaseChange: ${more} }\nto: [other/acme/child:1]`
    await b.reconcile(child('true'))
    expect((await b.plan(child('true'))).steps).toEqual([])
    await b.reconcile(child('false'))
    await b.write('context/used/file', 'the base is another one')
    await b.reconcile()
    expect(isBuilt(await b.plan(child('false')))).toBe(false)
    expect(isBuilt(await b.plan(child('true')))).toBe(true)
  })

  it('is not believed to be what was made from it', async () => {
    await using b = await bed()
    await b.reconcile()
    await b.write('context/Dockerfile.child', 'FROM local/acme/worker:1\nLABEL a=b\n')
    const child = 'dockerfile: Dockerfile.child\nto: [other/acme/child:1]'
    await b.reconcile(child)
    // the child stands where the parent should
    const to = 'to: [other/acme/child:1]'
    expect(await b.plan(to)).toMatchObject({ steps: [{ kind: 'build' }] })
  })
})

describe('a build with a lock', () => {
  const locked = { lock: 'images.lock.yaml' }

  it('is known by the lock, is ours, and is made again when it is too old', async () => {
    await using b = await bed()
    const at = (day: number) => ({ ...locked, now: () => new Date(Date.UTC(2026, 0, day)) })
    await b.write('images.lock.yaml', 'version: 1\nfiles:\n  - images.yaml\n')
    const aged = `rebuild: { maxAge: 7d }\noverwrite: owned\n${TO}`
    const { steps } = await b.reconcile(aged, at(1))
    expect(steps).toMatchObject([{ made: { at: '2026-01-01T00:00:00Z' } }])
    expect((await b.plan(aged, at(7))).steps).toEqual([])
    expect((await b.plan(aged, at(9))).steps).toMatchObject([
      { kind: 'build', fresh: true, why: 'older than rebuild.maxAge', to: [{ ours: true }] },
    ])
    // what it comes to is the same, and younger now
    await b.reconcile(aged, at(9))
    expect((await b.plan(aged, at(10))).steps).toEqual([])
  })

  it('says that without one its age is not known', async () => {
    await using b = await bed()
    const { diagnostics } = await b.plan(`rebuild: { maxAge: 7d }\n${TO}`)
    expect(diagnostics).toMatchObject([{ severity: 'warning', reference: 'build:worker' }])
  })

  it('keeps off what others put there', async () => {
    await using b = await bed()
    await b.write('images.lock.yaml', 'version: 1\nfiles:\n  - images.yaml\n')
    await b.reconcile(TO, locked)
    const other = 'to: [other/acme/worker:1]\nargs: { WORD: theirs }'
    await b.reconcile(other, { lock: 'theirs.lock.yaml' })
    const owned = 'overwrite: owned\nto: [other/acme/worker:1]'
    expect(await b.plan(owned, locked)).toMatchObject({
      steps: [],
      drift: [{ at: 'other/acme/worker:1', why: expect.stringContaining('overwrite: owned') }],
    })
  })
})
