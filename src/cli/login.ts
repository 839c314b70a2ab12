import { resolve } from 'node:path'
import type { Kept } from '../credentials/logins.ts'
import type { Login } from '../credentials/secret.ts'
import { WaybillError } from '../errors.ts'
import { printable } from '../yaml/format.ts'
import type { RegistrySettings } from '../manifest/types.ts'
import type { Command, Flags, Shell } from './command.ts'
import { textFlag } from './flags.ts'
import { hostPositional, loginFileOption, parseHost } from './host.ts'
import { VERSION } from './version.ts'

const INTERRUPTED = 130

const NO_PASSWORD_FLAG =
  'everybody on this machine can read arguments: give the password on stdin, with --password-stdin'

export const login: Command = {
  summary: 'Log in to a registry: checked first, then kept as docker does.',
  positionals: [hostPositional],
  options: {
    username: { type: 'string', short: 'u', value: 'NAME', help: 'Who logs in; else asked for.' },
    'password-stdin': {
      type: 'boolean',
      help: 'Take the password, or an access token, from stdin; else it is asked for.',
    },
    email: {
      type: 'string',
      short: 'e',
      value: 'ADDRESS',
      past: 'registries ask for no e-mail address any more; it goes nowhere',
      help: 'Accepted, and without effect.',
    },
    authfile: loginFileOption,
    registries: {
      type: 'string',
      value: 'FILE',
      help: 'A file whose registries: say how HOST is reached: tls, http.',
    },
  },
  discreet: true,
  leftOut: { '-p': NO_PASSWORD_FLAG, '--password': NO_PASSWORD_FLAG },
  details: `
What the registry refuses is not kept. The password goes to the credential helper that the file of logins names (credHelpers, credsStore), or else into that file, which nobody else may then read. docker, podman and skopeo read the same file.

Examples:
  waybill login
  printf %s "$TOKEN" | waybill login ghcr.io -u NAME --password-stdin
`,

  async run({ flags, args: [given] }, shell) {
    const { cwd, env, signal, stdout, stderr } = shell
    const host = parseHost(given)
    const settings = await settingsOf(host, flags, shell)
    const { readLogin } = await import('./password.ts')
    const login = await readLogin(flags, host, shell)
    if (login === undefined) return INTERRUPTED

    const { checkLogin } = await import('../reconcile/login.ts')
    const { loginFileOf, storeLogin } = await import('../credentials/logins.ts')
    const verdict = await checkLogin({ host, login, settings, version: VERSION, env }, { signal })
    const path = loginFileOf({ authfile: textFlag(flags, 'authfile'), env, cwd })
    const kept = await storeLogin(host, login, { path, env }, { signal })

    const where = kept.by === 'file' ? `in ${kept.path}` : `by ${kept.program}`
    stdout.write(printable(`Logged in to ${host} as ${login.username}; kept ${where}`) + '\n')
    if (verdict === 'not asked') {
      stderr.write(`${host} did not ask who we are: the login is kept, and not checked\n`)
    }
    await warnOfPlainText(kept, stderr)
    // a helper may ask its user before it gives a password away
    if (kept.by === 'file') await warnOfOthers(host, login, textFlag(flags, 'authfile'), shell)
    return 0
  },
}

/** Logins are looked for in several places, and one that comes first may have another of the host. */
async function warnOfOthers(
  host: string,
  { username, password }: Login,
  authfile: string | undefined,
  { cwd, env, signal, stderr }: Shell,
): Promise<void> {
  const { openCredentials } = await import('../credentials/credentials.ts')
  const credentials = openCredentials({
    registries: new Map(),
    env,
    home: env['HOME'] ?? cwd,
    ...(authfile !== undefined && { authfile: resolve(cwd, authfile) }),
  })
  const found = await credentials.for(host, '', { signal }).catch(unlessBug)
  const isOurs = found && 'kind' in found && found.kind === 'basic'
  if (isOurs && found.username === username && found.password === password) return
  const why = found instanceof WaybillError ? ` (${found.message})` : ''
  stderr.write(
    printable(
      `another login for ${host} is read before this one${why}: see REGISTRY_AUTH_FILE, podman's auth.json, DOCKER_AUTH_CONFIG`,
    ) + '\n',
  )
}

function unlessBug(error: unknown): WaybillError {
  if (error instanceof WaybillError) return error
  throw error
}

async function settingsOf(
  host: string,
  flags: Flags,
  { cwd, env, signal }: Shell,
): Promise<RegistrySettings> {
  const file = textFlag(flags, 'registries')
  if (file === undefined) return {}
  const { loadRegistries } = await import('../manifest/load.ts')
  return (await loadRegistries(file, { cwd, env }, { signal })).get(host) ?? {}
}

async function warnOfPlainText(kept: Kept, stderr: Shell['stderr']): Promise<void> {
  if (kept.by !== 'file') return
  const { createPaint } = await import('../report/paint.ts')
  const warning = createPaint(stderr.color).yellow('warning:')
  const said = `the password is in ${kept.path}, not encrypted; "credsStore" there names a helper`
  stderr.write(`${warning} ${printable(said)} that keeps passwords\n`)
}
