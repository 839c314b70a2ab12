import { readdir } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { PushOptions, Repository, Wanted } from '../../src/sources/git.ts'
import {
  commitByHand,
  createClones,
  createWork,
  read,
  write,
  writeProgram,
  type World,
} from './repositories.ts'

const LOCK = 'images.lock.yaml'

/** An update as the command does it: reads the lock, adds a line of its own, and writes it. */
function updater({ path }: World, clone: string, line: string): () => Promise<Wanted | undefined> {
  return async () => {
    const before = await read(path(clone, LOCK))
    if (before.includes(line)) return undefined
    const lines = [...before.split('\n').filter(one => one !== ''), line].toSorted()
    await write(path(clone), { [LOCK]: `${lines.join('\n')}\n` })
    return { files: [path(clone, LOCK)], message: `images: ${line}\n` }
  }
}

async function update(world: World, clone: string, line: string, options: PushOptions = {}) {
  // or two commits of one second would be one
  const repository = await world.open(clone, { GIT_AUTHOR_NAME: clone })
  const recompute = updater(world, clone, line)
  const commit = await committed(repository, await recompute())
  return repository.push(commit, { recompute, ...options })
}

async function committed(repository: Repository, wanted: Wanted | undefined): Promise<string> {
  return (wanted && (await repository.commit(wanted))) ?? ''
}

async function pushed(world: World, branch = 'main'): Promise<string[]> {
  const log = await world.git('origin', 'log', '--format=%s', branch)
  return log.split('\n').filter(subject => subject !== '')
}

async function head({ git }: World, where: string, name = 'HEAD'): Promise<string> {
  return (await git(where, 'rev-parse', name)).trim()
}

function caught(work: Promise<unknown>) {
  return work.then(
    () => ({ code: 'none', message: '', hint: '' }),
    ({ code, message, hint }) => ({ code, message, hint }),
  )
}

describe('a push', () => {
  it('takes our commit to the branch of the same name', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one')
    const { commit, ...rest } = await update(world, 'one', 'a')
    expect(rest).toEqual({ remote: 'origin', branch: 'main', attempts: 1 })
    expect(await head(world, 'origin', 'main')).toBe(commit)
    expect(await pushed(world)).toEqual(['images: a', 'by hand'])
  })

  it('begins a branch on the remote', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one')
    await (await world.open('one')).switchTo('waybill/update')
    await update(world, 'one', 'a')
    expect(await pushed(world, 'waybill/update')).toEqual(['images: a', 'by hand'])
    expect(await pushed(world)).toEqual(['by hand'])
  })

  it('goes on from one that is there, from a checkout of a commit, as in CI', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    await (await world.open('one')).switchTo('side')
    await update(world, 'one', 'a')
    await world.git('two', 'checkout', '--quiet', '--detach')
    await (await world.open('two')).switchTo('side')
    await update(world, 'two', 'b')
    expect(await pushed(world, 'side')).toEqual(['images: b', 'images: a', 'by hand'])
  })

  it('works from a shallow clone of one branch, a work tree beside, and a submodule', async () => {
    const world = await createClones({ [LOCK]: '', 'b.txt': '' }, 'one')
    await update(world, 'one', 'a')
    const from = `file://${world.path('origin')}`
    await world.git('', 'clone', '--quiet', '--depth=1', from, 'shallow')
    await update(world, 'one', 'b')
    await update(world, 'shallow', 'c')
    await world.git('one', 'worktree', 'add', '--quiet', '-b', 'side', '../side', 'origin/main')
    await update(world, 'side', 'd')
    const allow = ['-c', 'protocol.file.allow=always']
    await world.git('shallow', ...allow, 'submodule', '--quiet', 'add', from, 'sub')
    await update(world, 'shallow/sub', 'e')
    expect(await pushed(world)).toEqual(
      ['e', 'c', 'b', 'a'].map(x => `images: ${x}`).concat('by hand'),
    )
    expect((await pushed(world, 'side'))[0]).toBe('images: d')
  })

  it('is done where the remote has the commit already', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    const { commit = '' } = await update(world, 'one', 'a')
    await world.git('two', 'pull', '--quiet')
    await update(world, 'two', 'b')
    const again = await (await world.open('one')).push(commit)
    expect(again).toEqual({ commit, remote: 'origin', branch: 'main', attempts: 1 })
    expect(await pushed(world)).toEqual(['images: b', 'images: a', 'by hand'])
  })
})

