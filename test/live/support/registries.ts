/**
 * Real registries for live tests and the benchmark, each on a port and in a directory of its own.
 *
 *     await using registry = await startDockerRegistry({ accessLog: true })
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TokenGrant, TokenPolicy } from '../../fakes/registry/tokens.ts'
import { openRegistryClient } from '../../support/registry-client.ts'
import { readAccessLog, type AccessLine } from './access-log.ts'
import { makeCertificates, type Certificates } from './certificates.ts'
import { onFreePort, startServer, type Server } from './server.ts'
import { ISSUER, startTokenServer, type TokenServer } from './token-server.ts'

export interface LiveRegistry extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string
  readonly url: string
  /** What to trust, where it speaks TLS. */
  readonly ca: { readonly pem: string; readonly file: string } | undefined
  /** What its token server was asked, where it has one. */
  readonly grants: readonly TokenGrant[]
  readonly pid: number
  /** docker-registry's requests since the start or the last `clearLog`, if it was to log them. */
  requests(): Promise<readonly AccessLine[]>
  clearLog(): Promise<void>
  /** Ends the process; what it holds stays. */
  stop(): Promise<void>
  /** Starts it again, on the same port. */
  start(): Promise<void>
  /** Starts it again with nothing in it. */
  wipe(): Promise<void>
}

export interface LiveRegistryOptions {
  readonly accessLog?: boolean
  /** User names and passwords; asks for Basic authentication. */
  readonly htpasswd?: Readonly<Record<string, string>>
  /** Bearer authentication, with a token server in this process. docker-registry only. */
  readonly tokens?: TokenPolicy
  readonly tls?: boolean
  /** docker-registry only; `true` unless said otherwise. */
  readonly deletes?: boolean
  /** Where its directory is made. */
  readonly under?: string
}

export function startDockerRegistry(options: LiveRegistryOptions = {}): Promise<LiveRegistry> {
  return startRegistry(options, { command: 'docker-registry', settings: dockerRegistrySettings })
}

/** project-zot/zot, where `available('zot')`. */
export function startZot(options: LiveRegistryOptions = {}): Promise<LiveRegistry> {
  return startRegistry(options, { command: 'zot', settings: zotSettings })
}

/** What the settings of any registry are made from. */
interface Setup {
  readonly options: LiveRegistryOptions
  readonly port: number
  readonly data: string
  readonly htpasswd: string | undefined
  readonly certificates: Certificates | undefined
  readonly tokens: TokenServer | undefined
  /** Sent back in every answer where the registry can: tells ours from another on that port. */
  readonly nonce: string
}

interface Kind {
  readonly command: string
  readonly settings: (setup: Setup) => object
}

async function startRegistry(options: LiveRegistryOptions, kind: Kind): Promise<LiveRegistry> {
  const directory = await mkdtemp(join(options.under ?? tmpdir(), 'waybill-registry-'))
  const closing: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })]
  const close = async () => {
    for (const step of closing.splice(0).toReversed()) await step()
  }
  try {
    const base = await prepare(options, directory)
    const { tokens } = base
    if (tokens) closing.push(() => tokens.close())
    const { setup, server } = await onFreePort(async port => {
      const setup = { ...base, port }
      return { setup, server: await launch(kind, setup, directory) }
    })
    const running = { server }
    closing.push(() => running.server.stop())
    return Object.assign(registryOf(kind, setup, directory, running), {
      [Symbol.asyncDispose]: close,
    })
  } catch (error) {
    await close()
    throw error
  }
}

async function prepare(options: LiveRegistryOptions, directory: string): Promise<Setup> {
  const secure = options.tls === true || options.tokens !== undefined
  const certificates = secure ? await makeCertificates(directory) : undefined
  const data = join(directory, 'data')
  await mkdir(data)
  return {
    options,
    port: 0,
    data,
    htpasswd: options.htpasswd && (await writeHtpasswd(directory, options.htpasswd)),
    tokens:
      options.tokens && certificates
        ? await startTokenServer(options.tokens, certificates)
        : undefined,
    certificates,
    nonce: randomUUID(),
  }
}

