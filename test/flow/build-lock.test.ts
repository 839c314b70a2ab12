/** Builds and the lock: held, locked, renamed, given up, clashing with what is chosen, and killed. */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt, hold, release } from '../../src/reconcile/holds.ts'
import { waybill } from '../support/cli.ts'
import { briefly, buildSite, type Asked, type BuildSite } from '../support/build-site.ts'
import { makeImage } from '../support/images.ts'
import { isWrite, seedFake } from '../support/project.ts'

const LOCAL = 'local/acme/worker:1'
const OTHER = 'other/acme/worker:1'
const BOTH: Asked = { to: `${LOCAL}, ${OTHER}` }
const LOCKED = { ...BOTH, locked: true }

async function built(asked: Asked = BOTH): Promise<BuildSite> {
  const s = await buildSite()
  await s.beginLock()
  await s.reconcile(asked)
  return s
}
const without = ({ folder }: BuildSite, ...stores: readonly string[]) =>
  Promise.all(stores.map(store => rm(join(folder, store), { recursive: true })))
const holding = (s: BuildSite, why?: string) =>
  s.using(BOTH, project => project.editLock(hold('worker', { at: { kind: 'now' }, why })))

describe('a build that is held', () => {
  it('stays what it is, whatever changes, until it is released', async () => {
    await using s = await built()
    await holding(s, 'CVE-2026-1')
    const before = await s.lock()
    await s.write('context/file', 'other')
    expect(await s.reconcile(BOTH)).toMatchObject({
      exitCode: 0,
      steps: [],
      summary: { unchanged: 2 },
      held: [{ image: 'worker', why: expect.stringMatching(/^held at sha256:\S+: CVE-2026-1$/) }],
    })
    expect(await s.lock()).toBe(before)
    await s.using(BOTH, project => project.editLock(release('worker')))
    expect(briefly(await s.plan(BOTH))).toEqual([`build ${LOCAL} ${OTHER}`])
  })

  it('is copied to where it is gone, though its context is gone too', async () => {
    await using s = await built()
    await holding(s)
    await without(s, 'context', 'other')
    const { steps, exitCode } = await s.reconcile(BOTH)
    expect(exitCode).toBe(0)
    expect(steps).toMatchObject([{ kind: 'copy', from: LOCAL, to: [{ at: OTHER }] }])
    expect(await s.lock()).toContain(`${OTHER}: { put: `)
    expect((await s.plan(BOTH)).steps).toEqual([])
  })

  it('is not built again where it is nowhere', async () => {
    await using s = await built()
    await holding(s)
    await without(s, '.waybill', 'other')
    const { steps, diagnostics } = await s.plan(BOTH)
    expect(steps).toEqual([])
    expect(diagnostics).toMatchObject([
      {
        severity: 'error',
        reference: 'build:worker',
        problem: {
          code: 'CONTENT_MISSING',
          message: expect.stringMatching(/^no place of worker has sha256:/),
          hint: '"waybill release worker" has it built again',
        },
      },
    ])
  })

  it.each([
    ['a digest', { kind: 'reference', reference: `sha256:${'0'.repeat(64)}` }],
    ['a tag', { kind: 'reference', reference: '0.9' }],
    ['what it was', { kind: 'previous', versions: (async function* () {})() }],
  ] as const)('is held at nothing else, such as %s', async (_, at) => {
    await using s = await built()
    const held = s.using(BOTH, project => project.editLock(hold('worker', { at })))
    await expect(held).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: '"worker" is built, and can only be held as it is',
    })
  })
})

describe('a run that follows nothing', () => {
  it('has builds as they are locked, and builds none', async () => {
    await using s = await built()
    const before = await s.lock()
    await s.write('context/file', 'other')
    expect(await s.reconcile(LOCKED)).toMatchObject({ steps: [], held: [], exitCode: 0 })
    await without(s, 'other')
    expect(briefly(await s.reconcile(LOCKED))).toEqual([`copy ${OTHER}`])
    expect(await s.lock()).toBe(before)
    await without(s, '.waybill', 'other')
    expect(await s.plan(LOCKED)).toMatchObject({
      exitCode: 1,
      steps: [],
      diagnostics: [{ problem: { hint: 'build it: run without --locked' } }],
    })
  })

  it('is refused where the lock does not have a build', async () => {
    await using s = await buildSite()
    await s.beginLock()
    await expect(s.reconcile(LOCKED)).rejects.toMatchObject({
      code: 'LOCK_INCOMPLETE',
      message: expect.stringContaining('build:worker (images.yaml:'),
      hint: 'run "waybill reconcile", and commit the lock with the manifest',
    })
  })
})

