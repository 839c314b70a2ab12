import { describe, expect, it } from 'vitest'
import {
  commitByHand,
  configuration,
  CONFIG,
  createWork,
  createWorld,
  read,
  write,
  writeProgram,
  type Env,
  type World,
} from './repositories.ts'

const MESSAGE = 'images: update alpine\n\n- alpine 1 → 2\n# no comment\n'

/** The files of the last commit, and its message. */
async function last({ git }: World): Promise<{ files: string[]; message: string }> {
  const message = await git('work', 'show', '--no-patch', '--format=%B')
  const files = await git('work', 'show', '--name-only', '--format=')
  return { files: files.split('\n').filter(name => name !== ''), message: message.trimEnd() }
}

function status({ git }: World): Promise<string> {
  return git('work', 'status', '--porcelain=v1')
}

async function commit(
  { open, path }: World,
  names: readonly string[],
  env: Env = {},
): Promise<string | undefined> {
  const repository = await open('work', env)
  return repository.commit({ files: names.map(name => path('work', name)), message: MESSAGE })
}

describe('a commit', () => {
  it('has exactly these files; what else is changed or staged stays so', async () => {
    const world = await createWork({ a: '', b: '', c: '', 'd*': '', de: '' })
    const before = await world.git('work', 'rev-parse', 'HEAD')
    await write(world.path('work'), { a: 'x', b: 'x', c: 'x', 'd*': 'x', de: 'x', f: 'x', g: 'x' })
    await world.git('work', 'add', 'b', 'f')
    const id = await commit(world, ['a', 'd*'])
    expect(id).toBe((await world.git('work', 'rev-parse', 'HEAD')).trim())
    expect(await world.git('work', 'rev-parse', 'HEAD^')).toBe(before)
    expect(await last(world)).toEqual({ files: ['a', 'd*'], message: MESSAGE.trimEnd() })
    expect(await status(world)).toBe('M  b\n M c\n M de\nA  f\n?? g\n')
  })

  it('has a file that git has not seen, and not its neighbours', async () => {
    const world = await createWork()
    await write(world.path('work'), { 'new/ü lock': 'x', 'new/other': 'x' })
    await commit(world, ['new/ü lock', 'images.yaml'])
    expect(await world.git('work', 'ls-files', '-z')).toBe('images.yaml\0new/ü lock\0')
    expect(await status(world)).toBe('?? new/other\n')
  })

  it('is not made where the files are as committed', async () => {
    const world = await createWork()
    const before = await world.git('work', 'rev-parse', 'HEAD')
    await write(world.path('work'), { other: 'x' })
    await world.git('work', 'add', 'other')
    expect(await commit(world, ['images.yaml'])).toBeUndefined()
    expect(await commit(world, [])).toBeUndefined()
    expect(await world.git('work', 'rev-parse', 'HEAD')).toBe(before)
  })

  it('can be the first', async () => {
    const world = await createWorld()
    await world.git('', 'init', '--quiet', 'work')
    await write(world.path('work'), { a: 'x', b: 'x' })
    await world.git('work', 'add', 'b')
    expect(await commit(world, ['a'])).toMatch(/^[0-9a-f]{40}$/)
    expect((await last(world)).files).toEqual(['a'])
    expect(await status(world)).toBe('A  b\n')
  })

  it('is by whom git is configured to say', async () => {
    const world = await createWork()
    await world.git('work', 'config', 'user.name', 'Bob')
    await world.git('work', 'config', 'user.email', 'bob@example.com')
    await write(world.path('work'), { a: 'x' })
    await commit(world, ['a'], { GIT_AUTHOR_NAME: undefined, GIT_AUTHOR_EMAIL: undefined })
    expect(await world.git('work', 'show', '--no-patch', '--format=%an %cn')).toBe('Bob Ada\n')
  })

  it('runs hooks, which may change the message', async () => {
    const world = await createWork()
    const hooks = world.path('work/.git/hooks')
    await writeProgram(`${hooks}/pre-commit`, 'git diff --cached --name-only >"$HOME/hook"')
    await writeProgram(`${hooks}/commit-msg`, 'echo "Signed-off-by: hook" >>"$1"')
    await write(world.path('work'), { a: 'x' })
    await commit(world, ['a'])
    expect(await read(world.path('hook'))).toBe('a\n')
    expect((await last(world)).message).toMatch(/\nSigned-off-by: hook$/)
  })

  it('is signed where git is configured to sign', async () => {
    const world = await createWork()
    const gpg = await writeProgram(
      world.path('gpg'),
      `echo "$@" >"$HOME/args"; cat >"$HOME/signed"
echo '[GNUPG:] SIG_CREATED ' >&2
echo '-----BEGIN PGP SIGNATURE-----'; echo fake; echo '-----END PGP SIGNATURE-----'`,
    )
    await write(world.path('work'), { a: 'x' })
    const signing = { ...CONFIG, 'commit.gpgsign': 'true', 'gpg.program': gpg }
    await commit(world, ['a'], configuration({ ...signing, 'user.signingkey': 'KEY' }))
    expect(await world.git('work', 'cat-file', 'commit', 'HEAD')).toMatch(/^gpgsig -----BEGIN/m)
    expect(await read(world.path('args'))).toContain('KEY')
    expect(await read(world.path('signed'))).toContain('images: update alpine')
  })
})

