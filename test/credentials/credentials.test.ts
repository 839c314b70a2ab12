import { chmod } from 'node:fs/promises'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failure, login, makeHome, sent, type Home } from './helpers.ts'

const HOST = 'registry.example'

let home: Home
beforeEach(async () => {
  home = await makeHome()
})
afterEach(async () => {
  await home[Symbol.asyncDispose]()
})

describe('where credentials come from', () => {
  it('is nobody where no file says anything', async () => {
    expect(await home.open().for(HOST, 'acme/app')).toBeUndefined()
  })

  it('takes the first place that has an entry for the host, in the stated order', async () => {
    const named = await home.write('named.json', { auths: { [HOST]: login('u', 'authfile') } })
    const registryAuthFile = await home.write('r.json', { auths: { [HOST]: login('u', 'raf') } })
    await home.write('run/containers/auth.json', { auths: { [HOST]: login('u', 'xdg') } })
    await home.write('docker/config.json', { auths: { [HOST]: login('u', 'dockerconfig') } })
    await home.write('.docker/config.json', { auths: { [HOST]: login('u', 'home') } })
    await home.write('secret', 'manifest\n')
    const env = {
      REGISTRY_AUTH_FILE: registryAuthFile,
      XDG_RUNTIME_DIR: `${home.path}/run`,
      DOCKER_CONFIG: `${home.path}/docker`,
      DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [HOST]: login('u', 'inline') } }),
    }
    const auth = { [HOST]: { username: 'u', password: { file: `${home.path}/secret` } } }
    const who = async (init: Parameters<Home['open']>[0]) =>
      sent(await home.open(init).for(HOST, 'acme/app'))

    expect(await who({ env, authfile: named, auth })).toBe('u:manifest')
    expect(await who({ env, authfile: named })).toBe('u:authfile')
    expect(await who({ env })).toBe('u:raf')
    expect(await who({ env: { ...env, REGISTRY_AUTH_FILE: '' } })).toBe('u:xdg')
    const { DOCKER_CONFIG, DOCKER_AUTH_CONFIG } = env
    expect(await who({ env: { DOCKER_CONFIG, DOCKER_AUTH_CONFIG } })).toBe('u:dockerconfig')
    expect(await who({ env: { DOCKER_AUTH_CONFIG } })).toBe('u:inline')
    expect(await who({})).toBe('u:home')
  })

  it('goes on to the next file where one has no entry for the host', async () => {
    const authfile = await home.write('a.json', { auths: { 'other.example': login('u', 'no') } })
    await home.write('docker/config.json', { auths: { [HOST]: {} } })
    await home.write('.docker/config.json', { auths: { [HOST]: login('u', 'home') } })
    const env = {
      REGISTRY_AUTH_FILE: `${home.path}/none.json`,
      DOCKER_CONFIG: `${home.path}/docker`,
    }
    expect(sent(await home.open({ authfile, env }).for(HOST, 'a'))).toBe('u:home')
  })

  it('asks no file when the manifest says who we are', async () => {
    await home.write('.docker/config.json', 'not JSON')
    const auth = { [HOST]: { username: { env: 'USER_NAME' }, password: { env: 'PASS' } } }
    const credentials = home.open({ auth, env: { USER_NAME: 'robot', PASS: 'a:b' } })
    expect(sent(await credentials.for(HOST, 'a'))).toBe('robot:a:b')
  })

  it('reads nothing before it is asked, and nothing twice', async () => {
    const credentials = home.open()
    const path = await home.write('.docker/config.json', { auths: { [HOST]: login('u', 'one') } })
    expect(sent(await credentials.for(HOST, 'a'))).toBe('u:one')
    await home.write('.docker/config.json', { auths: { [HOST]: login('u', 'two') } })
    expect(sent(await credentials.for(HOST, 'b'))).toBe('u:one')
    await chmod(path, 0o644)
    expect(sent(await home.open().for(HOST, 'a'))).toBe('u:two')
  })

  it('knows Docker Hub under each of its names', async () => {
    const auth = { 'docker.io': { username: 'u', password: { env: 'PASS' } } }
    const credentials = home.open({ auth, env: { PASS: 'p' } })
    expect(sent(await credentials.for('index.docker.io', 'library/alpine'))).toBe('u:p')
  })

  it('lets an abort through', async () => {
    const reason = new Error('stop')
    const asked = home.open().for(HOST, 'a', { signal: AbortSignal.abort(reason) })
    await expect(asked).rejects.toBe(reason)
  })
})

