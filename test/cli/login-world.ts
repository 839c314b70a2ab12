/** login and logout as they are called, against a registry in this process. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'vitest'
import type { Input, Shell } from '../../src/cli/command.ts'
import { login } from '../../src/cli/login.ts'
import { logout } from '../../src/cli/logout.ts'
import { main } from '../../src/cli/main.ts'
import { makeHome, type Home } from '../credentials/helpers.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { fakeShell } from './fake-shell.ts'

export const SECRET = 'hunter2hunter2'
export const ENCODED = Buffer.from(`alice:${SECRET}`).toString('base64')
export const users = { alice: SECRET }
const commands = { login: () => Promise.resolve(login), logout: () => Promise.resolve(logout) }
const machine = { node: 'v20.19.0', platform: 'linux x64' }

export interface World extends AsyncDisposable {
  readonly home: Home
  readonly registry: FakeRegistry
  readonly host: string
  /** `HOST` in a line is the registry's. What is said never has the secret in it. */
  run(
    line: string,
    input?: string | Input,
    shell?: Partial<Shell>,
  ): Promise<{ code: number; out: string; err: string }>
  config(): Promise<unknown>
}

export async function world(options: FakeRegistryOptions = { auth: { kind: 'basic', users } }) {
  const registry = await startFakeRegistry(options)
  const home = await makeHome()
  const { host } = registry
  const env = { HOME: home.path, PATH: `${home.path}/bin:/usr/bin:/bin` }
  const made: World = {
    home,
    registry,
    host,
    async run(line, input = '', fields = {}) {
      const stdin: Input = typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input
      const shell = fakeShell({ cwd: home.path, env, stdin, ...fields })
      const argv = line.split(' ').map(word => word.replace('HOST', host))
      const code = await main(argv, { commands, shell, machine })
      const [out, err] = [shell.out(), shell.err()]
      for (const secret of [SECRET, ENCODED]) expect(out + err).not.toContain(secret)
      return { code, out, err }
    },
    config: async () => JSON.parse(await readFile(join(home.path, '.docker/config.json'), 'utf8')),
    async [Symbol.asyncDispose]() {
      await registry.close()
      await home[Symbol.asyncDispose]()
    },
  }
  return made
}

export const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

export const LOGIN = 'login HOST -u alice --password-stdin'
