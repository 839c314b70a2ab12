import { execFile } from 'node:child_process'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entryFor, parseDockerConfig } from '../../src/credentials/docker-config.ts'
import { eraseLogin, loginFileOf, parseLogin, storeLogin } from '../../src/credentials/logins.ts'
import { failure, login, makeHome, sent, type Home } from './helpers.ts'

const HOST = 'r.example'
const SECRET = 'hunter2hunter2'
const ALICE = parseLogin('alice', SECRET)

let home: Home
beforeEach(async () => {
  home = await makeHome()
})
afterEach(async () => {
  await home[Symbol.asyncDispose]()
})

const at = (name: string) => join(home.path, name)
const text = (name: string) => readFile(at(name), 'utf8')
const json = async (name: string): Promise<unknown> => JSON.parse(await text(name))
const modeOf = async (name: string) => (await stat(at(name))).mode & 0o777
const place = (name = 'config.json') => ({
  path: at(name),
  env: { PATH: `${home.path}/bin:/usr/bin:/bin` },
  helperLimitMs: 500,
})

describe('the file of logins', () => {
  const all = { REGISTRY_AUTH_FILE: 'auth.json', DOCKER_CONFIG: '/d', HOME: '/home/a' }

  it.each([
    ['the one that is named', 'a.json', all, '/here/a.json'],
    ['REGISTRY_AUTH_FILE', undefined, all, '/here/auth.json'],
    ['in DOCKER_CONFIG', undefined, { ...all, REGISTRY_AUTH_FILE: '' }, '/d/config.json'],
    ['in the home folder', undefined, { HOME: '/home/a' }, '/home/a/.docker/config.json'],
    ['here, where nobody is at home', undefined, {}, '/here/.docker/config.json'],
    ['not of podman', undefined, { HOME: '/h', XDG_RUNTIME_DIR: '/run' }, '/h/.docker/config.json'],
  ])('is %s', (_, authfile, env, path) => {
    expect(loginFileOf({ authfile, env, cwd: '/here' })).toBe(path)
  })
})

describe('a login', () => {
  it.each([
    ['', 'p', 'needs a user name'],
    ['a:b', 'p', 'colon'],
    ['<token>', 'p', 'identity token'],
    ['a', '', 'empty'],
    ['a', 'p\0', 'NUL'],
    ['a\0', 'p', 'NUL'],
  ])('cannot be of %j with %j', (username, password, words) => {
    expect(() => parseLogin(username, password)).toThrow(words)
  })

  it('is read back as it was stored, whatever user name and password', async () => {
    const word = fc.string({ unit: 'binary', minLength: 1 }).filter(text => !text.includes('\0'))
    const username = word.filter(text => !text.includes(':') && text !== '<token>')
    await fc.assert(
      fc.asyncProperty(username, word, async (username, password) => {
        await storeLogin(HOST, parseLogin(username, password), place())
        const config = parseDockerConfig(await text('config.json'), 'config.json')
        expect(sent(entryFor(config, HOST, 'acme/app'))).toBe(`${username}:${password}`)
      }),
      { numRuns: 50 },
    )
  })

  it('is found where logins are looked for', async () => {
    await storeLogin(HOST, ALICE, place('.docker/config.json'))
    await storeLogin('docker.io', parseLogin('bob', SECRET), place('.docker/config.json'))
    const credentials = home.open()
    expect(sent(await credentials.for(HOST, 'acme/app'))).toBe(`alice:${SECRET}`)
    expect(sent(await credentials.for('docker.io', 'library/alpine'))).toBe(`bob:${SECRET}`)
  })

  it('leaves with every spelling of its host, and nothing else does', async () => {
    const other = { 'b.example': login('u', 'p'), 'r.example/acme': login('u', 'p') }
    const ours = { 'r.example': login('u', 'p'), 'https://R.example/v1/': {} }
    await home.write('config.json', { auths: { ...other, ...ours }, credHelpers: {}, x: [1] })
    expect(await eraseLogin(HOST, place())).toBe(true)
    expect(await json('config.json')).toEqual({ auths: other, credHelpers: {}, x: [1] })
    const before = await stat(at('config.json'))
    expect(await eraseLogin(HOST, place())).toBe(false)
    expect((await stat(at('config.json'))).ino).toBe(before.ino)
  })

  it('that nobody has leaves no file behind', async () => {
    expect(await eraseLogin(HOST, place())).toBe(false)
    expect(await readdir(home.path)).toEqual([])
  })
})

