/**
 * Logging in and out: where a login is kept, and how it leaves again.
 *
 * As docker has it: a helper that the file names keeps the secret, and the file then only says that
 * there is one; without a helper it is in the file, which nobody else may read.
 */
import { join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import { parseDockerConfig } from './docker-config.ts'
import { withEntry, withoutEntry } from './edit-config.ts'
import { eraseWithHelper, storeWithHelper } from './helper.ts'
import { HELPER_LIMIT_MS, programOf } from './helper-program.ts'
import { writeLoginFile } from './login-file.ts'
import { basicCredential, type Login } from './secret.ts'
import { readIfThere, type Env } from './sources.ts'

export interface LoginPlace {
  /** Absolute. */
  readonly path: string
  readonly env: Env
  readonly helperLimitMs?: number
}

export type Kept =
  | { readonly by: 'file'; readonly path: string }
  | { readonly by: 'helper'; readonly program: string }

/** The file that logins go to and leave from. Others may be read, but docker writes no other. */
export function loginFileOf({
  authfile,
  env: { REGISTRY_AUTH_FILE, DOCKER_CONFIG, HOME },
  cwd,
}: {
  readonly authfile: string | undefined
  readonly env: Env
  readonly cwd: string
}): string {
  const named = authfile ?? (REGISTRY_AUTH_FILE || undefined)
  if (named !== undefined) return resolve(cwd, named)
  return resolve(cwd, join(DOCKER_CONFIG || join(HOME ?? cwd, '.docker'), 'config.json'))
}

/** What can be stored and read back as it was. */
export function parseLogin(username: string, password: string): Login {
  if (username === '') throw unfit('a login needs a user name', 'give one with --username NAME')
  if (username.includes(':')) {
    throw unfit('the user name has a colon in it', 'what is before a colon is the user name')
  }
  if (username === '<token>') {
    throw unfit('the user name <token> stands for an identity token', 'give one of a person')
  }
  if (password === '') throw unfit('the password is empty', 'an access token will do as well')
  if (/\0/.test(username + password)) {
    throw unfit('the user name or the password has a NUL character in it', 'is it the right input?')
  }
  return basicCredential(username, password)
}

export async function storeLogin(
  host: string,
  login: Login,
  { path, env, helperLimitMs: limitMs = HELPER_LIMIT_MS }: LoginPlace,
  call: Call = {},
): Promise<Kept> {
  const text = (await readIfThere(path)) ?? ''
  const { helpers, store } = parseDockerConfig(text, path)
  const helper = helpers.get(host) ?? store
  if (helper === undefined) {
    const pair = Buffer.from(`${login.username}:${login.password}`).toString('base64')
    const entry = { auth: pair }
    await writeLoginFile(path, withEntry(text, { where: path, host }, entry), call)
    return { by: 'file', path }
  }
  await storeWithHelper({ helper, host, namedBy: path }, login, { env, limitMs }, call)
  await writeLoginFile(path, withEntry(text, { where: path, host }, {}), call)
  return { by: 'helper', program: programOf(helper) }
}

/** `false` where nobody was logged in. */
export async function eraseLogin(
  host: string,
  { path, env, helperLimitMs: limitMs = HELPER_LIMIT_MS }: LoginPlace,
  call: Call = {},
): Promise<boolean> {
  const text = await readIfThere(path)
  if (text === undefined) return false
  const { helpers, store } = parseDockerConfig(text, path)
  const without = withoutEntry(text, { where: path, host })
  if (without !== undefined) await writeLoginFile(path, without, call)
  let erased = without !== undefined
  // where the host's own helper knows nothing, the one for every host is asked when logins are read
  for (const helper of new Set([helpers.get(host), store])) {
    if (helper === undefined) continue
    const question = { helper, host, namedBy: path }
    erased = (await eraseWithHelper(question, { env, limitMs }, call)) || erased
  }
  return erased
}

function unfit(message: string, hint: string): InputError {
  return new InputError('BAD_ARGUMENT', message, { hint })
}
