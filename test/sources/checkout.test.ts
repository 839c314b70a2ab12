import { chmod, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findTool } from '../live/support/tools.ts'
import { failure, fingerprint, putHistory, take, treeOf } from './checkouts.ts'
import { serveGit } from './git-server.ts'
import {
  commitByHand,
  CONFIG,
  configuration,
  createWork,
  read,
  write,
  writeProgram,
  type World,
} from './repositories.ts'

const V0 = configuration({ ...CONFIG, 'protocol.version': '0' })
const FILES = { 'a.txt': 'one', 'run.sh': '#!/bin/sh\n', 'deep/er/b': 'two', 'ü b': 'three' }
const TREE = {
  'a.txt': '644 one',
  'run.sh': '755 #!/bin/sh\n',
  deep: '755 /',
  'deep/er': '755 /',
  'deep/er/b': '644 two',
  'deep/link': '→ ../../nowhere',
  'ü b': '644 three',
}

/** `work` with files of every kind, and `origin`, a bare clone of it. */
async function createSource(files: Readonly<Record<string, string>> = FILES) {
  const world = await createWork(files)
  const work = world.path('work')
  if (files === FILES) {
    await chmod(`${work}/run.sh`, 0o755)
    await symlink('../../nowhere', `${work}/deep/link`)
  }
  // where there is more than the first commit has
  const more = files === FILES ? await commitByHand(world, 'work', { 'a.txt': 'one' }) : undefined
  await world.git('', 'clone', '--quiet', '--mirror', 'work', 'origin')
  await world.git('origin', 'update-server-info')
  return { world, commit: more ?? (await head(world)), origin: world.path('origin') }
}

async function head({ git }: World, name = 'HEAD', where = 'work'): Promise<string> {
  return (await git(where, 'rev-parse', name)).trim()
}

describe('a commit is checked out', () => {
  it.each([
    ['from a work tree', ({ path }: World) => path('work')],
    ['from a bare repository', ({ path }: World) => path('origin')],
    ['from a file address', ({ path }: World) => `file://${path('origin')}`],
    ['over HTTP', async (world: World) => `${(await serveGit(world)).url}origin`],
    ['from plain files', async (w: World) => `${(await serveGit(w, { isDumb: true })).url}origin`],
  ])('%s', async (_, urlOf) => {
    const { world, commit } = await createSource()
    const { folder, ...rest } = await take(world, { url: await urlOf(world), commit })
    expect(await treeOf(folder)).toEqual(TREE)
    expect(rest.commit).toBe(commit)
    expect([rest.files, rest.unfiltered]).toEqual([5, []])
  })

  it('tells when it was committed', async () => {
    const world = await createWork()
    const [commit = ''] = putHistory(world, 2)
    const { epoch } = await take(world, { url: world.path('work'), commit })
    expect(epoch).toBe(1_700_000_000)
  })

  it('that is older than what has a name', async () => {
    const { world, commit, origin } = await createSource()
    await commitByHand(world, 'work', { 'a.txt': 'newer', c: '' })
    await world.git('work', 'push', '--quiet', origin, 'main')
    const { folder } = await take(world, { url: `file://${origin}`, commit })
    expect(await treeOf(folder)).toEqual(TREE)
  })

  it('by the name of a tag, which leads to it', async () => {
    const { world, commit } = await createSource()
    await world.git('work', 'tag', '-a', '-m', 'x', 'v1')
    const tag = await head(world, 'v1')
    const taken = await take(world, { url: world.path('work'), commit: tag })
    expect([tag === commit, taken.commit]).toEqual([false, commit])
  })

  it('of a repository with longer names, and none of those in another', async () => {
    const { world, commit, origin } = await createSource()
    await world.git('', 'init', '--quiet', '--object-format=sha256', 'long')
    const long = await commitByHand(world, 'long', { a: 'x' })
    const { folder } = await take(world, { url: `file://${world.path('long')}`, commit: long })
    expect(await treeOf(folder)).toEqual({ a: '644 x' })
    for (const wanted of [
      { url: origin, commit: long },
      { url: world.path('long'), commit },
    ]) {
      expect(await failure(take(world, wanted))).toMatchObject({ code: 'SOURCE_REVISION_MISSING' })
    }
  })

  it('that has no files', async () => {
    const world = await createWork()
    await world.git('work', 'rm', '--quiet', '-r', '.')
    await world.git('work', 'commit', '--quiet', '-m', 'gone')
    const { folder, files } = await take(world, {
      url: world.path('work'),
      commit: await head(world),
    })
    expect([files, await treeOf(folder)]).toEqual([0, {}])
  })

  it('as it is committed, and nothing of the clone is touched', async () => {
    const { world, commit } = await createSource()
    await write(world.path('work'), { 'a.txt': 'mine', 'deep/er/b': 'staged', new: 'x' })
    await world.git('work', 'add', 'deep')
    const before = await fingerprint(world.path('work'))
    const url = world.path('work')
    const { folder } = await take(world, { url, commit })
    expect(await treeOf(folder)).toEqual(TREE)
    await take(world, { url, commit, path: 'deep' })
    expect(await fingerprint(world.path('work'))).toBe(before)
  })

  it('from a work tree beside the first, and a shallow clone', async () => {
    const { world, commit, origin } = await createSource()
    await world.git('work', 'worktree', 'add', '--quiet', '-b', 'side', '../side')
    await world.git('', 'clone', '--quiet', '--depth=1', `file://${origin}`, 'shallow')
    for (const name of ['side', 'shallow']) {
      const { folder } = await take(world, { url: world.path(name), commit })
      expect(await treeOf(folder)).toEqual(TREE)
    }
  })

  it("with git's modes, whatever the umask", async () => {
    const { world, commit, origin } = await createSource()
    const git = findTool('git') ?? ''
    await writeProgram(world.path('bin/git'), `umask 077; exec '${git}' "$@"`)
    const env = { PATH: `${world.path('bin')}:${world.env['PATH']}` }
    const { folder } = await take(world, { url: origin, commit }, { env })
    expect(await treeOf(folder)).toEqual(TREE)
  })
})

