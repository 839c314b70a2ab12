import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Interruption } from '../../src/cli/interruption.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { waybill } from '../support/cli.ts'
import { ENCODED, isThere, LOGIN, SECRET, users, world } from './login-world.ts'

describe('login', () => {
  it('says where another login of the host is in its way', async () => {
    await using w = await world()
    const auth = Buffer.from('bob:other').toString('base64')
    const other = JSON.stringify({ auths: { [w.host]: { auth } } })
    const env = {
      HOME: w.home.path,
      PATH: `${w.home.path}/bin:/usr/bin:/bin`,
      DOCKER_AUTH_CONFIG: other,
    }
    const { code, err } = await w.run('login HOST -u alice --password-stdin', SECRET, { env })
    expect(code).toBe(0)
    expect(err).toContain(`another login for ${w.host} is read before this one`)
    const plain = await w.run('login HOST -u alice --password-stdin', SECRET)
    expect(plain.err).not.toContain('another login')
  })

  it.each<[string, FakeRegistryOptions]>([
    ['Basic', { auth: { kind: 'basic', users } }],
    ['Bearer', { auth: { kind: 'bearer', users } }],
    ['Bearer from a server of its own', { auth: { kind: 'bearer', users, realm: 'own' } }],
  ])('keeps what the registry accepts, by %s', async (_, options) => {
    await using w = await world(options)
    const path = join(w.home.path, '.docker/config.json')
    expect(await w.run(LOGIN, `${SECRET}\n`)).toEqual({
      code: 0,
      out: `Logged in to ${w.host} as alice; kept in ${path}\n`,
      err: `warning: the password is in ${path}, not encrypted; "credsStore" there names a helper that keeps passwords\n`,
    })
    expect(await w.config()).toEqual({ auths: { [w.host]: { auth: ENCODED } } })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(w.registry.grants.every(({ scopes }) => scopes.length === 0)).toBe(true)
  })

  const refusing = (status: number, kind: 'token' | 'base') =>
    ({
      auth: { kind: kind === 'token' ? 'bearer' : 'basic', users },
      fault: ({ route }) =>
        route.kind === kind
          ? {
              kind: 'status',
              status,
              body: JSON.stringify({ errors: [{ code: 'DENIED', message: `not ${SECRET}` }] }),
            }
          : undefined,
    }) satisfies FakeRegistryOptions

  it.each<[string, FakeRegistryOptions, string, string]>([
    ['a wrong password', { auth: { kind: 'basic', users } }, 'wrong', '401)'],
    ['a wrong password for a token', { auth: { kind: 'bearer', users } }, 'wrong', '401)'],
    ['someone it does not let in', refusing(403, 'base'), SECRET, 'answered 403'],
    ['someone its token service does not', refusing(403, 'token'), SECRET, 'answered 403'],
  ])('keeps nothing where the registry refuses %s', async (_, options, password, words) => {
    await using w = await world(options)
    const { code, out, err } = await w.run(LOGIN, password)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(`error: ${w.host} refused the login of alice\n`)
    expect(err).toContain(words)
    expect(err).toContain('hint: check the user name and the password')
    expect(err).not.toContain('docker login')
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
  })

  it.each<[string, FakeRegistryOptions, string]>([
    ['answers with an error', refusing(400, 'base'), 'answered 400 to the login'],
    [
      'refuses without asking',
      { fault: () => ({ kind: 'status', status: 403 }) },
      'answered 403 without asking for a user name and password',
    ],
    [
      'asks for a kind of login that nobody here has',
      {
        fault: () => ({
          kind: 'status',
          status: 401,
          headers: { 'www-authenticate': 'Negotiate' },
        }),
      },
      'answered 401 without asking for a user name and password',
    ],
    [
      'sends us to strangers with the password',
      {
        fault: () => ({
          kind: 'status',
          status: 401,
          headers: { 'www-authenticate': 'Bearer realm="http://evil.example/token"' },
        }),
      },
      'sends us to http://evil.example for a token',
    ],
  ])('keeps nothing where the registry %s', async (_, options, words) => {
    await using w = await world(options)
    const { code, out, err } = await w.run(LOGIN, SECRET)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(words)
    expect(err).not.toContain('refused the login')
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
  })

  it('keeps nothing where the registry cannot be reached', async () => {
    await using w = await world()
    await w.registry.close()
    const { code, err } = await w.run(LOGIN, SECRET)
    expect(code).toBe(1)
    expect(err).toContain(`${w.host} cannot be reached`)
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
  })

  it('keeps what a registry does not ask for, and says that it is not checked', async () => {
    await using w = await world({})
    const { code, err } = await w.run(LOGIN, SECRET)
    expect(code).toBe(0)
    expect(err).toContain(`${w.host} did not ask who we are: the login is kept, and not checked\n`)
    expect(await w.config()).toEqual({ auths: { [w.host]: { auth: ENCODED } } })
  })

  it('gives the password to a helper, and to nobody else', async () => {
    await using w = await world()
    await w.home.keeper('safe')
    await w.home.write('.docker/config.json', { credsStore: 'safe' })
    expect(await w.run(LOGIN, SECRET)).toEqual({
      code: 0,
      out: `Logged in to ${w.host} as alice; kept by docker-credential-safe\n`,
      err: '',
    })
    expect(await w.config()).toEqual({ credsStore: 'safe', auths: { [w.host]: {} } })
    expect(await readFile(join(w.home.path, 'safe.args'), 'utf8')).toBe('store\n')
    expect(await w.run('logout HOST')).toMatchObject({ out: `Logged out of ${w.host}\n` })
    expect(await isThere(join(w.home.path, 'safe.kept'))).toBe(false)
  })

  it('writes the file that it is told to', async () => {
    await using w = await world()
    await w.run(`${LOGIN} --authfile mine.json`, SECRET)
    expect(await isThere(join(w.home.path, 'mine.json'))).toBe(true)
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
    const out = `Logged out of ${w.host}\n`
    expect(await w.run('logout HOST --authfile mine.json')).toEqual({ code: 0, out, err: '' })
  })

  it('takes the way to the registry from a file', async () => {
    await using w = await world()
    const write = (settings: object) =>
      writeFile(join(w.home.path, 'r.yaml'), JSON.stringify({ registries: { [w.host]: settings } }))
    await write({ http: false })
    const secure = await w.run(`${LOGIN} --registries r.yaml`, SECRET)
    expect(secure.code).toBe(1)
    expect(secure.err).toContain('it does not speak TLS')
    await write({ tls: { ca: './none.pem' } })
    const missing = await w.run(`${LOGIN} --registries r.yaml`, SECRET)
    expect(missing.code).toBe(64)
    expect(missing.err).toContain('none.pem cannot be read')
    await write({ http: true })
    expect((await w.run(`${LOGIN} --registries r.yaml`, SECRET)).code).toBe(0)
  })

  it.each(['http://HOST', 'https://HOST/', 'HOST/v2/', 'HOST//', 'HTTP://HOST/v1'])(
    'knows the registry as %s',
    async spelling => {
      await using w = await world()
      expect((await w.run(LOGIN.replace('HOST', spelling), SECRET)).code).toBe(0)
      expect(await w.config()).toEqual({ auths: { [w.host]: { auth: ENCODED } } })
    },
  )

  it('is stopped while it waits for the registry', async () => {
    const stop = new AbortController()
    await using w = await world({
      fault: () => {
        stop.abort(new Interruption('SIGTERM'))
        return { kind: 'stall' }
      },
    })
    const ended = await w.run(LOGIN, SECRET, { signal: stop.signal })
    expect(ended).toEqual({ code: 143, out: '', err: '' })
    expect(await isThere(join(w.home.path, '.docker'))).toBe(false)
  })
})

