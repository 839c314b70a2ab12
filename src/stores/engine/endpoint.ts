/**
 * Where the engine is: where the manifest says, else where docker's own command would look, else a
 * socket of docker or Podman that is there.
 */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../../errors.ts'
import { readPem, type OwnTls } from '../../http/trust.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { unless } from '../../util/errno.ts'

export type Env = Readonly<Record<string, string | undefined>>

export interface Endpoint {
  /** As people write it. */
  readonly host: string
  /** Who said so. */
  readonly by: string
  readonly origin: URL
  readonly socketPath?: string
  readonly tls?: OwnTls
}

export interface EndpointInit {
  /** Where the store's own settings say that it is. */
  readonly host?: string | undefined
  readonly tls?: OwnTls | undefined
  /** What the settings are called, for messages. */
  readonly by: string
  readonly env: Env
  /** Sockets to look for where nothing says where it is; docker's and Podman's unless given. */
  readonly sockets?: readonly string[] | undefined
}

/** Where nothing says where it is, and no socket is there: every path that was looked at. */
export interface Nowhere {
  readonly tried: readonly string[]
}

export async function findEndpoint(init: EndpointInit): Promise<Endpoint | Nowhere> {
  const { host, tls, by, env } = init
  if (host !== undefined) return parseEngineHost(host, by, tls)
  const named = env['DOCKER_HOST'] ?? ''
  if (named !== '') return parseEngineHost(named, 'DOCKER_HOST', await variablesTls(env))
  return (await contextEndpoint(env)) ?? firstSocket(init.sockets ?? usualSockets(env))
}

const LOCAL = new URL('http://localhost')
const TLS_PORT = '2376'
const PLAIN_PORT = '2375'