describe('the lock', () => {
  it('keeps a build through an update, which builds nothing', async () => {
    await using s = await built()
    const before = await s.lock()
    await s.write('context/file', 'other')
    for (const images of [[], ['worker']]) {
      const update = await s.using(BOTH, project => project.update({ images }))
      expect(update).toMatchObject({ isChanged: false, changes: [], exitCode: 0 })
    }
    expect(await s.lock()).toBe(before)
    await s.using({ name: '' }, project => project.update({ images: [] }))
    expect(await s.lock()).toMatch(/^retired:\n {2}local\/acme\/worker:1: /m)
  })

  it('knows a build by its new name, with the places that it had', async () => {
    await using s = await built()
    const before = await s.lock()
    expect((await s.reconcile({ ...BOTH, name: 'api' })).steps).toEqual([])
    const after = await s.lock()
    expect(after).toContain('build:api:')
    expect(after).not.toContain('worker:\n')
    expect(after.match(/\{ put: /g)).toHaveLength(2)
    expect(after).not.toContain('retired')
    expect(before.match(/\{ put: /g)).toHaveLength(2)
  })

  it('retires the places of a build that left, and those that it left', async () => {
    await using s = await built({ ...BOTH, build: 'prune: owned' })
    const fewer = await s.reconcile({ to: LOCAL, build: 'prune: owned' })
    expect(fewer).toMatchObject({
      steps: [],
      prunable: [{ at: OTHER, why: 'no longer chosen' }],
    })
    const gone = await s.plan({ name: '' })
    expect(gone.prunable).toMatchObject([
      { at: LOCAL, why: 'worker left the manifest' },
      { at: OTHER, why: 'worker left the manifest' },
    ])
  })

  it('has what is adopted as ours, which overwrite: owned then replaces', async () => {
    await using s = await buildSite()
    await s.beginLock()
    const at = `${s.target.host}/acme/worker:1`
    seedFake(s.target, 'acme/worker', '1', await makeImage({ seed: 'theirs' }))
    const asked = { to: `'${at}'`, build: 'overwrite: owned, prune: owned' }
    expect(await s.plan(asked)).toMatchObject({ steps: [], drift: [{ at }] })
    await s.using(asked, project => project.editLock(adopt([at])))
    expect(await s.lock()).toMatch(/worker:1: \{ put: \S+, prune: owned \}/)
    expect((await s.plan(asked)).steps).toMatchObject([{ kind: 'build', to: [{ at, ours: true }] }])
  })

  it('finds again what a killed run put', async () => {
    await using s = await built()
    await writeFile(
      join(s.folder, 'images.lock.yaml'),
      (await s.lock()).replaceAll('{ put:', '{ intent:'),
    )
    expect(await s.reconcile(BOTH)).toMatchObject({ steps: [], summary: { unchanged: 2 } })
    expect((await s.lock()).match(/\{ put: /g)).toHaveLength(2)
  })
})

describe('a run that is killed when it has built, and brings it', () => {
  it('leaves nothing wrong, and the next one finishes', async () => {
    await using s = await buildSite()
    await s.beginLock()
    const target = `${s.target.host}/acme/worker:1`
    await s.write(
      'images.yaml',
      `version: 1\nbuilds: [{ name: worker, context: ./context, to: '${target}' }]\n`,
    )
    const kill = new AbortController()
    s.target.inject(({ method, route }) => {
      if (method !== 'PUT' || route.kind !== 'manifest') return undefined
      kill.abort()
      return { kind: 'stall' }
    })
    const env = { TMPDIR: s.folder }
    const { signal } = await waybill(['reconcile'], { cwd: s.folder, env, killOn: kill.signal })
    expect(signal).toBe('SIGKILL')
    expect(s.target.tags('acme/worker')).toEqual([])
    expect(await s.lock()).toMatch(/acme\/worker:1: \{ intent: sha256/)
    s.target.inject(undefined)
    const next = await waybill(['reconcile'], { cwd: s.folder, env })
    expect({ code: next.code, err: next.stderr }).toMatchObject({ code: 0 })
    expect(s.target.tags('acme/worker')).toEqual(['1'])
    expect(await s.lock()).toMatch(/acme\/worker:1: \{ put: sha256/)
    const left = (await readdir(s.folder)).filter(name => /embedded|waybill-/.test(name))
    expect(left).toEqual([])
    const last = await waybill(['plan', '--detailed-exitcode'], { cwd: s.folder, env })
    expect(last.code).toBe(0)
  })
})

describe('a build, and what is chosen', () => {
  const chosen = (s: BuildSite, more: string) => `images:
  - from: ${s.source.host}/acme/app
    name: app
    referrers: false
    tags: [{ semver: '*' }]
    ${more}`

  async function having(...tags: readonly string[]): Promise<BuildSite> {
    const s = await buildSite()
    for (const tag of tags) seedFake(s.source, 'acme/app', tag, await makeImage({ seed: tag }))
    return s
  }
  const to = ({ target }: BuildSite, tag: string) => `'${target.host}/acme/app:${tag}'`

  it.each([
    ['without a lock', false],
    ['with one', true],
  ])('that come to one place are refused both, %s', async (_, hasLock) => {
    await using s = await having('1.0.0', '2.0.0')
    if (hasLock) await s.beginLock()
    const more = chosen(s, `to: ${s.target.host}/acme/app`)
    const report = await s.reconcile({ more, to: to(s, '1.0.0') })
    expect(report).toMatchObject({
      exitCode: 3,
      steps: [{ kind: 'copy', to: [{ at: `${s.target.host}/acme/app:2.0.0` }] }],
      diagnostics: [
        {
          severity: 'error',
          problem: {
            code: 'MANIFEST_CONFLICT',
            message: expect.stringMatching(
              /acme\/app:1\.0\.0 is asked for twice: build:worker \(images\.yaml:\d+:\d+\) and /,
            ),
          },
        },
      ],
    })
    expect(s.target.tags('acme/app')).toEqual(['2.0.0'])
    const lock = hasLock ? await s.lock() : ''
    expect(lock).not.toContain('app:1.0.0: {')
  })

  it('that stand beside each other are carried out', async () => {
    await using s = await having('1.0.0')
    const more = chosen(s, `to: ${s.target.host}/acme/app`)
    expect(await s.reconcile({ more, to: to(s, 'built') })).toMatchObject({ exitCode: 0 })
    expect(s.target.tags('acme/app')).toEqual(['1.0.0', 'built'])
  })

  it('from where it is built is refused: it is there only after that', async () => {
    await using s = await having('1.0.0')
    const more = chosen(s, `to: ${s.target.host}/acme/copy`)
    const report = await s.reconcile({ more, to: `'${s.source.host}/acme/app:1.0.0'` })
    expect(report).toMatchObject({
      exitCode: 3,
      steps: [{ kind: 'build', result: 'done' }],
      diagnostics: [
        {
          problem: {
            message: expect.stringContaining('is written by this manifest: it is built at'),
            hint: 'exclude it, and add its places to the "to" of the build "worker"',
          },
        },
      ],
    })
    expect(s.target.log.filter(isWrite)).toEqual([])
  })
})

describe('a secret of a build', () => {
  it('is in no plan, key, lock, event or image, and another value builds nothing', async () => {
    await using s = await buildSite()
    await s.beginLock()
    const events: unknown[] = []
    const asked = (value: string): Asked => ({
      ...BOTH,
      build: 'secrets: [{ id: token, env: TOKEN }]',
      env: { HOME: s.folder, TOKEN: value },
      onEvent: event => events.push(event),
    })
    const plan = await s.plan(asked('hush-one'))
    const report = await s.reconcile(asked('hush-one'))
    expect(report).toMatchObject({ exitCode: 0, steps: [{ kind: 'build' }] })
    expect((await s.plan(asked('hush-two'))).steps).toEqual([])
    const said = JSON.stringify([plan, report, events, await s.lock()])
    expect(said).not.toContain('hush')
  })
})