describe('logout', () => {
  it('forgets a login, and says when there is none', async () => {
    await using w = await world()
    await w.run(LOGIN, SECRET)
    const code = 0
    expect(await w.run('logout https://HOST/')).toEqual({
      code,
      out: `Logged out of ${w.host}\n`,
      err: '',
    })
    expect(await w.config()).toEqual({ auths: {} })
    expect(await w.run('logout HOST')).toEqual({
      code,
      out: `Not logged in to ${w.host}\n`,
      err: '',
    })
  })

  it.each(['logout', 'logout docker.io', 'logout registry-1.docker.io', 'logout index.docker.io'])(
    '"%s" is of Docker Hub',
    async line => {
      await using w = await world()
      const kept = { 'https://index.docker.io/v1/': { auth: ENCODED }, 'docker.io': {} }
      await w.home.write('.docker/config.json', { auths: kept })
      expect((await w.run(line)).out).toBe('Logged out of docker.io\n')
      expect(await w.config()).toEqual({ auths: {} })
    },
  )

  it('ends with 1 where the file cannot be used, and leaves it', async () => {
    await using w = await world()
    await mkdir(join(w.home.path, '.docker/config.json'), { recursive: true })
    const { code, err } = await w.run('logout HOST')
    expect(code).toBe(1)
    expect(err).toContain('config.json cannot be read: EISDIR')
  })
})

it('the program itself logs in, uses the login, and logs out', async () => {
  await using w = await world({ auth: { kind: 'bearer', users } })
  const options = { cwd: w.home.path }
  const args = [w.host, '-u', 'alice', '--password-stdin']
  const wrong = await waybill(['login', ...args], { ...options, input: 'wrong\n' })
  expect(wrong).toMatchObject({ code: 1, stdout: '' })
  const right = await waybill(['login', ...args], { ...options, input: `${SECRET}\n` })
  expect(right.code, right.stderr).toBe(0)
  expect(right.stdout).toMatch(/^Logged in to .* as alice; kept in .*\n$/)
  const asking = await waybill(['login', w.host], options)
  expect(asking).toMatchObject({ code: 64, stdout: '' })
  const out = await waybill(['logout', w.host], options)
  expect(out).toMatchObject({ code: 0, stdout: `Logged out of ${w.host}\n`, stderr: '' })
  for (const { stdout, stderr } of [wrong, right, asking, out]) {
    expect(stdout + stderr).not.toMatch(new RegExp(`${SECRET}|${ENCODED}`))
  }
  expect(await w.config()).toEqual({ auths: {} })
})