/** `unix:///path`, `tcp://host[:port]`, `http://` or `https://`. */
export function parseEngineHost(text: string, by: string, tls?: OwnTls): Endpoint {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(text)?.[1]
  if (socketPath !== undefined) return { host: text, by, origin: LOCAL, socketPath }
  const [, scheme = '', rest = ''] = /^(tcp|https?):\/\/([^/@?#]+)\/?$/.exec(text) ?? []
  const secure = scheme === 'https' || (tls !== undefined && scheme !== 'http')
  const address = `${secure ? 'https' : 'http'}://${rest}`
  if (rest === '' || !URL.canParse(address)) throw badHost(text, by)
  const origin = new URL(address)
  if (scheme === 'tcp' && !/:\d+$/.test(rest)) origin.port = secure ? TLS_PORT : PLAIN_PORT
  return { host: text, by, origin, ...(secure && tls && { tls }) }
}

function badHost(text: string, by: string): InputError {
  const [scheme = ''] = text.split('://')
  // what is before an @ may be a password
  const shown = text.includes('@') ? `${scheme}://…` : text.slice(0, 200)
  return new InputError('BAD_ARGUMENT', `${by} names no engine that can be spoken to: ${shown}`, {
    hint:
      scheme === 'ssh'
        ? 'forward its socket (ssh -L /tmp/engine.sock:/var/run/docker.sock HOST) and name unix:///tmp/engine.sock'
        : 'write unix:///var/run/docker.sock, tcp://host:2375, or tcp://host:2376 with certificates',
  })
}

/** docker's variables: `DOCKER_TLS_VERIFY` says whether, `DOCKER_CERT_PATH` by which files. */
async function variablesTls(env: Env): Promise<OwnTls | undefined> {
  if ((env['DOCKER_TLS_VERIFY'] ?? '') === '' && (env['DOCKER_TLS'] ?? '') === '') return undefined
  const folder = textOf(env, 'DOCKER_CERT_PATH') ?? configFolder(env)
  return tlsIn(folder ?? '.', 'DOCKER_CERT_PATH')
}

/** What there is of `ca.pem`, `cert.pem` and `key.pem`. */
async function tlsIn(folder: string, named: string): Promise<OwnTls> {
  const read = async (file: string) => {
    const path = join(folder, file)
    const found = await unless('ENOTDIR', unless('ENOENT', stat(path)))
    return found && readPem(path, named)
  }
  const [ca, cert, key] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map(read))
  if ((cert === undefined) !== (key === undefined)) {
    const lack = cert === undefined ? 'cert.pem' : 'key.pem'
    throw new InputError('BAD_ARGUMENT', `${named}: ${folder} has no ${lack}`, {
      hint: 'a client certificate needs its key beside it',
    })
  }
  return {
    ca: ca === undefined ? [] : [ca],
    only: ca !== undefined,
    ...(cert !== undefined && key !== undefined && { identity: { cert, key } }),
  }
}

/** docker's folder of settings, where there can be one. */
function configFolder(env: Env): string | undefined {
  const home = textOf(env, 'HOME')
  return textOf(env, 'DOCKER_CONFIG') ?? (home && join(home, '.docker'))
}

/** The context that docker's command would use (docs.docker.com, "Docker contexts"). */
async function contextEndpoint(env: Env): Promise<Endpoint | undefined> {
  const folder = configFolder(env)
  if (folder === undefined) return undefined
  const name = textOf(env, 'DOCKER_CONTEXT') ?? (await currentContext(join(folder, 'config.json')))
  if (name === undefined || name === 'default') return undefined
  const id = createHash('sha256').update(name).digest('hex')
  const path = join(folder, 'contexts', 'meta', id, 'meta.json')
  const by = `the docker context ${JSON.stringify(name)}`
  const text = await textIn(path)
  if (text === undefined) {
    throw new InputError('BAD_ARGUMENT', `${by} does not exist`, {
      hint: '"docker context ls" lists those that do',
    })
  }
  const { host, skipsVerify } = parseContext(text, path)
  if (skipsVerify) {
    throw new InputError('BAD_ARGUMENT', `${by} skips the check of the engine's certificate`, {
      hint: 'trust its authority instead: "docker context update" takes a ca.pem',
    })
  }
  const certificates = join(folder, 'contexts', 'tls', id, 'docker')
  const isThere = await unless('ENOENT', stat(certificates))
  return parseEngineHost(host, by, isThere && (await tlsIn(certificates, by)))
}

async function currentContext(path: string): Promise<string | undefined> {
  const text = await textIn(path)
  if (text === undefined || text.trim() === '') return undefined
  const name = recordIn(text, path)['currentContext']
  return typeof name === 'string' && name !== '' ? name : undefined
}

/** A context's `meta.json`. */
export function parseContext(
  text: string,
  path: string,
): { readonly host: string; readonly skipsVerify: boolean } {
  const endpoints = recordIn(text, path)['Endpoints']
  const docker = isRecord(endpoints) ? endpoints['docker'] : undefined
  const { Host: host, SkipTLSVerify: skips } = isRecord(docker) ? docker : {}
  if (typeof host !== 'string' || host === '') {
    throw new InputError(
      'BAD_ARGUMENT',
      `${path} names no engine: Endpoints.docker.Host is missing`,
    )
  }
  return { host, skipsVerify: skips === true }
}

function recordIn(text: string, path: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text)
  if (isRecord(value)) return value
  throw new InputError('BAD_ARGUMENT', `${path} is no JSON object`, {
    hint: 'repair it, or name the engine with DOCKER_HOST',
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function textIn(path: string): Promise<string | undefined> {
  try {
    return await unless('ENOTDIR', unless('ENOENT', readFile(path, 'utf8')))
  } catch (cause) {
    throw new InputError('BAD_ARGUMENT', `${path} cannot be read`, { cause })
  }
}

function usualSockets(env: Env): readonly string[] {
  const own = textOf(env, 'XDG_RUNTIME_DIR')
  return [
    '/var/run/docker.sock',
    ...(own === undefined ? [] : [join(own, 'docker.sock'), join(own, 'podman', 'podman.sock')]),
    '/run/podman/podman.sock',
  ]
}

async function firstSocket(tried: readonly string[]): Promise<Endpoint | Nowhere> {
  for (const path of tried) {
    if (await isSocket(path)) return parseEngineHost(`unix://${path}`, 'the usual place')
  }
  return { tried }
}

/** One that may not even be looked at counts as there: connecting says why it cannot be used. */
async function isSocket(path: string): Promise<boolean> {
  try {
    const found = await unless('ENOTDIR', unless('ENOENT', stat(path)))
    return found?.isSocket() ?? false
  } catch {
    return true
  }
}

function textOf(env: Env, name: string): string | undefined {
  const text = env[name] ?? ''
  return text === '' ? undefined : text
}