describe('where the remote has moved on', () => {
  it('computes again on what is there now, and drops only its own commit', async () => {
    const world = await createClones({ [LOCK]: '', c: '', d: '' }, 'one', 'two')
    await update(world, 'one', 'a')
    await write(world.path('two'), { c: 'mine', d: 'mine', e: 'mine' })
    await world.git('two', 'add', 'c')
    const { attempts } = await update(world, 'two', 'b')
    expect(attempts).toBe(1)
    expect(await world.git('origin', 'show', `main:${LOCK}`)).toBe('a\nb\n')
    expect(await pushed(world)).toEqual(['images: b', 'images: a', 'by hand'])
    expect(await world.git('two', 'status', '--porcelain=v1')).toBe('M  c\n M d\n?? e\n')
    expect(await read(world.path('two', LOCK))).toBe('a\nb\n')
  })

  it('is content where others did the same', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    const { commit } = await update(world, 'one', 'a')
    const { commit: none } = await update(world, 'two', 'a')
    expect(none).toBeUndefined()
    expect(await head(world, 'two')).toBe(commit)
    expect(await pushed(world)).toEqual(['images: a', 'by hand'])
  })

  it('and does so again while it is pushed: all of many at once land', async () => {
    const clones = ['one', 'two', 'three', 'four']
    const world = await createClones({ [LOCK]: '' }, ...clones)
    await Promise.all(clones.map(clone => update(world, clone, clone, { attempts: 50 })))
    const lines = clones.toSorted().map(line => `${line}\n`)
    expect(await world.git('origin', 'show', `main:${LOCK}`)).toBe(lines.join(''))
    expect((await pushed(world)).toSorted()).toEqual(
      ['by hand', ...clones.map(clone => `images: ${clone}`)].toSorted(),
    )
    expect(await world.git('origin', 'rev-list', '--merges', 'main')).toBe('')
  })

  /** A server on which somebody else pushes at the very moment that we do. */
  async function busy(times: number): Promise<World> {
    const world = await createClones({ [LOCK]: '' }, 'one', 'other')
    const count = world.path('count')
    await write(world.path(), { count: '' })
    await writeProgram(
      world.path('one/.git/hooks/pre-push'),
      `[ "$(wc -c <'${count}')" -lt ${times} ] || exit 0
printf x >>'${count}'; cd ../other && unset GIT_DIR
git pull --quiet && git commit --quiet --allow-empty -m other && git push --quiet`,
    )
    return world
  }

  it('tries as often as it is told', async () => {
    const world = await busy(2)
    expect(await update(world, 'one', 'a', { attempts: 3 })).toMatchObject({ attempts: 3 })
    expect(await pushed(world)).toEqual(['images: a', 'other', 'other', 'by hand'])
  })

  it('and then says what happened, with the commit still there', async () => {
    const world = await busy(3)
    const { code, message, hint } = await caught(update(world, 'one', 'a', { attempts: 3 }))
    const ours = (await head(world, 'one')).slice(0, 12)
    expect([code, message]).toEqual([
      'SOURCE_CONFLICT',
      `main of origin moved on while it was pushed, 3 times in a row, and does not have our commit ${ours}`,
    ])
    expect(hint).toContain(`git reset --keep ${ours}^`)
    expect(await pushed(world)).toEqual(['other', 'other', 'other', 'by hand'])
  })

  it('only says so when there is nothing to compute with', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    await update(world, 'one', 'a')
    const error = await caught(update(world, 'two', 'b', { recompute: undefined }))
    expect([error.code, error.message]).toEqual([
      'SOURCE_CONFLICT',
      expect.stringMatching(/^main of origin has moved on, and does not have our commit/),
    ])
    expect(await world.git('two', 'log', '-1', '--format=%s')).toBe('images: b\n')
  })

  it('stops when told to while it computes again', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    await update(world, 'one', 'a')
    const stop = new AbortController()
    const reason = new Error('enough')
    const repository = await world.open('two')
    const commit = await committed(repository, await updater(world, 'two', 'b')())
    const recompute = () => {
      stop.abort(reason)
      return updater(world, 'two', 'b')()
    }
    const push = repository.push(commit, { recompute, signal: stop.signal })
    await expect(push).rejects.toBe(reason)
    expect(await pushed(world)).toEqual(['images: a', 'by hand'])
  })
})

