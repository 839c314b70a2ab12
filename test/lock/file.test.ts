import { once } from 'node:events'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeLock } from '../../src/lock/encode.ts'
import { openLockFile, type LockRequest } from '../../src/lock/file.ts'
import type { Lock } from '../../src/lock/types.ts'
import { identify, markOf } from '../../src/util/holder.ts'
import { OWNER } from '../support/owner.ts'
import { openFolder } from '../support/project.ts'
import { A, B, lockOf } from './locks.ts'

const ONE = lockOf({ retired: new Map([['a.b/c:1', { put: A, prune: 'off' }]]) })
const TWO = lockOf({ retired: new Map([['a.b/c:1', { put: B, prune: 'off' }]]) })
const NAME = 'images.lock.yaml'
/** More than Linux gives out. */
const NO_PROCESS = 4_194_305

/** A folder, with a lock in it unless `lock` is nothing. */
async function project(lock?: Lock) {
  const folder = await openFolder()
  const at = (name: string) => join(folder.path, name)
  if (lock) await writeFile(at(NAME), encodeLock(lock))
  return {
    at,
    path: folder.path,
    open: (request: Partial<LockRequest> = {}) =>
      openLockFile({ files: ['images.yaml'], cwd: folder.path, ...request }),
    text: () => readFile(at(NAME), 'utf8'),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** The files in a folder, with what is in them. */
async function contents(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  return Promise.all(
    names.map(async name => `${name}: ${await readFile(join(folder, name), 'utf8')}`),
  )
}

describe('a lock file is opened', () => {
  it('beside the manifest', async () => {
    await using at = await project(ONE)
    expect(await at.open()).toMatchObject({ path: NAME, exists: true, lock: ONE })
    expect(await at.open({ files: ['./images.yml', 'b.yaml'] })).toMatchObject({
      path: `./${NAME}`,
      lock: ONE,
    })
    expect(await at.open({ files: ['other.yaml'] })).toMatchObject({
      path: 'other.lock.yaml',
      exists: false,
      lock: undefined,
    })
  })

  it('where --lock says it is', async () => {
    await using at = await project(ONE)
    const found = await at.open({ path: NAME, files: ['deep/other.yaml'] })
    expect(found).toMatchObject({ path: NAME, exists: true, lock: ONE })
    expect(await at.open({ path: at.at(NAME), files: [] })).toMatchObject({ lock: ONE })
    expect(await at.open({ path: 'no/where.yaml' })).toMatchObject({ exists: false })
  })

  it('not without a name', async () => {
    await using at = await project()
    await expect(at.open({ files: [] })).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: 'no manifest file is named',
    })
  })

  it('not where it is no lock', async () => {
    await using at = await project()
    await writeFile(at.at(NAME), 'version: 1\nfiles: [a]\nimgs: {}\n')
    await expect(at.open()).rejects.toMatchObject({
      code: 'LOCK_INVALID',
      message: `${NAME}:3:1: unknown key "imgs"`,
    })
  })

  it.each([
    ['a folder', (path: string) => mkdir(path), 'is no regular file', 'a lock is a file'],
    [
      'a socket',
      async (path: string) => {
        const server = createServer().listen(path)
        await once(server, 'listening')
        onTestFinished(async () => void (await once(server.close(), 'close')))
      },
      'is no regular file',
      'a lock is a file',
    ],
    [
      'a link to nothing',
      (path: string) => symlink('gone.yaml', path),
      'is a link to nothing',
      'remove it, or bring back what it leads to',
    ],
    ['a link to itself', (path: string) => symlink(NAME, path), 'cannot be read', undefined],
  ])('not where it is %s', async (_, make, what, hint) => {
    await using at = await project()
    await make(at.at(NAME))
    await expect(at.open()).rejects.toMatchObject({
      code: 'LOCK_INVALID',
      message: `${NAME} ${what}`,
      hint,
    })
  })

  it('not where a folder on its way is a file', async () => {
    await using at = await project(ONE)
    await expect(at.open({ path: `${NAME}/x.yaml` })).rejects.toMatchObject({
      message: `${NAME}/x.yaml cannot be read`,
      cause: expect.objectContaining({ code: 'ENOTDIR' }),
    })
  })

  it('not where the way to it leads through a file', async () => {
    await using at = await project(ONE)
    const path = `${NAME}/lock.yaml`
    await expect(
      openLockFile({ path, files: ['images.yaml'], cwd: at.path }),
    ).rejects.toMatchObject({ message: `${path} cannot be read` })
  })

  it('not after the run was stopped', async () => {
    await using at = await project(ONE)
    const signal = AbortSignal.abort()
    await expect(
      openLockFile({ files: ['images.yaml'], cwd: at.path }, { signal }),
    ).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a lock is saved', () => {
  it('where there was none', async () => {
    await using at = await project()
    const file = await at.open()
    expect(await file.save(ONE)).toBe(true)
    expect(await at.text()).toBe(encodeLock(ONE))
    expect(await readdir(at.path)).toEqual([NAME])
  })

  it('again and again, and only where something changed', async () => {
    await using at = await project(ONE)
    const file = await at.open()
    const before = await stat(at.at(NAME))
    expect(await file.save(ONE)).toBe(false)
    expect((await stat(at.at(NAME))).ino).toBe(before.ino)
    expect(await file.save(TWO)).toBe(true)
    expect(await file.save(ONE)).toBe(true)
    expect(await file.save(ONE)).toBe(false)
    expect(await at.text()).toBe(encodeLock(ONE))
  })

  it('in the form it always has, whatever form it was read in', async () => {
    await using at = await project()
    await writeFile(at.at(NAME), `# mine\n${encodeLock(ONE)}`)
    const file = await at.open()
    expect(file.lock).toEqual(ONE)
    expect(await file.save(ONE)).toBe(true)
    expect(await at.text()).toBe(encodeLock(ONE))
  })

  it('in the order in which it was asked for', async () => {
    await using at = await project(ONE)
    const file = await at.open()
    const saved = [TWO, ONE, ONE, TWO].map(lock => file.save(lock))
    expect(await Promise.all(saved)).toEqual([true, true, false, true])
    expect(await at.text()).toBe(encodeLock(TWO))
  })

  it('with the mode that the file has, whatever the mask', async () => {
    await using at = await project(ONE)
    await chmod(at.at(NAME), 0o664)
    const before = process.umask(0o077)
    onTestFinished(() => void process.umask(before))
    await (await at.open()).save(TWO)
    expect((await stat(at.at(NAME))).mode & 0o777).toBe(0o664)
  })

  it.runIf(process.getuid?.() === 0)('for its owner, when root writes it', async () => {
    await using at = await project(ONE)
    await chown(at.at(NAME), 1234, 1235)
    await (await at.open()).save(TWO)
    expect(await stat(at.at(NAME))).toMatchObject({ uid: 1234, gid: 1235 })
  })

  it('into the file that a link leads to', async () => {
    await using at = await project()
    await mkdir(at.at('state'))
    await writeFile(at.at('state/lock.yaml'), encodeLock(ONE))
    await symlink('state/lock.yaml', at.at(NAME))
    await (await at.open()).save(TWO)
    expect((await lstat(at.at(NAME))).isSymbolicLink()).toBe(true)
    expect(await readFile(at.at('state/lock.yaml'), 'utf8')).toBe(encodeLock(TWO))
    expect(await readdir(at.at('state'))).toEqual(['lock.yaml'])
  })

  it('and what a killed process had begun to write of it is removed, and nothing else', async () => {
    await using at = await project(ONE)
    const self = await identify(OWNER)
    const of = (file: string, pid: number) =>
      `.${file}.${markOf({ ...self, pid })}.${'0'.repeat(16)}.tmp`
    const others = [of(NAME, self.pid), of('other.lock.yaml', NO_PROCESS)]
    for (const name of [of(NAME, NO_PROCESS), ...others]) await writeFile(at.at(name), 'half')
    const file = await at.open({ owner: OWNER })
    expect(await readdir(at.path)).toHaveLength(4)
    await file.save(TWO)
    expect((await readdir(at.path)).toSorted()).toEqual([NAME, ...others].toSorted())
  })

  it('after the run was stopped, so that nothing is forgotten', async () => {
    await using at = await project(ONE)
    const stop = new AbortController()
    const file = await openLockFile(
      { files: ['images.yaml'], cwd: at.path },
      { signal: stop.signal },
    )
    stop.abort()
    expect(await file.save(TWO)).toBe(true)
  })
})

describe('a lock is not saved', () => {
  it.each([
    [
      'changed',
      async (path: string) => writeFile(path, encodeLock(TWO)),
      'was changed by somebody else',
    ],
    ['removed', async (path: string) => rm(path), 'was removed'],
  ])('over what somebody else %s', async (_, change, what) => {
    await using at = await project(ONE)
    const file = await at.open()
    await change(at.at(NAME))
    const after = await contents(at.path)
    await expect(file.save(lockOf())).rejects.toMatchObject({
      name: 'RunError',
      code: 'LOCK_CHANGED',
      message: `${NAME} ${what} while it was in use`,
      hint: 'it is left as it is now; run again, which begins with that',
    })
    expect(await contents(at.path)).toEqual(after)
  })

  it('over what somebody else made', async () => {
    await using at = await project()
    const file = await at.open()
    await writeFile(at.at(NAME), encodeLock(TWO))
    await expect(file.save(ONE)).rejects.toMatchObject({ code: 'LOCK_CHANGED' })
    expect(await at.text()).toBe(encodeLock(TWO))
  })

  it('but refuses nothing where somebody else wrote the same', async () => {
    await using at = await project(ONE)
    const file = await at.open()
    await writeFile(at.at(NAME), encodeLock(TWO))
    expect(await file.save(TWO)).toBe(false)
    expect(await file.save(ONE)).toBe(true)
  })

  it('where there is no folder', async () => {
    await using at = await project()
    const file = await at.open({ path: 'no/x.yaml' })
    await expect(file.save(ONE)).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringMatching(/^no\/x\.yaml cannot be written: ENOENT/),
      hint: 'a lock needs a folder that this user may write to',
    })
  })

  it('for a caller who has given up, and is later', async () => {
    await using at = await project(ONE)
    const file = await at.open()
    const stopped = file.save(TWO, { signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    expect(await at.text()).toBe(encodeLock(ONE))
    expect(await readdir(at.path)).toEqual([NAME])
    expect(await file.save(TWO)).toBe(true)
  })

  it('where it would be too large to be read again', async () => {
    await using at = await project(ONE)
    const file = await at.open()
    await expect(file.save(lockOf({ name: 'x'.repeat(64 * 1024 * 1024) }))).rejects.toMatchObject({
      code: 'LOCK_INVALID',
      message: `${NAME} would have more than 64 MiB`,
      hint: 'split the manifest',
    })
    expect(await at.text()).toBe(encodeLock(ONE))
  })
})

describe('in a folder that nobody has looked at', () => {
  it('a lock is read, also through a link further into it', async () => {
    await using at = await project(ONE)
    expect(await at.open({ untrusted: true })).toMatchObject({ lock: ONE })
    await mkdir(at.at('deep'))
    await writeFile(at.at('deep/x.yaml'), encodeLock(TWO))
    await symlink('deep/x.yaml', at.at('b.lock.yaml'))
    expect(await at.open({ untrusted: true, files: ['b.yaml'] })).toMatchObject({ lock: TWO })
    expect(await at.open({ untrusted: true, files: ['no.yaml'] })).toMatchObject({ exists: false })
  })

  it.each<[string, string, Partial<LockRequest>]>([
    ['the lock', NAME, { files: ['images.yaml'] }],
    ['what --lock names', 'x.yaml', { path: 'x.yaml' }],
    ['a folder on the way', 'deep', { path: 'deep/x.yaml' }],
  ])('a link at %s may not lead out of it', async (_, link, request) => {
    await using elsewhere = await openFolder()
    await writeFile(join(elsewhere.path, 'x.yaml'), 'password: hunter2\n')
    await using at = await project()
    const target = link === 'deep' ? elsewhere.path : join(elsewhere.path, 'x.yaml')
    await symlink(target, at.at(link))
    const file = request.path ?? NAME
    await expect(at.open({ ...request, untrusted: true })).rejects.toMatchObject({
      code: 'MANIFEST_UNTRUSTED',
      message: `a link takes ${file} out of its folder`,
    })
  })

  it('and is not written through a link that appears later', async () => {
    await using elsewhere = await openFolder()
    await using at = await project()
    const file = await at.open({ untrusted: true })
    await writeFile(join(elsewhere.path, 'x.yaml'), encodeLock(TWO))
    await symlink(join(elsewhere.path, 'x.yaml'), at.at(NAME))
    await expect(file.save(ONE)).rejects.toMatchObject({ code: 'MANIFEST_UNTRUSTED' })
    expect(await readFile(join(elsewhere.path, 'x.yaml'), 'utf8')).toBe(encodeLock(TWO))
  })
})