describe('what a bad place says', () => {
  it.each([
    ['an unset variable', { env: 'NOPE' }, ['NOPE', 'not set']],
    ['an empty variable', { env: 'EMPTY' }, ['EMPTY', 'is empty']],
    ['a missing file', { file: '/nonexistent/pw' }, ['/nonexistent/pw', 'does not exist']],
    ['a folder', { file: '/' }, ['/', 'EISDIR']],
    ['an endless file', { file: '/dev/zero' }, ['/dev/zero', '1048576']],
  ])('%s as the password', async (_, password, words) => {
    const auth = { [HOST]: { username: 'u', password } }
    const error = await failure(home.open({ auth, env: { EMPTY: '' } }).for(HOST, 'a'))
    expect(error.code).toBe('CREDENTIALS_UNUSABLE')
    for (const word of words) expect(`${error.message} ${error.hint}`).toContain(word)
  })

  it('names the manifest key of an empty secret file', async () => {
    const file = await home.write('pw', '\n')
    const auth = { [HOST]: { username: 'u', password: { file } } }
    const error = await failure(home.open({ auth }).for(HOST, 'a'))
    expect(error.message).toContain(`registries.${HOST}.auth.password`)
    expect(error.message).toContain(file)
  })

  it('an authfile that was asked for and is not there', async () => {
    const error = await failure(home.open({ authfile: '/nonexistent.json' }).for(HOST, 'a'))
    expect(error.message).toContain('/nonexistent.json')
  })

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['auths that are a list', '{"auths":[]}'],
    ['helpers that are no names', `{"credHelpers":{"${HOST}":1}}`],
    ['a store that is no name', '{"credsStore":{}}'],
    ['an entry that is no object', `{"auths":{"${HOST}":"x"}}`],
    ['an entry with another kind of login', `{"auths":{"${HOST}":{"registrytoken":"x"}}}`],
    ['an auth that is not base64', `{"auths":{"${HOST}":{"auth":"%%%"}}}`],
    ['an auth without a colon', `{"auths":{"${HOST}":{"auth":"YWJj"}}}`],
  ])('a login file with %s is an error that names it, not anonymity', async (_, text) => {
    const path = await home.write('.docker/config.json', text)
    const error = await failure(home.open().for(HOST, 'a'))
    expect(error.code).toBe('CREDENTIALS_UNUSABLE')
    expect(error.message).toContain(path)
  })

  it('is not disturbed by a bad entry of another host', async () => {
    const auths = { 'other.example': { auth: '%%%' }, [HOST]: login('u', 'p') }
    await home.write('.docker/config.json', { auths })
    expect(sent(await home.open().for(HOST, 'a'))).toBe('u:p')
  })

  it('takes an empty login file as one that says nothing', async () => {
    await home.write('.docker/config.json', '\n')
    expect(await home.open().for(HOST, 'a')).toBeUndefined()
  })
})

describe('secrets stay secret', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9"\\{}<>: -]{12,40}$/)
  const places = fc.constantFrom<(secret: string) => string>(
    text => text,
    text => `{"auths":{"${HOST}":{"auth":"${text}`,
    text => JSON.stringify({ auths: { [HOST]: { auth: text } } }),
    text => JSON.stringify({ auths: { [HOST]: text } }),
    text => JSON.stringify({ auths: { [HOST]: { username: 7, password: text } } }),
    text => JSON.stringify({ auths: { [HOST]: { auth: `${btoa(text)}!` } } }),
    text => JSON.stringify({ auths: [text] }),
    text => JSON.stringify({ auths: { [HOST]: { registrytoken: text } } }),
  )

  it('in every error about a login file', async () => {
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(secret, places, async (text, place) => {
        await home.write('.docker/config.json', place(text))
        // what happens to be a login is answered, not refused
        const error = await home
          .open()
          .for(HOST, 'acme/app')
          .then(
            () => undefined,
            (reason: unknown) => reason,
          )
        if (error === undefined) return
        refusals++
        const shown = everything(error)
        for (const form of [text, btoa(text)]) {
          if (shown.includes(form)) throw new Error(`"${form}" is in ${shown}`)
        }
      }),
    )
    expect(refusals).toBeGreaterThan(10)
  })

  it.each([
    ['a password', { auth: Buffer.from('robot:hunter2hunter2').toString('base64') }],
    ['an identity token', { identitytoken: 'hunter2hunter2' }],
  ])('when a credential with %s is printed', async (_, entry) => {
    await home.write('.docker/config.json', { auths: { [HOST]: entry } })
    const credential = await home.open().for(HOST, 'a')
    expect(sent(credential)).toContain('hunter2hunter2')
    const printed = [
      inspect(credential, { showHidden: true, depth: 9 }),
      JSON.stringify({ credential }),
      JSON.stringify({ ...credential }),
    ]
    for (const text of printed) expect(text).not.toContain('hunter2')
  })
})

function everything(error: unknown): string {
  const stack = error instanceof Error ? error.stack : ''
  return `${inspect(error, { showHidden: true, depth: 9 })} ${JSON.stringify(error)} ${stack}`
}