describe('a push is refused', () => {
  it('where commits of others would go with it, or would have to be moved', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    const mine = await commitByHand(world, 'two', { b: 'mine' })
    const before = await caught(update(world, 'two', 'b'))
    expect([before.code, before.message]).toEqual([
      'SOURCE_CONFLICT',
      `main of ${world.path('two')} has another commit that origin has not`,
    ])
    await update(world, 'one', 'a')
    await commitByHand(world, 'two', { c: 'mine' })
    const after = await caught(update(world, 'two', 'c'))
    expect(after.message).toMatch(/has 3 other commits that origin has not$/)
    expect(await pushed(world)).toEqual(['images: a', 'by hand'])
    expect(await world.git('two', 'merge-base', mine, 'HEAD')).toBe(`${mine}\n`)
  })

  it('where somebody else commits meanwhile, which stays', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    await update(world, 'one', 'a')
    const repository = await world.open('two')
    const recompute = updater(world, 'two', 'b')
    const commit = await committed(repository, await recompute())
    const theirs = await commitByHand(world, 'two', { c: 'mine' })
    const error = await caught(repository.push(commit, { recompute }))
    expect(error.message).toMatch(/^somebody else was at work in /)
    expect(await head(world, 'two')).toBe(theirs)
  })

  it('where it would write over what is not committed', async () => {
    const world = await createClones({ [LOCK]: '', c: '' }, 'one', 'two')
    await commitByHand(world, 'one', { c: 'theirs' })
    await world.git('one', 'push', '--quiet')
    await write(world.path('two'), { c: 'mine' })
    const error = await caught(update(world, 'two', 'b'))
    expect([error.code, error.message]).toEqual([
      'SOURCE_CONFLICT',
      expect.stringContaining('would be overwritten'),
    ])
    expect(await read(world.path('two/c'))).toBe('mine')
    expect(await world.git('two', 'log', '-1', '--format=%s')).toBe('images: b\n')
  })

  it('where the history of the remote was replaced', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one', 'two')
    await world.git('one', 'commit', '--quiet', '--amend', '-m', 'replaced')
    await world.git('one', 'push', '--quiet', '--force')
    const error = await caught(update(world, 'two', 'b'))
    expect(error.message).toMatch(/has another commit that origin has not$/)
    expect(await pushed(world)).toEqual(['replaced'])
  })

  it('by the server, once, in its own words', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one')
    const hook = world.path('origin/hooks/pre-receive')
    await writeProgram(hook, `echo x >>'${world.path('asked')}'; echo 'not on main' >&2; exit 1`)
    const error = await caught(update(world, 'one', 'a'))
    expect(error.code).toBe('SOURCE_DENIED')
    expect(error.message).toMatch(/^git did not push [0-9a-f]{12} to main of origin: .*not on main/)
    expect(error.message).toContain('pre-receive hook declined')
    expect(error.hint).toContain('the commit is on main here')
    expect(await read(world.path('asked'))).toBe('x\n')
  })

  it('by a hook of the repository', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one')
    await writeProgram(world.path('one/.git/hooks/pre-push'), `echo 'not today' >&2; exit 1`)
    const error = await caught(update(world, 'one', 'a'))
    expect([error.code, error.message]).toEqual([
      'SOURCE_DENIED',
      expect.stringContaining(': not today; failed to push'),
    ])
  })

  it('without a remote, and without a branch', async () => {
    const world = await createWork({ [LOCK]: '' })
    expect(await caught(update(world, 'work', 'a'))).toEqual({
      code: 'SOURCE_MISSING',
      message: `${world.path('work')} has no remote to push to`,
      hint: expect.stringContaining('--push'),
    })
    const commit = await head(world, 'work')
    await world.git('work', 'checkout', '--quiet', '--detach')
    const error = await caught((await world.open('work')).push(commit))
    expect(error.message).toMatch(/^no branch is checked out/)
  })

  it('by a remote that is not there, without its secret being told', async () => {
    const world = await createClones({ [LOCK]: '' }, 'one')
    const secret = 'hunter2'
    const address = `http://me:${secret}@127.0.0.1:1/x.git`
    await world.git('one', 'remote', 'set-url', 'origin', address)
    const { code, message, hint } = await caught(update(world, 'one', 'a'))
    expect(code).toBe('SOURCE_UNREACHABLE')
    expect(message).toMatch(/^git did not look at main of origin for .*127\.0\.0\.1/)
    expect(message + hint).not.toContain(secret)
    const left = await readdir(world.path('one'))
    expect(left.toSorted()).toEqual(['.git', LOCK])
  })
})
