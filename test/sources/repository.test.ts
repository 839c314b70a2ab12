import { mkdir, rename, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FileVersion } from '../../src/sources/git.ts'
import { openRepository } from '../../src/sources/open.ts'
import { findTool } from '../live/support/tools.ts'
import {
  commitByHand,
  configuration,
  createClones,
  createWork,
  read,
  write,
  writeProgram,
} from './repositories.ts'

async function allOf(versions: AsyncIterable<FileVersion>): Promise<FileVersion[]> {
  const all: FileVersion[] = []
  for await (const version of versions) all.push(version)
  return all
}

describe('opening a repository', () => {
  it('finds its top from a folder below', async () => {
    const { open, path, git } = await createWork({ 'a/b/images.yaml': '' })
    const repository = await open('work/a/b')
    expect(repository.root).toBe(path('work'))
    expect(await repository.branch()).toBe('main')
    expect(await repository.head()).toBe((await git('work', 'rev-parse', 'HEAD')).trim())
  })

  it('has neither a head before the first commit, nor a branch where none is checked out', async () => {
    const { open, git } = await createWork()
    await git('', 'init', '--quiet', 'empty')
    const empty = await open('empty')
    expect([await empty.head(), await empty.branch()]).toEqual([undefined, 'main'])
    await git('work', 'checkout', '--quiet', '--detach')
    expect(await (await open('work')).branch()).toBeUndefined()
  })

  it('opens work trees beside the first, and submodules, as repositories of their own', async () => {
    const { open, git, path } = await createClones({ 'images.yaml': '' }, 'clone')
    await git('work', 'worktree', 'add', '--quiet', '-b', 'side', '../side')
    const allow = ['-c', 'protocol.file.allow=always']
    await git('clone', ...allow, 'submodule', '--quiet', 'add', `file://${path('origin')}`, 'sub')
    expect((await open('side')).root).toBe(path('side'))
    expect((await open('clone/sub')).root).toBe(path('clone', 'sub'))
  })

  it.each([
    ['no repository', '', 'is in no git repository'],
    ['a bare one', 'origin', 'is a bare repository, which has no files'],
    ["git's folder", 'work/.git', "is the inside of git's own folder"],
    ['no folder', 'nowhere', 'there is no folder'],
  ])('refuses %s', async (_, where, message) => {
    const { open } = await createClones({ a: '' })
    await expect(open(where)).rejects.toThrow(message)
    await expect(open(where)).rejects.toMatchObject({ code: 'SOURCE_MISSING' })
  })

  it('does not take a repository that git refuses to open for none', async () => {
    const { open, path } = await createWork()
    await write(path('work/.git'), { config: '[core\n' })
    await expect(open('work')).rejects.toThrow(/git did not open the repository of .*bad config/)
    await expect(open('work')).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
  })

  it('says so where there is no git', async () => {
    const { open } = await createWork()
    const { message, hint } = await open('work', { PATH: '/nonexistent' }).catch(error => error)
    expect([message, hint]).toEqual(['git is not on PATH', 'install git'])
  })

  it('is not led astray by variables that point elsewhere', async () => {
    const { open, path } = await createWork()
    const env = { GIT_DIR: '/nonexistent', GIT_WORK_TREE: '/', GIT_INDEX_FILE: '/x', EDITOR: 'vi' }
    expect((await open('work', env)).root).toBe(path('work'))
  })

  it("lets the user's own settings through", async () => {
    const { open, path, git } = await createWork()
    await git('work', 'remote', 'add', 'origin', 'ssh://git@h.example/x')
    const told = path('told')
    const ssh = await writeProgram(path('ssh'), `echo "$@" >'${told}'; exit 1`)
    const settings = { 'credential.helper': 'x', 'url.ssh://h.invalid/.insteadOf': 'ssh://git@h' }
    const repository = await open('work', {
      ...configuration(settings),
      GIT_SSH_COMMAND: ssh,
      GIT_ASKPASS: 'askpass',
    })
    await expect(repository.switchTo('side')).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(await read(told)).toContain('h.invalid')
  })

  it('gives git neither secrets of ours nor a chance to ask', async () => {
    const { open, path, env } = await createWork()
    const told = path('told')
    const git = findTool('git') ?? ''
    await writeProgram(path('bin/git'), `env >'${told}'; exec '${git}' "$@"`)
    const PATH = `${path('bin')}:${env['PATH']}`
    await open('work', { PATH, HUB_TOKEN: 'secret', LANG: 'de_DE', https_proxy: 'http://p' })
    const seen = await read(told)
    expect(seen).not.toMatch(/secret|de_DE/)
    expect(seen).toMatch(/^LC_ALL=C$/m)
    expect(seen).toMatch(/^GIT_TERMINAL_PROMPT=0$/m)
    expect(seen).toMatch(/^https_proxy=http:\/\/p$/m)
  })

  it('stops when told to', async () => {
    const { path, env } = await createWork()
    const stop = new AbortController()
    const reason = new Error('enough')
    await writeProgram(path('bin/git'), `kill -USR2 ${process.pid}; exec sleep 60`)
    process.once('SIGUSR2', () => stop.abort(reason))
    const init = { env: { ...env, PATH: `${path('bin')}:${env['PATH']}` }, random: () => 0 }
    await expect(openRepository(path('work'), init, { signal: stop.signal })).rejects.toBe(reason)
  })
})

