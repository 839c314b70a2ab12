import { execFile } from 'node:child_process'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { BIN, waybill, type CliOptions } from '../support/cli.ts'
import { makeImage, pushImage } from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'
import { openTerminal } from './support/terminal.ts'

const run = promisify(execFile)
const SECRET = 'hunter2hunter2'
const ENCODED = Buffer.from(`alice:${SECRET}`).toString('base64')

function expectNoSecret(...texts: readonly string[]): void {
  for (const secret of [SECRET, ENCODED]) expect(texts.join('\n')).not.toContain(secret)
}

const NEEDS = ['docker-registry', 'skopeo', 'openssl', 'htpasswd'] as const

describeLive('a login at docker-registry, over TLS', NEEDS, () => {
  let registry: LiveRegistry
  beforeAll(async () => {
    registry = await startDockerRegistry({ tls: true, htpasswd: { alice: SECRET } })
    const image = await makeImage({ seed: 'login' })
    const auth = { username: 'alice', password: SECRET }
    await pushImage(registry.host, 'acme/app', '1', image, { auth, ca: registry.ca!.pem })
  })
  afterAll(() => registry?.[Symbol.asyncDispose]())

  async function quietly(args: readonly string[], options: CliOptions) {
    const ended = await waybill(args, options)
    expectNoSecret(ended.stdout, ended.stderr)
    return ended
  }

  it('is checked, kept, used by us and by skopeo, and forgotten', async () => {
    await using folder = await openFolder()
    const { host, ca } = registry
    const registries = { [host]: { tls: { ca: ca!.file } } }
    const manifest = { version: 1, registries, images: [{ from: `${host}/acme/app:1` }] }
    await writeFile(join(folder.path, 'r.yaml'), JSON.stringify({ registries }))
    await writeFile(join(folder.path, 'images.yaml'), JSON.stringify(manifest))
    const options = { cwd: folder.path }
    const file = join(folder.path, '.docker/config.json')
    const args = ['login', host, '-u', 'alice', '--password-stdin', '--registries', 'r.yaml']
    const planned = () => quietly(['plan', '--output', 'json'], options)
    expect((await planned()).code).toBe(1)

    const wrong = await quietly(args, { ...options, input: 'wrong' })
    expect(wrong, wrong.stderr).toMatchObject({ code: 1, stdout: '' })
    expect(wrong.stderr).toContain(`${host} refused the login of alice`)
    await expect(stat(file)).rejects.toThrow('ENOENT')

    const right = await quietly(args, { ...options, input: SECRET })
    expect(right, right.stderr).toMatchObject({ code: 0 })
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await planned()).code).toBe(0)
    await skopeoInspect(file, registry, folder.path)

    expect((await quietly(['logout', host], options)).stdout).toBe(`Logged out of ${host}\n`)
    expect(await readFile(file, 'utf8')).not.toContain(host)
    expect((await planned()).code).toBe(1)
  })
})

/** With the file of logins alone, and the registry's authority. */
async function skopeoInspect(authfile: string, { host, ca }: LiveRegistry, folder: string) {
  await mkdir(join(folder, 'certs'))
  await writeFile(join(folder, 'certs/ca.crt'), ca!.pem)
  const flags = ['--authfile', authfile, '--cert-dir', join(folder, 'certs')]
  const { stdout } = await run('skopeo', ['inspect', ...flags, `docker://${host}/acme/app:1`])
  expect(JSON.parse(stdout)).toMatchObject({ Name: `${host}/acme/app`, RepoTags: ['1'] })
}

describeLive('a login at a terminal', ['script', 'stty'], () => {
  let registry: FakeRegistry
  beforeAll(async () => {
    registry = await startFakeRegistry({ auth: { kind: 'bearer', users: { alice: SECRET } } })
  })
  afterAll(() => registry?.close())

  const ROOT = resolve(import.meta.dirname, '../..')
  const env = (home: string) => ({ PATH: process.env['PATH'] ?? '', HOME: home, TERM: 'xterm' })
  /** The command, then how it ended and whether the terminal echoes what is typed. */
  const thenLook = (command: string) => `${command}; echo "code $?"; stty -a`
  const login = (flags: string) =>
    thenLook(`'${process.execPath}' '${BIN}' login ${registry.host} ${flags}`)

  it('asks for what is missing, and never shows the password', async () => {
    await using folder = await openFolder()
    const session = openTerminal(login(''), { cwd: folder.path, env: env(folder.path) })
    await session.shows('Username: ')
    session.type('alice\r')
    await session.shows('Password: ')
    session.type(`${SECRET}\r`)
    const screen = await session.ended()
    expect(screen).toContain(`Logged in to ${registry.host} as alice`)
    expect(screen).toMatch(/^code 0\r$/m)
    expect(screen).toMatch(/ echo /)
    expectNoSecret(screen)
    const kept = await readFile(join(folder.path, '.docker/config.json'), 'utf8')
    expect(kept).toContain(ENCODED)
  })

  it.each([
    ['Ctrl-C', '\x03', 130],
    ['Ctrl-D', '\x04', 64],
  ])('gives the terminal back after %s', async (_, key, code) => {
    await using folder = await openFolder()
    const session = openTerminal(login('-u alice'), { cwd: folder.path, env: env(folder.path) })
    await session.shows('Password: ')
    session.type(SECRET)
    session.type(key)
    // a line that is not empty does not end with Ctrl-D
    if (code === 64) session.type(`\x15${key}`)
    const screen = await session.ended()
    expect(screen).toMatch(new RegExp(`^code ${code}\r$`, 'm'))
    expect(screen).toMatch(/ echo /)
    expectNoSecret(screen)
    await expect(stat(join(folder.path, '.docker'))).rejects.toThrow('ENOENT')
  })

  it('gives the terminal back when the program breaks', async () => {
    const command = thenLook(`'${process.execPath}' scripts/run-ts.mjs test/cli/program.ts asking`)
    const session = openTerminal(command, { cwd: ROOT, env: env(ROOT) })
    await session.shows('Password: ')
    session.type('h')
    const screen = await session.ended()
    expect(screen).toContain('TypeError: stray')
    expect(screen).toMatch(/^code 70\r$/m)
    expect(screen).toMatch(/ echo /)
  })
})