describe('a commit is refused, and nothing is changed,', () => {
  async function refused(world: World, names: readonly string[], env: Env = {}) {
    const before = [await world.git('work', 'rev-parse', 'HEAD'), await status(world)]
    const error = await commit(world, names, env).catch(reason => reason)
    expect([await world.git('work', 'rev-parse', 'HEAD'), await status(world)]).toEqual(before)
    const { code, message, hint } = error
    return { code, message, hint }
  }

  it('where nobody is known to commit', async () => {
    const world = await createWork()
    await write(world.path('work'), { a: 'x' })
    const env = { GIT_AUTHOR_NAME: '', GIT_AUTHOR_EMAIL: '', GIT_COMMITTER_NAME: '' }
    expect(await refused(world, ['a'], env)).toEqual({
      code: 'SOURCE_DENIED',
      message: expect.stringMatching(/^git did not commit a in .*\/work: /),
      hint: expect.stringContaining('git config user.name'),
    })
  })

  it('where a hook refuses', async () => {
    const world = await createWork()
    const hook = world.path('work/.git/hooks/pre-commit')
    await writeProgram(hook, 'echo "no changes"; echo "on a\u0007 Friday" >&2; exit 1')
    await write(world.path('work'), { a: 'x', 'images.yaml': 'y' })
    expect(await refused(world, ['a', 'images.yaml'])).toEqual({
      code: 'SOURCE_DENIED',
      message: expect.stringContaining(': no changes; on a\u0007 Friday'),
      hint: expect.stringContaining('hook'),
    })
  })

  it('where it cannot be signed', async () => {
    const world = await createWork()
    const gpg = await writeProgram(world.path('gpg'), 'echo "no key for you" >&2; exit 2')
    await write(world.path('work'), { a: 'x' })
    const env = configuration({ ...CONFIG, 'commit.gpgsign': 'true', 'gpg.program': gpg })
    expect(await refused(world, ['a'], env)).toEqual({
      code: 'SOURCE_DENIED',
      message: expect.stringMatching(/gpg failed to sign the data/),
      hint: expect.stringContaining('git commit -S'),
    })
  })

  it('where git ignores the file', async () => {
    const world = await createWork({ '.gitignore': '*.lock\n', 'kept.lock': '' })
    await write(world.path('work'), { 'a.lock': 'x' })
    expect(await refused(world, ['a.lock'])).toEqual({
      code: 'SOURCE_CONFLICT',
      message: `git ignores a.lock in ${world.path('work')}`,
      hint: expect.stringContaining('git add -f'),
    })
  })

  it('where no branch is checked out', async () => {
    const world = await createWork()
    await world.git('work', 'checkout', '--quiet', '--detach')
    await write(world.path('work'), { a: 'x' })
    expect(await refused(world, ['a'])).toEqual({
      code: 'SOURCE_CONFLICT',
      message: expect.stringMatching(
        /^no branch is checked out in .*, only the commit [0-9a-f]{12}$/,
      ),
      hint: expect.stringContaining('--branch'),
    })
  })

  it('in the middle of a merge', async () => {
    const world = await createWork({ a: '1' })
    await world.git('work', 'switch', '--quiet', '-c', 'side')
    await commitByHand(world, 'work', { a: '2' })
    await world.git('work', 'switch', '--quiet', 'main')
    await commitByHand(world, 'work', { a: '3' })
    await expect(world.git('work', 'merge', 'side')).rejects.toMatchObject({ code: 1 })
    await write(world.path('work'), { b: 'x' })
    expect(await refused(world, ['b'])).toMatchObject({
      code: 'SOURCE_CONFLICT',
      hint: expect.stringContaining('git status'),
    })
  })

  it('where another git has the index', async () => {
    const world = await createWork({ a: '1' })
    await write(world.path('work'), { a: 'x', '.git/index.lock': '' })
    expect(await refused(world, ['a'])).toMatchObject({
      code: 'SOURCE_CONFLICT',
      hint: expect.stringContaining('another git is at work'),
    })
  })
})

it('stops in a hook when told to, and leaves the file as it was to git', async () => {
  const world = await createWork()
  const hook = world.path('work/.git/hooks/pre-commit')
  // ends with the git that runs it
  await writeProgram(hook, `kill -USR2 ${process.pid}; while kill -0 $PPID; do sleep 0.1; done`)
  await write(world.path('work'), { a: 'x' })
  const stop = new AbortController()
  const reason = new Error('enough')
  process.once('SIGUSR2', () => stop.abort(reason))
  const repository = await world.open('work')
  const wanted = { files: [world.path('work/a')], message: MESSAGE }
  await expect(repository.commit(wanted, { signal: stop.signal })).rejects.toBe(reason)
  expect(await status(world)).toBe('?? a\n')
})
