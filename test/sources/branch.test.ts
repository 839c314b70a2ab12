import { describe, expect, it } from 'vitest'
import { commitByHand, createClones, createWork, read, write, type World } from './repositories.ts'

async function at({ git }: World, where: string, name = 'HEAD'): Promise<string> {
  return (await git(where, 'rev-parse', name)).trim()
}

async function current({ git }: World, where = 'clone'): Promise<string> {
  return (await git(where, 'symbolic-ref', '--short', 'HEAD')).trim()
}

/** A clone that has seen `main` only, and a branch `side` of the remote that has moved on since. */
async function withSide(): Promise<{ world: World; side: string }> {
  const world = await createClones({ a: '1' }, 'clone', 'other')
  await world.git('other', 'switch', '--quiet', '-c', 'side')
  const side = await commitByHand(world, 'other', { a: '2' })
  await world.git('other', 'push', '--quiet', 'origin', 'side')
  return { world, side }
}

describe('switching to a branch', () => {
  it('begins it where the work tree is, and takes along what is not committed', async () => {
    const world = await createClones({ a: '1', b: '1', c: '1' }, 'clone')
    const before = await at(world, 'clone')
    await write(world.path('clone'), { a: '2', b: '2', d: '2' })
    await world.git('clone', 'add', 'b')
    await (await world.open('clone')).switchTo('waybill/update')
    expect([await current(world), await at(world, 'clone')]).toEqual(['waybill/update', before])
    expect(await world.git('clone', 'status', '--porcelain=v1')).toBe(' M a\nM  b\n?? d\n')
  })

  it('goes on from the branch of the remote, and again when that has moved on', async () => {
    const { world, side } = await withSide()
    await write(world.path('clone'), { b: 'mine' })
    await world.git('clone', 'add', 'b')
    const repository = await world.open('clone')
    await repository.switchTo('side')
    expect([await current(world), await at(world, 'clone')]).toEqual(['side', side])
    expect(await read(world.path('clone/a'))).toBe('2')

    const later = await commitByHand(world, 'other', { a: '3' })
    await world.git('other', 'push', '--quiet', 'origin', 'side')
    await repository.switchTo('side')
    expect([await current(world), await at(world, 'clone')]).toEqual(['side', later])
    await repository.switchTo('main')
    await repository.switchTo('side')
    expect(await at(world, 'clone')).toBe(later)
    expect(await world.git('clone', 'status', '--porcelain=v1')).toBe('A  b\n')
  })

  it('keeps commits that the remote has not', async () => {
    const { world } = await withSide()
    const repository = await world.open('clone')
    await repository.switchTo('side')
    const mine = await commitByHand(world, 'clone', { b: 'mine' })
    await repository.switchTo('main')
    await repository.switchTo('side')
    expect(await at(world, 'clone')).toBe(mine)
  })

  it('needs no remote', async () => {
    const world = await createWork()
    const repository = await world.open('work')
    await repository.switchTo('b')
    const mine = await commitByHand(world, 'work', { a: '1' })
    await repository.switchTo('main')
    expect(await at(world, 'work')).not.toBe(mine)
    await repository.switchTo('b')
    expect([await current(world, 'work'), await at(world, 'work')]).toEqual(['b', mine])
  })

  it('goes on from a commit that no branch is at, and before the first', async () => {
    const world = await createClones({ a: '1' }, 'clone')
    await world.git('clone', 'checkout', '--quiet', '--detach')
    await world.git('clone', 'branch', '--quiet', '-D', 'main')
    await (await world.open('clone')).switchTo('main')
    expect(await current(world)).toBe('main')
    await world.git('', 'init', '--quiet', 'empty')
    const empty = await world.open('empty')
    await empty.switchTo('main')
    expect(await current(world, 'empty')).toBe('main')
    await empty.switchTo('b')
    expect(await current(world, 'empty')).toBe('b')
  })

  it.each(['', '-x', '--orphan', 'a b', 'a..b', 'HEAD', '@{-1}', 'a:b', 'a\nb', 'refs/heads/*'])(
    'refuses the name %j',
    async name => {
      const world = await createWork()
      const repository = await world.open('work')
      await expect(repository.switchTo(name)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
      expect(await world.git('work', 'branch', '--format=%(refname)')).toBe('refs/heads/main\n')
    },
  )

  it('refuses to write over what is not committed', async () => {
    const { world } = await withSide()
    await write(world.path('clone'), { a: 'mine' })
    const error = await (await world.open('clone')).switchTo('side').catch(reason => reason)
    expect(error.code).toBe('SOURCE_CONFLICT')
    expect(error.message).toMatch(/^git did not switch .*\/clone to side: .*would be overwritten/)
    expect(await read(world.path('clone/a'))).toBe('mine')
    expect(await current(world)).toBe('main')
  })

  it('refuses a branch that has gone two ways', async () => {
    const { world } = await withSide()
    await world.git('clone', 'switch', '--quiet', '-c', 'side')
    const mine = await commitByHand(world, 'clone', { a: 'mine' })
    await world.git('clone', 'switch', '--quiet', 'main')
    const error = await (await world.open('clone')).switchTo('side').catch(reason => reason)
    expect(error.code).toBe('SOURCE_CONFLICT')
    expect(error.message).toMatch(/each have commits that the other has not$/)
    expect([await current(world), await at(world, 'clone', 'side')]).toEqual(['main', mine])
  })

  it('refuses one that another work tree has', async () => {
    const world = await createWork()
    await world.git('work', 'worktree', 'add', '--quiet', '-b', 'side', '../side')
    const error = await (await world.open('work')).switchTo('side').catch(reason => reason)
    expect([error.code, error.hint]).toEqual([
      'SOURCE_CONFLICT',
      expect.stringContaining('work tree that has the branch'),
    ])
  })

  it('does not take a remote that cannot be seen for one without the branch', async () => {
    const { world } = await withSide()
    await world.git('clone', 'remote', 'set-url', 'origin', `file://${world.path('nowhere')}`)
    const error = await (await world.open('clone')).switchTo('side').catch(reason => reason)
    expect([error.code, error.message]).toEqual([
      'SOURCE_DENIED',
      expect.stringMatching(
        /^git did not look at side of origin for .*does not appear to be a git/,
      ),
    ])
    expect(await current(world)).toBe('main')
  })
})

describe('which remote', () => {
  async function said(world: World, remote?: string): Promise<string> {
    const repository = await world.open('clone')
    const done = repository.switchTo('main', { remote })
    return done.then(
      () => 'fine',
      reason => reason.message,
    )
  }

  it("is the branch's own, the only one, or origin", async () => {
    const world = await createClones({ a: '1' }, 'clone')
    await world.git('clone', 'remote', 'add', 'backup', `file://${world.path('nowhere')}`)
    expect(await said(world)).toBe('fine')
    expect(await said(world, 'backup')).toMatch(/^git did not look at main of backup/)
    await world.git('clone', 'config', 'branch.main.remote', 'backup')
    expect(await said(world)).toMatch(/^git did not look at main of backup/)
    await world.git('clone', 'config', '--unset', 'branch.main.remote')
    await world.git('clone', 'remote', 'rename', 'origin', 'one')
    await world.git('clone', 'config', '--remove-section', 'branch.main').catch(() => undefined)
    expect(await said(world)).toMatch(/has several remotes: backup, one$/)
    await world.git('clone', 'remote', 'remove', 'backup')
    expect(await said(world)).toBe('fine')
  })

  it('is one by name: an address is refused, and its secret not told', async () => {
    const world = await createClones({ a: '1' }, 'clone')
    await world.git('clone', 'config', 'branch.main.remote', 'https://me:secret@example.com/x')
    expect(await said(world)).toMatch(/has no remote https:\/\/\*\*\*@example.com\/x$/)
    expect(await said(world, 'upstream')).toMatch(/has no remote upstream$/)
  })
})
