import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { parseRefs } from '../../src/sources/revision.ts'
import { findTool } from '../live/support/tools.ts'
import { failure, fingerprint, putHistory, revisionOf } from './checkouts.ts'
import { serveGit } from './git-server.ts'
import {
  commitByHand,
  CONFIG,
  configuration,
  createWork,
  read,
  write,
  writeProgram,
} from './repositories.ts'

/** `work` with two commits, a branch `side` at the first, and tags of both kinds at it. */
async function createNames() {
  const world = await createWork({ a: '1' })
  const { git } = world
  const first = (await git('work', 'rev-parse', 'HEAD')).trim()
  await git('work', 'branch', 'side/way')
  await git('work', 'tag', 'light')
  await git('work', 'tag', '-a', '-m', 'x', 'v1.0')
  await git('work', 'tag', '-a', '-m', 'x', 'twice', 'v1.0')
  await git('work', 'update-ref', 'refs/pull/1/head', first)
  const last = await commitByHand(world, 'work', { a: '2' })
  return { world, first, last, url: world.path('work') }
}

describe('a name stands for a commit', () => {
  it.each([
    ['a branch', 'side/way', 'refs/heads/side/way'],
    ['a tag', 'light', 'refs/tags/light'],
    ['a tag with a message', 'v1.0', 'refs/tags/v1.0'],
    ['a tag of a tag', 'twice', 'refs/tags/twice'],
    ['a whole name', 'refs/heads/side/way', 'refs/heads/side/way'],
    ['a whole name of a tag', 'refs/tags/v1.0', 'refs/tags/v1.0'],
    ['what is neither', 'pull/1/head', 'refs/pull/1/head'],
  ])('that of %s', async (_, name, ref) => {
    const { world, first, url } = await createNames()
    expect(await revisionOf(world, url, name)).toEqual({ commit: first, ref })
  })

  it.each(['work', 'origin'])('that is checked out, without a name, in %s', async where => {
    const { world, last } = await createNames()
    await world.git('', 'clone', '--quiet', '--bare', 'work', 'origin')
    const { url } = await serveGit(world)
    const expected = { commit: last, ref: 'HEAD' }
    for (const at of [world.path(where), `file://${world.path(where)}`]) {
      expect(await revisionOf(world, at)).toEqual(expected)
    }
    const at = where === 'work' ? 'work/.git' : where
    expect(await revisionOf(world, `${url}${at}`)).toEqual(expected)
    const old = configuration({ ...CONFIG, 'protocol.version': '0' })
    expect(await revisionOf(world, `${url}${at}`, 'HEAD', old)).toEqual(expected)
  })

  it('and a whole commit for itself, which nobody is asked about', async () => {
    const { world } = await createNames()
    const url = 'http://127.0.0.1:1/nobody'
    for (const commit of ['a'.repeat(40), 'b'.repeat(64)]) {
      expect(await revisionOf(world, url, commit.toUpperCase())).toEqual({ commit })
    }
  })

  it('and a short commit for the only one that starts so', async () => {
    const { world, first, last, url } = await createNames()
    for (const commit of [first, last]) {
      expect(await revisionOf(world, url, commit.slice(0, 7))).toEqual({ commit })
      expect(await revisionOf(world, url, commit.slice(0, 39).toUpperCase())).toEqual({ commit })
    }
    const tag = (await world.git('work', 'rev-parse', 'v1.0')).trim()
    expect(await revisionOf(world, url, tag.slice(0, 10))).toEqual({ commit: first })
  })

  it('and one that has no name for itself, too', async () => {
    const world = await createWork()
    const all = putHistory(world, 20)
    const { url } = await serveGit(world)
    const commit = all[5] ?? ''
    expect(await revisionOf(world, `${url}work/.git`, commit.slice(0, 12))).toEqual({ commit })
    await world.git('work', 'config', 'uploadpack.allowFilter', 'true')
    expect(await revisionOf(world, `${url}work/.git`, commit.slice(0, 12))).toEqual({ commit })
  })

  it('where it is a branch and a tag, if they are the same', async () => {
    const { world, url, first } = await createNames()
    await world.git('work', 'branch', 'v1.0', 'v1.0')
    expect(await revisionOf(world, url, 'v1.0')).toEqual({ commit: first, ref: 'refs/heads/v1.0' })
    await world.git('work', 'branch', '--force', 'v1.0', 'main')
    expect(await failure(revisionOf(world, url, 'v1.0'))).toMatchObject({
      code: 'SOURCE_CONFLICT',
      message: `v1.0 of ${url} may be refs/heads/v1.0 and refs/tags/v1.0`,
    })
    expect(await revisionOf(world, url, 'refs/tags/v1.0')).toMatchObject({ commit: first })
  })

  it('and the clone is only read', async () => {
    const { world, url, first } = await createNames()
    const before = await fingerprint(url)
    await revisionOf(world, url)
    await revisionOf(world, url, first.slice(0, 8))
    await failure(revisionOf(world, url, 'nowhere'))
    expect(await fingerprint(url)).toBe(before)
  })
})