describe('dirty files', () => {
  it('are those with changes that are not committed, staged or not', async () => {
    const { open, git, path } = await createWork({ 'a*': '', ab: '', 'ü b': '', d: '', e: '' })
    await write(path('work'), { ab: 'x', 'ü b': 'x', d: 'x', new: 'x' })
    await git('work', 'add', 'd')
    const repository = await open('work')
    const files = ['a*', 'ü b', 'd', 'e', 'new'].map(name => path('work', name))
    const dirty = [path('work', 'd'), path('work', 'ü b')]
    expect((await repository.dirtyFiles(files)).toSorted()).toEqual(dirty)
    expect(await repository.dirtyFiles([])).toEqual([])
    await expect(repository.refuseDirty(files)).rejects.toMatchObject({ code: 'SOURCE_CONFLICT' })
    await expect(repository.refuseDirty([path('work', 'd')])).rejects.toThrow(
      'work/d has changes that are not committed',
    )
    await repository.refuseDirty([path('work', 'e'), path('work', 'new')])
  })

  it('are found by way of a link, and refused outside of the repository', async () => {
    const { open, path } = await createWork({ 'f/a': '' })
    await symlink(path('work', 'f'), path('link'))
    await write(path('work'), { 'f/a': 'x' })
    const repository = await open('work')
    expect(await repository.dirtyFiles([path('link', 'a')])).toEqual([path('link', 'a')])
    for (const outside of [path('a'), path('work'), dirname(path('work')), path('workx', 'a')]) {
      await expect(repository.dirtyFiles([outside])).rejects.toThrow('is not in the repository')
    }
  })
})

describe('files with markers', () => {
  it('are YAML, known to git, and have one', async () => {
    const { open, git, path } = await createWork({
      'a.yaml': 'a: 1 # waybill: a:tag\n',
      'deep/b.yml': 'a: 1 #waybill: a:tag\n',
      'c.yaml': '# Kept by waybill: do not edit\n',
      'd.txt': '# waybill: a\n',
    })
    await write(path('work'), { 'new.yaml': '# waybill: a\n', 'c.yaml': 'a: 1 # waybill: x\n' })
    const repository = await open('work/deep')
    const found = ['a.yaml', 'c.yaml', 'deep/b.yml'].map(name => path('work', name))
    expect(await repository.markedFiles()).toEqual(found)
    await git('work', 'rm', '--quiet', '--force', '-r', '.')
    expect(await repository.markedFiles()).toEqual([])
  })
})

describe('the history of a file', () => {
  it('has every version that was committed, newest first', async () => {
    const world = await createWork({ 'f/a': 'one\r\n', b: '' })
    const date = '2026-03-01T12:00:00Z'
    const first = await world.git('work', 'rev-parse', 'HEAD')
    await commitByHand(world, 'work', { b: 'other' })
    await commitByHand(world, 'work', { 'f/a': '\ufefftwo ü\n' })
    await world.git('work', 'rm', '--quiet', 'f/a')
    await world.git('work', 'commit', '--quiet', '-m', 'gone')
    const dated = { ...world.env, GIT_COMMITTER_DATE: date }
    const last = await commitByHand({ ...world, env: dated }, 'work', { 'f/a': 'three' })
    await write(world.path('work'), { 'f/a': 'not committed' })

    const repository = await world.open('work')
    const versions = await allOf(repository.fileHistory(world.path('work', 'f/a')))
    expect(versions.map(({ text }) => text)).toEqual(['three', '\ufefftwo ü\n', 'one\r\n'])
    expect([versions[0]?.commit, versions[2]?.commit]).toEqual([last, first.trim()])
    const when = await world.git('work', 'show', '--no-patch', '--format=%cI', last)
    expect(versions[0]?.date).toEqual(new Date(when.trim()))
  })

  it('is empty for a file that is in no commit, and before the first', async () => {
    const { open, path, git } = await createWork()
    await git('', 'init', '--quiet', 'empty')
    expect(await allOf((await open('work')).fileHistory(path('work/none/x')))).toEqual([])
    expect(await allOf((await open('empty')).fileHistory(path('empty/x')))).toEqual([])
  })

  it('takes a version that was merged', async () => {
    const world = await createWork({ a: '1' })
    await world.git('work', 'switch', '--quiet', '-c', 'side')
    await commitByHand(world, 'work', { a: '2' })
    await world.git('work', 'switch', '--quiet', 'main')
    await commitByHand(world, 'work', { b: 'x' })
    await world.git('work', 'merge', '--quiet', '--no-edit', 'side')
    const versions = await allOf((await world.open('work')).fileHistory(world.path('work/a')))
    expect(versions.map(({ text }) => text)).toEqual(['2', '1'])
  })

  it('ends where a shallow clone does, which can be asked', async () => {
    const world = await createClones({ a: '1' }, 'clone')
    await commitByHand(world, 'clone', { a: '2' })
    await world.git('clone', 'push', '--quiet')
    const from = `file://${world.path('origin')}`
    await world.git('', 'clone', '--quiet', '--depth=1', from, 'shallow')
    const shallow = await world.open('shallow')
    const versions = await allOf(shallow.fileHistory(world.path('shallow/a')))
    expect(versions.map(({ text }) => text)).toEqual(['2'])
    expect(await shallow.isShallow()).toBe(true)
    expect(await (await world.open('clone')).isShallow()).toBe(false)
  })

  it('fails where git cannot tell, rather than being empty', async () => {
    const world = await createWork({ a: '1' })
    const repository = await world.open('work')
    const objects = world.path('work/.git/objects')
    await rename(objects, `${objects}.gone`)
    await mkdir(objects)
    await expect(allOf(repository.fileHistory(join(world.path('work'), 'a')))).rejects.toThrow(
      'git did not',
    )
  })
})
