import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseModules } from '../../src/sources/submodules.ts'
import { failure, putCommit, putObject, putTree, take, treeOf } from './checkouts.ts'
import { serveGit } from './git-server.ts'
import { commitByHand, CONFIG, configuration, createWork, type World } from './repositories.ts'

const FILE = configuration({ ...CONFIG, 'protocol.file.allow': 'always' })

/** `work` with a commit of these submodules, by path: address and commit. */
async function commitModules(
  world: World,
  modules: Readonly<Record<string, { readonly url: string; readonly commit: string }>>,
): Promise<string> {
  const entries = Object.entries(modules)
  const text = entries.map(
    ([path, { url }], index) => `[submodule "m${index}"]\n\tpath = ${path}\n\turl = ${url}\n`,
  )
  for (const [path, { commit }] of entries) {
    const cache = `160000,${commit},${path}`
    await world.git('work', 'update-index', '--add', '--cacheinfo', cache)
  }
  const id = putObject(world, 'blob', text.join(''))
  await world.git('work', 'update-index', '--add', '--cacheinfo', `100644,${id},.gitmodules`)
  return putCommit(world, (await world.git('work', 'write-tree')).trim())
}

/** `lib` and `inner`, which is a submodule of it, beside `work`. */
async function createModules() {
  const world = await createWork({ 'a/b': 'x', 'run/me': 'x', '.gitattributes': '' })
  await world.git('', 'init', '--quiet', 'inner')
  const inner = await commitByHand(world, 'inner', { i: 'inner' })
  await world.git('', 'init', '--quiet', 'lib')
  await commitByHand(world, 'lib', {
    l: 'lib',
    'x.psd': 'p',
    '.gitattributes': '*.psd filter=lfs\n',
  })
  await world.git('lib', 'update-index', '--add', '--cacheinfo', `160000,${inner},deep/inner`)
  for (const [key, value] of [
    ['path', 'deep/inner'],
    ['url', '../../inner/.git'],
    ['update', '!touch ran'],
  ] as const) {
    await world.git('lib', 'config', '--file', '.gitmodules', `submodule.a.b.${key}`, value)
  }
  await world.git('lib', 'add', '.gitmodules')
  await world.git('lib', 'commit', '--quiet', '-m', 'inner')
  const commit = (await world.git('lib', 'rev-parse', 'HEAD')).trim()
  return { world, lib: commit, inner }
}