describe('what stands for nothing', () => {
  it.each([
    ['a misspelling', 'sied/way', 'did you mean "side/way"?'],
    ['what is like nothing', 'xxxxxxxxxxxx', 'it has main, side/way, light, twice, v1.0'],
    ['a short commit', 'abcdef0', 'it has main, side/way, light, twice, v1.0'],
    ['a whole name', 'refs/heads/light', 'it has main, side/way'],
  ])('%s is missing', async (_, ref, hint) => {
    const { world, url } = await createNames()
    const failed = await failure(revisionOf(world, url, ref))
    expect(failed).toMatchObject({
      code: 'SOURCE_REVISION_MISSING',
      message: `${url} has no ${ref}`,
      hint: expect.stringContaining(hint),
    })
  })

  it('an empty repository has nothing at all', async () => {
    const { world } = await createNames()
    await world.git('', 'init', '--quiet', 'empty')
    for (const ref of [undefined, 'main', 'abcdef0']) {
      expect(await failure(revisionOf(world, world.path('empty'), ref))).toMatchObject({
        code: 'SOURCE_REVISION_MISSING',
        hint: 'it has neither branches nor tags',
      })
    }
  })

  it('a short commit may be several', async () => {
    const world = await createWork()
    const all = putHistory(world, 1500)
    const starts = all.map(commit => commit.slice(0, 4))
    const short = starts.find((start, index) => starts.indexOf(start) !== index) ?? ''
    const failed = await failure(revisionOf(world, world.path('work'), short))
    expect(failed).toMatchObject({ code: 'SOURCE_CONFLICT' })
    for (const commit of all.filter(commit => commit.startsWith(short))) {
      expect(failed.message).toContain(commit)
    }
  })

  it.each([
    '',
    '-x',
    '--upload-pack=x',
    'main~1',
    'a b',
    'a..b',
    'x^{tree}',
    'a*',
    'HEAD:x',
    '@{u}',
  ])('%j is no name', async ref => {
    const { world, url } = await createNames()
    const failed = await failure(revisionOf(world, url, ref))
    expect(failed).toMatchObject({ code: 'BAD_ARGUMENT' })
  })
})

describe('a repository that cannot be asked', () => {
  it('is unreachable where nobody answers, which is no absence', async () => {
    const world = await createWork()
    const url = 'http://127.0.0.1:1/nobody'
    expect(await failure(revisionOf(world, url, 'main'))).toMatchObject({
      code: 'SOURCE_UNREACHABLE',
      message: expect.stringContaining(`git did not list what ${url} has`),
    })
  })

  it('is denied where a login is missing, and nobody is asked for it', async () => {
    const world = await createWork()
    const { url } = await serveGit(world, { login: 'ada:secret' })
    expect(await failure(revisionOf(world, `${url}work/.git`, 'main'))).toMatchObject({
      code: 'SOURCE_DENIED',
      hint: expect.stringContaining('tokens from a credential helper'),
    })
  })

  it("is asked with what the user's helper has, by whom the address names, and argv tells nobody", async () => {
    const { world, last } = await createNames()
    const { url } = await serveGit(world, { login: 'ada lovelace:secret' })
    const helper = await writeProgram(
      world.path('helper'),
      `grep -q '^username=ada lovelace$' && [ "$1" = get ] && echo password=secret`,
    )
    const git = findTool('git') ?? ''
    const told = world.path('told')
    await writeProgram(world.path('bin/git'), `echo "$@" >>'${told}'; exec '${git}' "$@"`)
    const env = {
      ...configuration({ ...CONFIG, 'credential.helper': helper }),
      PATH: `${world.path('bin')}:${world.env['PATH']}`,
    }
    const at = `${url.replace('//', '//ada%20lovelace@')}work/.git`
    expect(await revisionOf(world, at, 'main', env)).toMatchObject({ commit: last })
    expect(await read(told)).not.toMatch(/127\.0\.0\.1|lovelace|secret/)
  })

  it.each([
    ['no folder', 'nowhere', 'SOURCE_MISSING', /there is no folder .*nowhere/],
    ['below a file', 'work/a/x', 'SOURCE_MISSING', /there is no folder .*work\/a\/x/],
    ['a folder that is none', 'plain', 'SOURCE_DENIED', /does not appear to be a git repository/],
  ])('%s', async (_, name, code, message) => {
    const { world } = await createNames()
    await write(world.path('plain'), { a: '' })
    const failed = await failure(revisionOf(world, world.path(name), 'main'))
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('is not got at by a program, be that configured', async () => {
    const { world } = await createNames()
    const settings = {
      ...CONFIG,
      'protocol.ext.allow': 'always',
      'url.ext::touch ran .insteadOf': 'https://x.example/',
    }
    for (const more of [{}, { GIT_ALLOW_PROTOCOL: 'ext:https' }]) {
      const env = { ...configuration(settings), ...more }
      expect(await failure(revisionOf(world, 'https://x.example/y', 'main', env))).toMatchObject({
        code: 'SOURCE_DENIED',
        message: expect.stringContaining("transport 'ext' not allowed"),
      })
    }
  })
})

describe('what ls-remote prints', () => {
  it('is read back, and anything else is passed over', () => {
    const id = fc.stringMatching(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/)
    const name = fc.stringMatching(/^refs\/[a-z0-9/.^{}-]{1,20}$/)
    const refs = fc.uniqueArray(fc.tuple(name, id), { selector: ([name]) => name })
    fc.assert(
      fc.property(refs, fc.string(), (refs, noise) => {
        const lines = refs.map(([name, id]) => `${id}\t${name}\n`).join('')
        expect([...parseRefs(`ref: x\tHEAD\n${lines}`)]).toEqual(refs)
        expect(() => parseRefs(noise)).not.toThrow()
      }),
    )
  })
})
