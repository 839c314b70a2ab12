import { readdir } from 'node:fs/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEntries, parseFilters } from '../../src/sources/listing.ts'
import { findTool } from '../live/support/tools.ts'
import { failure, putCommit, putObject, putTree, take, treeOf } from './checkouts.ts'
import { serveGit } from './git-server.ts'
import { CONFIG, configuration, createWork, read, writeProgram } from './repositories.ts'

async function head({ git }: Awaited<ReturnType<typeof createWork>>): Promise<string> {
  return (await git('work', 'rev-parse', 'HEAD')).trim()
}

describe('a repository that means harm', () => {
  it.each([
    ['.git/config', ['.git', 'config']],
    ['.GIT', ['.GIT']],
    ['git~1', ['git~1']],
    ['.g\u200cit', ['.g\u200cit', 'config']],
    ['..', ['..', 'x']],
    ['.', ['.', 'x']],
    ['a/../../x', ['a', '..', '..', 'x']],
    ['a slash', ['a/../../x']],
    ['.git:stream', ['.git::$INDEX_ALLOCATION', 'config']],
  ])('writes no %s', async (_, names) => {
    const world = await createWork()
    const blob = putObject(world, 'blob', 'harm')
    const tree = names.reduceRight((id, name, index) => {
      const mode = index === names.length - 1 ? '100644' : '40000'
      return putTree(world, [[mode, name, id]])
    }, blob)
    const commit = await putCommit(world, tree)
    const off = configuration({
      ...CONFIG,
      'core.protectNTFS': 'false',
      'core.protectHFS': 'false',
    })
    const failed = await failure(take(world, { url: world.path('work'), commit }, { env: off }))
    expect(failed).toMatchObject({
      code: 'SOURCE_DENIED',
      message: expect.stringContaining('invalid path'),
    })
    expect(await readdir(world.path('into'))).toEqual(['0'])
  })

  it('has its links left as they are, and followed by nobody', async () => {
    const world = await createWork()
    const link = (to: string) => putObject(world, 'blob', to)
    const tree = putTree(world, [
      ['120000', 'abs', link(world.folder)],
      ['100644', 'file', link('x')],
      ['120000', 'up', link('../../..')],
    ])
    const commit = await putCommit(world, tree)
    const url = world.path('work')
    const { folder } = await take(world, { url, commit })
    expect(await treeOf(folder)).toEqual({
      abs: `→ ${world.folder}`,
      file: '644 x',
      up: '→ ../../..',
    })
    for (const path of ['up', 'abs/work']) {
      const failed = await failure(take(world, { url, commit, path }))
      expect(failed.message).toMatch(/^(?:up|abs) of .* is a link and no folder$/)
    }
  })

  it('writes nothing through a link of the same name', async () => {
    const world = await createWork()
    const blob = putObject(world, 'blob', 'harm')
    const inner = putTree(world, [['100644', 'written', blob]])
    const tree = putTree(world, [
      ['120000', 'a', putObject(world, 'blob', world.folder)],
      ['40000', 'a', inner],
    ])
    const commit = await putCommit(world, tree)
    await failure(take(world, { url: world.path('work'), commit }))
    await expect(read(world.path('written'))).rejects.toThrow('ENOENT')
  })

  it('may have so many files and no more', async () => {
    const world = await createWork({ a: '', b: '', 'c/d': '', 'c/e': '' })
    const wanted = { url: world.path('work'), commit: await head(world) }
    expect((await take(world, { ...wanted, maxFiles: 4 })).files).toBe(4)
    expect((await take(world, { ...wanted, path: 'c', maxFiles: 2 })).files).toBe(2)
    expect(await failure(take(world, { ...wanted, maxFiles: 3 }))).toMatchObject({
      code: 'SOURCE_DENIED',
      message: `${wanted.url} at ${wanted.commit.slice(0, 12)} has more files than the 3 that a context may have`,
      hint: 'say with "path" which folder of it is needed',
    })
  })

  it('is not listed to its end where that is far', async () => {
    const world = await createWork()
    const names = Array.from({ length: 10 }, (_, index) => `f${index}`)
    const blob = putObject(world, 'blob', 'x')
    const start = putTree(
      world,
      names.map(name => ['100644', name, blob]),
    )
    // 10 to the 10th files in 10 trees
    const bomb = names.slice(1).reduce(
      id =>
        putTree(
          world,
          names.map(name => ['40000', name, id]),
        ),
      start,
    )
    const commit = await putCommit(world, bomb)
    for (const path of ['', 'f0']) {
      const failed = await failure(take(world, { url: world.path('work'), commit, path }))
      expect(failed.message).toContain('has more files than the 200000 ')
    }
  })

  it.each([
    ['so many bytes of names', 18_500, 'has a submodule'],
    ['no more', 18_600, 'longer names than the 64 MiB'],
  ])('may have %s', async (_, count, message) => {
    const world = await createWork()
    const blob = putObject(world, 'blob', '')
    const names = Array.from({ length: count }, (_, index) => `f${index}`.padEnd(25, '-'))
    const entries = names.toSorted().map(name => ['100644', name, blob] as const)
    // which is refused only where nothing was too much, and so nothing has to be written
    const files = putTree(world, [...entries, ['160000', 'z', 'f'.repeat(40)]])
    // 3,621 bytes for each file
    const folders = Array.from({ length: 14 }, () => 'd'.repeat(252))
    const tree = folders.reduce((id, name) => putTree(world, [['40000', name, id]]), files)
    const commit = await putCommit(world, tree)
    const failed = await failure(
      take(world, { url: world.path('work'), commit, maxFiles: 1 + count }),
    )
    expect(failed.message).toContain(message)
  })

  it.each([['tree'], ['blob']])('has no %s where a commit is wanted', async type => {
    const world = await createWork()
    const blob = putObject(world, 'blob', 'x')
    const id = type === 'blob' ? blob : putTree(world, [['100644', 'a', blob]])
    await world.git('work', 'tag', 'odd', id)
    const failed = await failure(take(world, { url: `file://${world.path('work')}`, commit: id }))
    expect(failed).toMatchObject({
      code: 'SOURCE_REVISION_MISSING',
      message: expect.stringContaining('is something else than a commit'),
    })
  })
})

