/** Updates that are committed: the lock and what is marked, in one commit, also where others are first. */
import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { commitUpdate, type Committed, type CommitInit } from '../../src/reconcile/commit.ts'
import { openProject } from '../../src/reconcile/project.ts'
import { createClones, type World as Git } from '../sources/repositories.ts'
import { having, imageOf } from '../support/choosing.ts'
import { OWNER } from '../support/owner.ts'
import { seedFake } from '../support/project.ts'
import type { World } from '../support/world.ts'

const rule = ({ source, target }: World, name: string) =>
  `  - from: ${source.host}/acme/${name}
    name: ${name}   # the ${name}
    tags: [{ semver: '*', newest: 1 }]
    to: ${target.host}/${name}
`
const DEPLOY = `a: &a\r\n  image: "r.io/app:0.9.0"   # waybill: app\r\n  tag: '0.9.0'\t# waybill: other:tag\r\n`
const files = (w: World) => ({
  'images.yaml': `version: 1\r\nname: platform\nimages:\n${rule(w, 'app')}${rule(w, 'other')}`,
  'deploy/app.yaml': DEPLOY,
})

async function committing(
  git: Git,
  clone: string,
  init: Partial<CommitInit> = {},
): Promise<Committed> {
  const cwd = git.path(clone)
  return commitUpdate({
    openProject: () =>
      openProject({
        files: ['images.yaml'],
        cwd,
        env: { HOME: git.folder },
        ...OWNER,
        version: '0.0.0-test',
      }),
    repository: await git.open(clone),
    images: [],
    lockFile: `${cwd}/images.lock.yaml`,
    cwd,
    push: true,
    ...init,
  })
}

const push = async (w: World, name: string, tag: string) =>
  seedFake(w.source, `acme/${name}`, tag, await imageOf(`${name} ${tag}`))

async function world(): Promise<World> {
  const w = await having('1.0.0')
  await push(w, 'other', '1.0.0')
  return w
}

const clonesOf = (w: World, ...clones: readonly string[]) => createClones(files(w), ...clones)

describe('update --commit', () => {
  it('commits the lock and what is marked, changing nothing but the values, and then nothing', async () => {
    await using w = await world()
    const git = await clonesOf(w, 'one')
    const done = await committing(git, 'one')
    expect(done).toMatchObject({ pushed: { branch: 'main' } })
    expect(await git.git('one', 'show', '--stat=200', '--format=%s%n%b')).toMatch(
      /^images: update 2 images\n- app 1\.0\.0 \(new\)\n- other 1\.0\.0 \(new\)\n[^]*deploy\/app\.yaml[^]*images\.lock\.yaml/,
    )
    expect(await readFile(git.path('one', 'deploy/app.yaml'), 'utf8')).toBe(
      DEPLOY.replaceAll('0.9.0', '1.0.0'),
    )
    expect(await readFile(git.path('one', 'images.yaml'), 'utf8')).toBe(files(w)['images.yaml'])
    const head = await git.git('one', 'rev-parse', 'HEAD')
    expect(await git.git('origin', 'rev-parse', 'main')).toBe(head)
    expect(await committing(git, 'one')).toMatchObject({ commit: undefined, moved: [] })
    expect(await git.git('one', 'rev-parse', 'HEAD')).toBe(head)
    expect(await git.git('one', 'status', '--porcelain', '-uno')).toBe('')
  })

  it('lands from two clones at once, neither lost', async () => {
    await using w = await world()
    const git = await clonesOf(w, 'one', 'two', 'check')
    await committing(git, 'one')
    await git.git('two', 'pull', '--quiet')
    await push(w, 'app', '1.1.0')
    await push(w, 'other', '2.0.0')
    await Promise.all([
      committing(git, 'one', { images: ['app'] }),
      committing(git, 'two', { images: ['other'] }),
    ])
    await git.git('check', 'pull', '--quiet')
    const lock = await readFile(git.path('check', 'images.lock.yaml'), 'utf8')
    expect(lock).toContain('acme/app:1.1.0:')
    expect(lock).toContain('acme/other:2.0.0:')
    expect(lock).not.toMatch(/^[<=>]{7}/m)
    expect(await readFile(git.path('check', 'deploy/app.yaml'), 'utf8')).toMatch(
      /app:1\.1\.0[^]*'2\.0\.0'/,
    )
    const subjects = (await git.git('check', 'log', '--format=%s')).trim().split('\n')
    expect(subjects.slice(0, 3).toSorted()).toEqual([
      'images: update 2 images',
      'images: update app',
      'images: update other',
    ])
  })

  it('writes nothing where a file is dirty that it would have to write', async () => {
    await using w = await world()
    const git = await clonesOf(w, 'one')
    const file = git.path('one', 'deploy/app.yaml')
    await writeFile(file, `${await readFile(file, 'utf8')}more: 1\r\n`)
    await expect(committing(git, 'one')).rejects.toThrow(/deploy\/app\.yaml/)
    await expect(readFile(git.path('one', 'images.lock.yaml'))).rejects.toThrow('ENOENT')
    await writeFile(file, DEPLOY)
    await committing(git, 'one')
    const lock = git.path('one', 'images.lock.yaml')
    await writeFile(lock, `${await readFile(lock, 'utf8')}# mine\n`)
    await push(w, 'app', '1.1.0')
    await expect(committing(git, 'one')).rejects.toThrow(/images\.lock\.yaml/)
    expect(await readFile(lock, 'utf8')).toContain('# mine')
  })

  it('follows a value in the manifest that another image moves', async () => {
    await using w = await having('1.0.0')
    const chained = `version: 1
images:
${rule(w, 'app')}  - from: ${w.source.host}/acme/app:0.9.0 # waybill: app
    name: copy
    to: ${w.target.host}/copy:current
`
    const git = await createClones({ 'images.yaml': chained }, 'one')
    await committing(git, 'one')
    expect(await readFile(git.path('one', 'images.lock.yaml'), 'utf8')).toMatch(
      /copy:\n {4}references:\n {6}\S+\/acme\/app:1\.0\.0:/,
    )
  })

  it('leaves values alone whose image has come to nothing, and follows what came after what is gone', async () => {
    await using w = await world()
    const held = `version: 1\nimages:\n${rule(w, 'app')}${rule(w, 'other')}    minAge: 3d\n`
    const git = await createClones({ ...files(w), 'images.yaml': held }, 'one')
    await committing(git, 'one')
    const deploy = () => readFile(git.path('one', 'deploy/app.yaml'), 'utf8')
    expect(await deploy()).toBe(DEPLOY.replace('app:0.9.0', 'app:1.0.0'))
    await push(w, 'app', '0.5.0')
    w.source.state.repository('acme/app').tags.delete('1.0.0')
    await committing(git, 'one')
    expect(await deploy()).toContain('app:0.5.0')
  })
})