describe('where a server gives no commit by itself', () => {
  it('the name that had it is fetched, as deep as needed, and then the others', async () => {
    const { world } = await createSource()
    const all = putHistory(world, 150)
    await world.git('', 'clone', '--quiet', '--mirror', 'work', 'later')
    const { url } = await serveGit(world)
    const at = (index: number) => ({ url: `${url}later`, commit: all.at(index) ?? '' })
    for (const index of [-1, -3, -140]) {
      const wanted = { ...at(index), ref: 'refs/heads/main' }
      const { folder } = await take(world, wanted, { env: V0 })
      expect(await read(folder, 'n')).toBe(`${all.length + index}\n`)
    }
    const gone = { ...at(-2), ref: 'refs/heads/gone' }
    expect((await take(world, gone, { env: V0 })).commit).toBe(gone.commit)
    expect((await take(world, at(-120), { env: V0 })).commit).toBe(at(-120).commit)
  })

  it('a folder is taken from all of it', async () => {
    const { world, commit } = await createSource()
    await commitByHand(world, 'work', { c: '' })
    const url = `${(await serveGit(world)).url}work/.git`
    const { folder } = await take(world, { url, commit, path: 'deep' }, { env: V0 })
    expect(Object.keys(await treeOf(folder)).toSorted()).toEqual(['er', 'er/b', 'link'])
  })

  it.each([
    ['asked by its name', {}],
    ['asked as in old times', V0],
  ])('a commit that is not there is missing, %s', async (_, env) => {
    const { world, origin } = await createSource()
    const commit = 'f'.repeat(40)
    const wanted = { url: `file://${origin}`, commit, ref: 'refs/heads/main' }
    expect(await failure(take(world, wanted, { env }))).toMatchObject({
      code: 'SOURCE_REVISION_MISSING',
      message: `file://${origin} has no commit ${commit}`,
      hint: expect.stringContaining('pushed over'),
    })
  })
})