describe('stopping', () => {
  it.each(['init', 'fetch', 'ls-tree', 'read-tree', 'check-attr', 'rev-list'])(
    'in the middle of %s ends git, and leaves nothing',
    async command => {
      const world = await createWork()
      const git = findTool('git') ?? ''
      const pid = world.path('pid')
      await writeProgram(
        world.path('bin/git'),
        `case " $* " in
        *" ${command} "*) echo $$ >'${pid}'; kill -USR2 ${process.pid}; exec sleep 60;;
        esac
        exec '${git}' "$@"`,
      )
      const stop = new AbortController()
      const reason = new Error('enough')
      process.once('SIGUSR2', () => stop.abort(reason))
      const wanted = { url: world.path('work'), commit: await head(world) }
      const env = { PATH: `${world.path('bin')}:${world.env['PATH']}` }
      const taking = take(world, wanted, { env, signal: stop.signal })
      await expect(taking).rejects.toBe(reason)
      const ended = Number(await read(pid))
      expect(() => process.kill(ended, 0)).toThrow('ESRCH')
    },
  )

  it('while a server is silent', async () => {
    const world = await createWork()
    const stop = new AbortController()
    const { url } = await serveGit(world, { onStall: () => stop.abort() })
    const wanted = { url: `${url}work/.git`, commit: await head(world) }
    const taking = take(world, wanted, { signal: stop.signal })
    await expect(taking).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('before anything is begun', async () => {
    const world = await createWork()
    const wanted = { url: world.path('work'), commit: await head(world) }
    await expect(take(world, wanted, { signal: AbortSignal.abort() })).rejects.toThrow('aborted')
  })
})

describe('what git prints', () => {
  const path = fc.stringMatching(/^[^\0]{1,12}$/)
  const noise = fc.string()

  it('of a tree is read back', () => {
    const mode = fc.constantFrom('100644', '100755', '120000', '160000')
    const entry = fc.record({ mode, id: fc.stringMatching(/^[0-9a-f]{40}$/), path })
    fc.assert(
      fc.property(fc.array(entry), noise, (entries, noise) => {
        const text = entries.map(({ mode, id, path }) => `${mode} blob ${id}\t${path}\0`).join('')
        expect(parseEntries(text)).toEqual(entries)
        expect(() => parseEntries(noise)).not.toThrow()
      }),
    )
  })

  it('of filters is read back', () => {
    const filter = fc.stringMatching(/^[a-z-]{1,8}$/).filter(name => !/^un|^set$/.test(name))
    const none = fc.constantFrom('unspecified', 'unset', 'set')
    fc.assert(
      fc.property(fc.array(fc.record({ path, filter })), none, noise, (all, none, noise) => {
        const text = all.map(({ path, filter }) => `${path}\0filter\0${filter}\0`).join('')
        expect(parseFilters(`${text}x\0filter\0${none}\0`)).toEqual(all)
        expect(() => parseFilters(noise)).not.toThrow()
      }),
    )
  })
})