describe('submodules', () => {
  it('are an error that names them, unless they are asked for', async () => {
    const { world, lib } = await createModules()
    const url = '../lib'
    const commit = await commitModules(world, {
      'a/m': { url, commit: lib },
      n: { url, commit: lib },
    })
    const wanted = { url: world.path('work'), commit }
    expect(await failure(take(world, wanted))).toMatchObject({
      code: 'SOURCE_DENIED',
      message: `${wanted.url} at ${commit.slice(0, 12)} has submodules: a/m, n`,
      hint: expect.stringContaining('submodules: true'),
    })
    const inFolder = await failure(take(world, { ...wanted, path: 'a' }))
    expect(inFolder.message).toContain('has a submodule: a/m')
    expect((await take(world, { ...wanted, path: 'run' })).files).toBe(1)
    const asFolder = await failure(take(world, { ...wanted, path: 'n/x', submodules: true }))
    expect(asFolder).toMatchObject({
      code: 'SOURCE_MISSING',
      message: expect.stringMatching(/^n of/),
    })
  })

  it('come with theirs, by addresses beside the first', async () => {
    const { world, lib } = await createModules()
    const { url } = await serveGit(world)
    const commit = await commitModules(world, { 'a/m': { url: '../../lib/.git', commit: lib } })
    const wanted = { url: `${url}work/.git`, commit, submodules: true }
    const { folder, files, unfiltered } = await take(world, wanted)
    const inside = {
      '.gitattributes': '644 *.psd filter=lfs\n',
      '.gitmodules': expect.any(String),
      deep: '755 /',
      'deep/inner': '755 /',
      'deep/inner/i': '644 inner',
      l: '644 lib',
      'x.psd': '644 p',
    }
    expect(await treeOf(`${folder}/a/m`)).toEqual(inside)
    expect(await treeOf(folder)).toMatchObject({ 'a/b': '644 x', 'run/me': '644 x' })
    expect(files).toBe(5 + 5 + 1)
    expect(unfiltered).toEqual([{ path: 'a/m/x.psd', filter: 'lfs' }])

    const part = await take(world, { ...wanted, path: 'a' })
    expect(await treeOf(`${part.folder}/m`)).toEqual(inside)
    expect(part.unfiltered).toEqual([{ path: 'm/x.psd', filter: 'lfs' }])
  })

  it('of a clone are beside what it was cloned from', async () => {
    const { world, lib } = await createModules()
    const { url, requests } = await serveGit(world)
    const commit = await commitModules(world, { m: { url: '../../lib/.git', commit: lib } })
    await world.git('work', 'remote', 'add', 'origin', `${url}work/.git`)
    const { folder } = await take(world, { url: world.path('work'), commit, submodules: true })
    expect(await treeOf(`${folder}/m`)).toMatchObject({ l: '644 lib' })
    const { pathname } = new URL('work/', url)
    expect(requests.filter(line => line.includes(pathname))).toEqual([])
  })

  it('on this machine are taken only where git itself would', async () => {
    const { world, lib, inner } = await createModules()
    const commit = await commitModules(world, { m: { url: '../lib', commit: lib } })
    const wanted = { url: world.path('work'), commit, submodules: true }
    expect(await failure(take(world, wanted))).toMatchObject({
      code: 'SOURCE_DENIED',
      message: expect.stringContaining("transport 'file' not allowed"),
      hint: expect.stringContaining('protocol.allow'),
    })
    const other = await commitModules(world, { m: { url: '../inner', commit: inner } })
    const { folder } = await take(world, { ...wanted, commit: other }, { env: FILE })
    expect(await treeOf(`${folder}/m`)).toEqual({ i: '644 inner' })
  })

  it.each([['file://'], ['']])('on this machine are never those of another: %j', async scheme => {
    const { world, lib } = await createModules()
    const { url } = await serveGit(world)
    const at = `${scheme}${world.path('lib')}`
    const commit = await commitModules(world, { m: { url: at, commit: lib } })
    const wanted = { url: `${url}work/.git`, commit, submodules: true }
    expect(await failure(take(world, wanted, { env: FILE }))).toMatchObject({
      code: 'SOURCE_DENIED',
      message: expect.stringContaining('the submodule m of'),
      hint: expect.stringContaining('does not choose files here'),
    })
  })

  it.each([
    ['a program', 'ext::touch ran'],
    ['an option', '--upload-pack=touch ran'],
    ['what is above', '../../../../../x'],
    ['a password', 'https://ada:s3cret@h.example/x'],
  ])('at %s are refused', async (_, url) => {
    const { world, lib } = await createModules()
    const commit = await commitModules(world, { m: { url, commit: lib } })
    const failed = await failure(
      take(world, { url: `file://${world.path('work')}`, commit, submodules: true }),
    )
    expect(failed).toMatchObject({ code: 'SOURCE_DENIED', cause: { code: 'BAD_ARGUMENT' } })
    expect(`${failed.message} ${failed.cause}`).not.toContain('s3cret')
  })

  it.each([
    ['says nothing', {}],
    ['is none', { '.gitmodules': '160000' }],
  ])('are an error where .gitmodules %s', async (_, extra) => {
    const { world, lib } = await createModules()
    const entries = [...Object.keys(extra), 'm'].map(name => ['160000', name, lib] as const)
    const commit = await putCommit(world, putTree(world, entries))
    const failed = await failure(take(world, { url: world.path('work'), commit, submodules: true }))
    expect(failed.message).toMatch(/\.gitmodules of .* has no address for (?:m|\.gitmodules)$/)
  })

  it('are not followed for ever', async () => {
    const world = await createWork()
    const { url } = await serveGit(world)
    let commit = await commitByHand(world, 'work', { a: 'x' })
    const commits = [commit]
    for (let depth = 1; depth <= 9; depth++) {
      commit = await commitModules(world, { m: { url: '../.git', commit } })
      await world.git('work', 'branch', `at${depth}`, commit)
      commits.push(commit)
    }
    const at = (depth: number) => ({
      url: `${url}work/.git`,
      commit: commits[depth] ?? '',
      submodules: true,
    })
    expect(commits).toHaveLength(10)
    expect(await failure(take(world, at(9)))).toMatchObject({
      code: 'SOURCE_DENIED',
      message: expect.stringContaining('9 deep'),
    })
    expect((await take(world, at(8))).files).toBeGreaterThan(8)
  })

  it('count with the files', async () => {
    const { world, lib } = await createModules()
    const { url } = await serveGit(world)
    const commit = await commitModules(world, { 'a/m': { url: '../../lib/.git', commit: lib } })
    const wanted = { url: `${url}work/.git`, commit, submodules: true }
    expect((await take(world, { ...wanted, maxFiles: 11 })).files).toBe(11)
    expect(await failure(take(world, { ...wanted, maxFiles: 10 }))).toMatchObject({
      message: expect.stringMatching(/inner.* has more files than the 10 /),
    })
  })
})

describe('what git prints of a .gitmodules', () => {
  it('is read back, whatever else there is', () => {
    const name = fc.stringMatching(/^[a-z.]{1,8}$/)
    const value = fc.stringMatching(/^[^\0]{1,12}$/)
    const modules = fc.uniqueArray(fc.record({ name, path: value, url: value }), {
      selector: ({ name }) => name,
    })
    fc.assert(
      fc.property(modules, fc.string(), (modules, noise) => {
        const text = modules.map(
          ({ name, path, url }) =>
            `submodule.${name}.path\n${path}\0submodule.${name}.update\n!x\0submodule.${name}.url\n${url}\0`,
        )
        const found = parseModules(`core.path\nx\0${text.join('')}`)
        expect(found).toEqual(new Map(modules.map(({ path, url }) => [path, url])))
        expect(() => parseModules(noise)).not.toThrow()
      }),
    )
  })
})