describe('how the file is written', () => {
  it('is for its owner alone, as is a folder made for it', async () => {
    expect(await storeLogin(HOST, ALICE, place('a/b/config.json'))).toEqual({
      by: 'file',
      path: at('a/b/config.json'),
    })
    expect(await readdir(at('a/b'))).toEqual(['config.json'])
    for (const [name, mode] of [
      ['a', 0o700],
      ['a/b', 0o700],
      ['a/b/config.json', 0o600],
    ] as const) {
      expect(await modeOf(name), name).toBe(mode)
    }
  })

  it('is for its owner alone where it was not before', async () => {
    await home.write('d/config.json', {})
    await chmod(at('d/config.json'), 0o644)
    const folder = await modeOf('d')
    await storeLogin(HOST, ALICE, place('d/config.json'))
    expect(await modeOf('d/config.json')).toBe(0o600)
    await chmod(at('d/config.json'), 0o644)
    await eraseLogin(HOST, place('d/config.json'))
    expect(await modeOf('d/config.json')).toBe(0o600)
    expect(await modeOf('d')).toBe(folder)
  })

  it.each([
    ['that is there', '{"x":1}', { x: 1 }],
    ['that is still to come', undefined, {}],
  ])('goes through links, to a file %s', async (_, before, kept) => {
    await mkdir(at('dotfiles'))
    if (before !== undefined) await writeFile(at('dotfiles/docker.json'), before)
    await symlink('dotfiles', at('alias'))
    await symlink('alias/docker.json', at('one'))
    await symlink(at('one'), at('config.json'))
    await storeLogin(HOST, ALICE, place())
    expect((await lstat(at('config.json'))).isSymbolicLink()).toBe(true)
    expect((await lstat(at('one'))).isSymbolicLink()).toBe(true)
    expect(await realpath(at('config.json'))).toBe(await realpath(at('dotfiles/docker.json')))
    const auths = { [HOST]: login('alice', SECRET) }
    expect(await json('dotfiles/docker.json')).toEqual({ ...kept, auths })
    expect(await modeOf('dotfiles/docker.json')).toBe(0o600)
  })

  it.runIf(process.getuid?.() === 0)('stays with its owner when root writes it', async () => {
    await home.write('config.json', {})
    await chown(at('config.json'), 1234, 2345)
    await storeLogin(HOST, ALICE, place())
    expect(await stat(at('config.json'))).toMatchObject({ uid: 1234, gid: 2345 })
  })

  it.each([
    ['not JSON', `{ "auths": ${SECRET}`, 'is not JSON'],
    ['no object', '[]', 'is not a JSON object'],
    ['of strange logins', '{"auths":[]}', 'has "auths" that is not a JSON object'],
  ])('is left as it was where it is %s', async (_, before, words) => {
    await home.write('config.json', before)
    const works = [() => storeLogin(HOST, ALICE, place()), () => eraseLogin(HOST, place())]
    for (const work of works) {
      const error = await failure(work())
      expect(error.message).toContain(`${at('config.json')} ${words}`)
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(SECRET)
    }
    expect(await text('config.json')).toBe(before)
  })

  it('is not put in place of what is no file', async () => {
    await promisify(execFile)('mkfifo', [at('config.json')])
    const storing = failure(storeLogin(HOST, ALICE, place()))
    await (await open(at('config.json'), 'w')).close()
    expect((await storing).message).toContain(
      'config.json cannot be written: it is no regular file',
    )
    expect((await stat(at('config.json'))).isFIFO()).toBe(true)
  })

  it.each([
    ['a file where a folder should be', 'file/config.json', /cannot be written: E(?:NOTDIR|EXIST)/],
    ['a folder where a file should be', 'folder', /cannot be read: EISDIR/],
    ['a link that leads to itself', 'loop', /cannot be read: ELOOP/],
  ])('is explained where there is %s', async (_, name, words) => {
    await home.write('file', '')
    await mkdir(at('folder'))
    await symlink('loop', at('loop'))
    const error = await failure(storeLogin(HOST, ALICE, place(name)))
    expect(error).toMatchObject({ code: 'CREDENTIALS_UNUSABLE' })
    expect(error.message).toMatch(words)
  })

  it('is not written when the caller stops', async () => {
    const stopped = storeLogin(HOST, ALICE, place(), { signal: AbortSignal.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    expect(await readdir(home.path)).toEqual([])
  })
})

describe('a helper that the file names', () => {
  it.each([
    ['for every host', { credsStore: 'safe' }],
    ['for the host', { credsStore: 'missing', credHelpers: { 'https://r.example/': 'safe' } }],
  ])('%s keeps the secret, and the file only that there is one', async (_, config) => {
    await home.keeper('safe')
    await home.write('config.json', { auths: { [HOST]: login('old', SECRET) }, ...config })
    expect(await storeLogin(HOST, ALICE, place())).toEqual({
      by: 'helper',
      program: 'docker-credential-safe',
    })
    expect(await json('config.json')).toEqual({ auths: { [HOST]: {} }, ...config })
    expect(await json('safe.kept')).toEqual({
      ServerURL: HOST,
      Username: 'alice',
      Secret: SECRET,
    })
    expect(await text('safe.args')).toBe('store\n')
    const credentials = home.open({ authfile: at('config.json') })
    expect(sent(await credentials.for(HOST, 'a'))).toBe(`alice:${SECRET}`)
  })

  it('knows Docker Hub by its old address', async () => {
    await home.keeper('safe')
    await home.write('config.json', { credsStore: 'safe' })
    await storeLogin('docker.io', ALICE, place())
    expect(await json('safe.kept')).toMatchObject({ ServerURL: 'https://index.docker.io/v1/' })
    expect(await eraseLogin('docker.io', place())).toBe(true)
    expect(await readdir(home.path)).not.toContain('safe.kept')
    expect(await json('config.json')).toEqual({ credsStore: 'safe', auths: {} })
  })

  it('forgets what it keeps, and says where it knows nothing', async () => {
    await home.keeper('safe')
    await home.write('config.json', { credsStore: 'safe' })
    await storeLogin(HOST, ALICE, place())
    // kept by somebody who does not write the file
    await home.write('config.json', { credsStore: 'safe' })
    expect(await eraseLogin(HOST, place())).toBe(true)
    expect(await eraseLogin(HOST, place())).toBe(false)
  })

  it('forgets also where another one is before it', async () => {
    await home.keeper('safe')
    await home.keeper('own')
    await home.write('config.json', { credsStore: 'safe' })
    await storeLogin(HOST, ALICE, place())
    await home.write('config.json', { credsStore: 'safe', credHelpers: { [HOST]: 'own' } })
    expect(await eraseLogin(HOST, place())).toBe(true)
    expect(sent(await home.open({ authfile: at('config.json') }).for(HOST, 'a'))).toBeUndefined()
  })

  it.each([
    ['is not there', 'missing', '', 'is not on PATH'],
    ['fails', 'failing', `echo ${SECRET} >&2; echo ${SECRET}; exit 3`, 'failed with exit code 3'],
    ['never ends', 'stuck', `echo ${SECRET}; exec sleep 60`, 'did not answer within 0.5 s'],
    ['does not read', 'deaf', 'exit 4', 'failed with exit code 4'],
  ])('that %s leaves all as it was', async (_, name, script, words) => {
    if (script !== '') {
      const program = await home.write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`)
      await chmod(program, 0o755)
    }
    await home.write('config.json', { credsStore: name })
    const stored = await failure(storeLogin(HOST, ALICE, place()))
    const erased = await failure(eraseLogin(HOST, place()))
    for (const error of [stored, erased]) {
      expect(error.message).toBe(
        `docker-credential-${name}, which ${at('config.json')} names for ${HOST}, ${words}`,
      )
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(SECRET)
    }
    expect(stored.hint).toBe(`see what it says to: docker-credential-${name} list`)
    expect(erased.hint).toContain(`printf %s ${HOST} | docker-credential-${name} erase`)
    expect(await json('config.json')).toEqual({ credsStore: name })
  })

  it('that fails does not keep a login in the file', async () => {
    await home.write('config.json', { credsStore: 'missing', auths: { [HOST]: login('u', 'p') } })
    await failure(eraseLogin(HOST, place()))
    expect(await json('config.json')).toEqual({ credsStore: 'missing', auths: {} })
  })
})