describe('of a folder', () => {
  it('only its files are written', async () => {
    const files = {
      'a/b[1]*?/c': 'x',
      'a/b1z/c': 'no',
      'a/b[1]*?/d/e': 'y',
      top: 'no',
      'a/f': 'no',
    }
    const { world, commit } = await createSource(files)
    for (const path of ['a/b[1]*?', './a//b[1]*?/']) {
      const taken = await take(world, { url: world.path('work'), commit, path })
      expect(await treeOf(taken.folder)).toEqual({ c: '644 x', d: '755 /', 'd/e': '644 y' })
      expect(await treeOf(dirname(taken.folder))).not.toHaveProperty('f')
      expect(taken.files).toBe(2)
    }
  })

  it('only its files are fetched, where the server can do that', async () => {
    const big = Array.from({ length: 40_000 }, () => Math.random()).join()
    const { world, commit, origin } = await createSource({ big, 'a/small': 'x', 'a/b/c': 'y' })
    const server = await serveGit(world)
    const wanted = { url: `${server.url}origin`, commit, path: 'a' }
    const sum = () => server.sent.reduce((all, one) => all + one, 0)
    const tree = { small: '644 x', b: '755 /', 'b/c': '644 y' }

    expect(await treeOf((await take(world, wanted)).folder)).toEqual(tree)
    const whole = sum()
    expect(whole).toBeGreaterThan(100_000)
    await world.git('origin', 'config', 'uploadpack.allowFilter', 'true')
    expect(await treeOf((await take(world, wanted)).folder)).toEqual(tree)
    expect(sum() - whole).toBeLessThan(10_000)
    expect(origin).toBe(world.path('origin'))
  })

  it.each([
    ['a misspelling', 'deap', 'has no folder deap', 'did you mean "deep"?'],
    ['nothing', 'x/y/zzzzzzzz', 'has no folder x/y/zzzzzzzz', 'there is deep'],
    ['nothing below', 'deep/nowhere', 'has no folder deep/nowhere', 'there is deep/er'],
    ['a file', 'deep/er/b', 'deep/er/b of', 'a folder that the commit has'],
    ['what is below a file', 'a.txt/x', 'a.txt of', 'a folder that the commit has'],
    ['a link', 'deep/link', 'is a link and no folder', 'a folder that the commit has'],
  ])('%s is an error', async (_, path, message, hint) => {
    const { world, commit, origin } = await createSource()
    const failed = await failure(take(world, { url: `file://${origin}`, commit, path }))
    expect(failed).toMatchObject({ code: 'SOURCE_MISSING', hint: expect.stringContaining(hint) })
    expect(failed.message).toContain(message)
    expect(failed.message).toContain(`file://${origin} at ${commit.slice(0, 12)}`)
  })

  it.each(['/a', '..', 'a/../..', '../x', 'a\nb'])('%j is refused', async path => {
    const { world, commit, origin } = await createSource()
    const failed = await failure(take(world, { url: origin, commit, path }))
    expect(failed).toMatchObject({ code: 'BAD_ARGUMENT' })
  })
})

describe('the files are the same everywhere', () => {
  const attributes = '*.crlf eol=crlf\n*.txt text\n*.psd filter=lfs\n*.x filter=mine -text\n'
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'

  it('and no program is run for them', async () => {
    const files = {
      'a/b.crlf': 'x\n',
      'a/c.txt': 'x\n',
      'a/d.psd': pointer,
      'a/e.x': 'x\n',
      f: 'x\n',
    }
    const { world, commit } = await createSource({ ...files, '.gitattributes': attributes })
    const ran = world.path('ran')
    const hooks = world.path('hooks')
    for (const name of ['post-checkout', 'reference-transaction', 'post-index-change']) {
      await writeProgram(`${hooks}/${name}`, `touch '${ran}'`)
    }
    await write(world.folder, { '.config/git/attributes': '* eol=crlf filter=mine\n' })
    // so that names are fetched, of which hooks are told
    await world.git('work', 'commit', '--quiet', '--allow-empty', '-m', 'more')
    const smudge = `touch '${ran}'; cat`
    for (const [key, value] of [
      ['core.hooksPath', hooks],
      ['core.autocrlf', 'true'],
      ['core.fsmonitor', smudge],
      ['filter.mine.smudge', smudge],
      ['filter.mine.required', 'true'],
      ['filter.lfs.smudge', smudge],
      ['filter.lfs.process', smudge],
    ] as const) {
      await world.git('', 'config', '--global', key, value)
    }
    for (const path of ['', 'a']) {
      const { folder, unfiltered } = await take(
        world,
        { url: world.path('work'), commit, path },
        { env: V0 },
      )
      const inner = path === '' ? 'a/' : ''
      expect(await treeOf(folder)).toMatchObject({
        [`${inner}b.crlf`]: '644 x\r\n',
        [`${inner}c.txt`]: '644 x\n',
        [`${inner}d.psd`]: `644 ${pointer}`,
        [`${inner}e.x`]: '644 x\n',
        ...(path === '' && { f: '644 x\n' }),
      })
      expect(unfiltered).toEqual([
        { path: `${inner}d.psd`, filter: 'lfs' },
        { path: `${inner}e.x`, filter: 'mine' },
      ])
    }
    await expect(read(ran)).rejects.toThrow('ENOENT')
  })

  it('where what is above a folder was not fetched with it, too', async () => {
    const { world, commit } = await createSource({
      '.gitattributes': attributes,
      'a/b.crlf': 'x\n',
    })
    await world.git('work', 'config', 'uploadpack.allowFilter', 'true')
    const url = `file://${world.path('work')}`
    const { folder } = await take(world, { url, commit, path: 'a' })
    expect(await treeOf(folder)).toEqual({ 'b.crlf': '644 x\r\n' })
  })
})
