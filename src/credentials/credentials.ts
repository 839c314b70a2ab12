/**
 * Who we are to a registry.
 *
 * The manifest decides where it says something. Otherwise the first of the usual files that has an
 * entry for the host does, in the order that containers-auth.json(5) and docker give. Nothing is
 * read before it is asked for, and nothing is read twice.
 */
import { join } from 'node:path'
import type { AuthSettings, RegistrySettings } from '../manifest/types.ts'
import { canonicalHost } from '../oci/reference.ts'
import type { Call } from '../util/call.ts'
import { entryFor, parseDockerConfig, type DockerConfig } from './docker-config.ts'
import { HELPER_LIMIT_MS } from './helper-program.ts'
import { createHelpers, type AskHelper } from './helper.ts'
import { basicCredential, type Credential } from './secret.ts'
import { readIfThere, readSecret, unusable, type Env } from './sources.ts'
import { shared } from './shared.ts'

export interface Credentials {
  /** `undefined`: we are nobody there, and ask anonymously. */
  for(host: string, repository: string, call?: Call): Promise<Credential | undefined>
}

export interface CredentialsInit {
  /** By canonical host. */
  readonly registries: ReadonlyMap<string, RegistrySettings>
  /** Named by the user, so it must be there. */
  readonly authfile?: string | undefined
  readonly env: Env
  readonly home: string
  /** How long a helper may take. */
  readonly helperLimitMs?: number
}

type Load<T> = (call?: Call) => Promise<T | undefined>

export function openCredentials({
  registries,
  authfile,
  env,
  home,
  helperLimitMs = HELPER_LIMIT_MS,
}: CredentialsInit): Credentials {
  const ask = createHelpers({ env, limitMs: helperLimitMs })
  const declared = new Map<string, Load<Credential>>()
  for (const [host, { auth }] of registries) {
    if (auth)
      declared.set(
        host,
        shared(call => fromManifest(auth, host, { env, ask }, call)),
      )
  }
  const configs = usualPlaces(authfile, env, home)

  return {
    async for(host, repository, call) {
      const canonical = canonicalHost(host)
      const ours = declared.get(canonical)
      if (ours) return ours(call)
      for (const load of configs) {
        const config = await load(call)
        const found = config && (await fromConfig(config, canonical, repository, ask, call))
        if (found) return found
      }
      return undefined
    },
  }
}

async function fromManifest(
  auth: AuthSettings,
  host: string,
  { env, ask }: { readonly env: Env; readonly ask: AskHelper },
  call?: Call,
): Promise<Credential | undefined> {
  const key = `registries.${host}.auth`
  if ('helper' in auth) return ask({ helper: auth.helper, host, namedBy: key }, call)
  const username =
    typeof auth.username === 'string'
      ? auth.username
      : await readSecret(auth.username, { key: `${key}.username`, env })
  return basicCredential(username, await readSecret(auth.password, { key: `${key}.password`, env }))
}

/** A helper for just this host, then the file's own entry, then the helper for everything. */
async function fromConfig(
  config: DockerConfig,
  host: string,
  repository: string,
  ask: AskHelper,
  call?: Call,
): Promise<Credential | undefined> {
  const namedBy = config.where
  const own = config.helpers.get(host)
  const found = own === undefined ? undefined : await ask({ helper: own, host, namedBy }, call)
  if (found) return found
  const entry = entryFor(config, host, repository)
  if (entry || config.store === undefined) return entry
  return ask({ helper: config.store, host, namedBy }, call)
}

function usualPlaces(
  authfile: string | undefined,
  env: Env,
  home: string,
): readonly Load<DockerConfig>[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, DOCKER_CONFIG, DOCKER_AUTH_CONFIG } = env
  return [
    ...(authfile === undefined ? [] : [named(authfile)]),
    ...(REGISTRY_AUTH_FILE ? [usual(REGISTRY_AUTH_FILE)] : []),
    ...(XDG_RUNTIME_DIR ? [usual(join(XDG_RUNTIME_DIR, 'containers', 'auth.json'))] : []),
    ...(DOCKER_CONFIG ? [usual(join(DOCKER_CONFIG, 'config.json'))] : []),
    ...(DOCKER_AUTH_CONFIG ? [inline(DOCKER_AUTH_CONFIG)] : []),
    usual(join(home, '.docker', 'config.json')),
  ]
}

function named(path: string): Load<DockerConfig> {
  const load = usual(path)
  return async call => {
    const config = await load(call)
    if (config) return config
    throw unusable(`the authfile ${path} does not exist`, 'name a file that "docker login" wrote')
  }
}

function usual(path: string): Load<DockerConfig> {
  return shared(async () => {
    const text = await readIfThere(path)
    return text === undefined ? undefined : parseDockerConfig(text, path)
  })
}

function inline(text: string): Load<DockerConfig> {
  return shared(async () => parseDockerConfig(text, 'the environment variable DOCKER_AUTH_CONFIG'))
}