function registryOf(
  kind: Kind,
  setup: Setup,
  directory: string,
  running: { server: Server },
): Omit<LiveRegistry, typeof Symbol.asyncDispose> {
  const { options, certificates, tokens, data, port } = setup
  const host = `127.0.0.1:${port}`
  const log = join(directory, 'access.log')
  const stop = () => running.server.stop()
  const start = async () => {
    running.server = await launch(kind, setup, directory)
  }
  return {
    host,
    url: `${options.tls ? 'https' : 'http'}://${host}`,
    ca:
      options.tls && certificates ? { pem: certificates.ca, file: certificates.caFile } : undefined,
    grants: tokens?.grants ?? [],
    get pid() {
      return running.server.pid
    },
    async requests() {
      // the harness asked at start until it answered
      return (await readAccessLog(log)).filter(({ query }) => !query.has(setup.nonce))
    },
    clearLog: () => truncate(log),
    stop,
    start,
    async wipe() {
      await stop()
      await rm(data, { recursive: true, force: true })
      await mkdir(data)
      await start()
    },
  }
}

async function launch(kind: Kind, setup: Setup, directory: string): Promise<Server> {
  const file = join(directory, 'config.json')
  await writeFile(file, JSON.stringify(kind.settings(setup)))
  return startServer({
    command: kind.command,
    args: ['serve', file],
    stdout: join(directory, 'access.log'),
    stderr: join(directory, 'messages.log'),
    answers: () => answers(setup, kind),
  })
}

async function answers({ port, options, certificates, nonce }: Setup, kind: Kind) {
  const host = `127.0.0.1:${port}`
  const request = { method: 'GET', path: `/v2/?${nonce}` }
  using client = openRegistryClient(
    host,
    options.tls && certificates ? { ca: certificates.ca } : {},
  )
  const { headers, status } = await client.request(request)
  const ours = kind.command !== 'docker-registry' || headers['x-waybill-test'] === nonce
  return ours && (status === 200 || status === 401)
}

/** JSON is YAML, so docker-registry reads it too. */
function dockerRegistrySettings({ options, port, data, nonce, ...setup }: Setup): object {
  const { htpasswd, certificates, tokens } = setup
  return {
    version: 0.1,
    log: {
      level: 'error',
      accesslog: { disabled: options.accessLog !== true },
    },
    storage: {
      filesystem: { rootdirectory: data },
      cache: { blobdescriptor: 'inmemory' },
      delete: { enabled: options.deletes !== false },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: 'test',
      headers: { 'X-Waybill-Test': [nonce] },
      ...(options.tls &&
        certificates && { tls: { certificate: certificates.certificate, key: certificates.key } }),
    },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: 'test', path: htpasswd } } }),
    ...(tokens &&
      certificates && {
        auth: {
          token: {
            realm: tokens.realm,
            service: tokens.service,
            issuer: ISSUER,
            rootcertbundle: certificates.caFile,
          },
        },
      }),
  }
}

function zotSettings({ options, port, data, htpasswd, certificates }: Setup): object {
  return {
    distSpecVersion: '1.1.1',
    storage: { rootDirectory: data, gc: false, dedupe: false },
    http: {
      address: '127.0.0.1',
      port: String(port),
      ...(htpasswd !== undefined && { auth: { htpasswd: { path: htpasswd } } }),
      ...(options.tls &&
        certificates && { tls: { cert: certificates.certificate, key: certificates.key } }),
    },
    log: { level: 'error' },
  }
}

async function writeHtpasswd(
  directory: string,
  users: Readonly<Record<string, string>>,
): Promise<string> {
  const lines = await Promise.all(
    Object.entries(users).map(([name, password]) => {
      const child = spawn('htpasswd', ['-niB', name], { stdio: ['pipe', 'pipe', 'ignore'] })
      child.stdin.end(password)
      return text(child.stdout)
    }),
  )
  const file = join(directory, 'htpasswd')
  await writeFile(file, lines.map(line => line.trim()).join('\n'))
  return file
}
