import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openCredentials, type Credentials } from '../../src/credentials/credentials.ts'
import type { Credential } from '../../src/credentials/secret.ts'
import { WaybillError } from '../../src/errors.ts'
import type { AuthSettings, RegistrySettings } from '../../src/manifest/types.ts'

export interface Home extends AsyncDisposable {
  readonly path: string
  /** Writes a file (an object as JSON) and answers its absolute path. */
  write(name: string, content: unknown): Promise<string>
  /** A credential helper on PATH; its script runs in sh and finds the host in `$host`. */
  helper(name: string, script: string): Promise<void>
  /** A helper that keeps what it is given, in the file `NAME.kept`; `NAME.args` has its arguments. */
  keeper(name: string): Promise<void>
  open(init?: {
    readonly env?: Readonly<Record<string, string>>
    readonly authfile?: string
    readonly auth?: Readonly<Record<string, AuthSettings>>
    readonly helperLimitMs?: number
  }): Credentials
}

export async function makeHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'waybill-credentials-'))
  const write = async (name: string, content: unknown): Promise<string> => {
    const file = join(path, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }
  return {
    path,
    write,
    async helper(name, script) {
      const program = `#!/bin/sh\n[ "$1" = get ] || exit 9\nhost=$(cat)\n${script}\n`
      await chmod(await write(`bin/docker-credential-${name}`, program), 0o755)
    },
    async keeper(name) {
      const program = KEEPER.replaceAll('FILE', join(path, name))
      await chmod(await write(`bin/docker-credential-${name}`, program), 0o755)
    },
    open({ env = {}, authfile, auth = {}, helperLimitMs } = {}) {
      const registries = new Map<string, RegistrySettings>(
        Object.entries(auth).map(([host, settings]) => [host, { auth: settings }]),
      )
      return openCredentials({
        registries,
        authfile,
        home: path,
        env: { PATH: `${path}/bin:/usr/bin:/bin`, ...env },
        ...(helperLimitMs !== undefined && { helperLimitMs }),
      })
    },
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** Keeps one login, as the JSON that it came in, which is also how it is answered. */
const KEEPER = `#!/bin/sh
echo "$@" >>FILE.args
input=$(cat)
nothing() { echo 'credentials not found in native keychain'; exit 1; }
[ "$1" = store ] && { printf %s "$input" >FILE.kept; exit; }
grep -qF "\\"ServerURL\\":\\"$input\\"" FILE.kept 2>/dev/null || nothing
case $1 in
  get) cat FILE.kept ;;
  erase) rm FILE.kept ;;
  *) exit 9 ;;
esac
`

/** An `auths` entry as `docker login` writes it. */
export function login(username: string, password: string): { auth: string } {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') }
}

/** `user:password`, `token:…`, or `undefined`: what a credential would send. */
export function sent(credential: Credential | undefined): string | undefined {
  if (!credential) return undefined
  return credential.kind === 'basic'
    ? `${credential.username}:${credential.password}`
    : `token:${credential.token}`
}

/** The error that a promise rejects with, as everything that could be shown of it. */
export async function failure(promise: Promise<unknown>): Promise<WaybillError> {
  const error = await promise.then(
    () => new Error('did not fail'),
    (reason: unknown) => reason,
  )
  if (error instanceof WaybillError) return error
  throw error
}
