/**
 * An engine of a few lines that keeps images as containerd's store does: by their manifests. For
 * what the real one of these tests does not do, and for what none should do.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { extract, pack } from 'tar-stream'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG } from '../../src/oci/media-types.ts'

export interface FakeEngineOptions {
  readonly api?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly keeps?: 'containerd' | 'classic'
  /** What it runs; an amd64 unless said otherwise. */
  readonly architecture?: string
  /** Where it listens; in a folder of its own unless said otherwise. */
  readonly socket?: string
  /** Answers a request in place of what is here, or says `false`. */
  readonly fault?: (request: http.IncomingMessage, response: http.ServerResponse) => boolean
}

export interface FakeEngine extends AsyncDisposable {
  readonly host: string
  readonly socket: string
  /** `GET /v1.48/images/json`, in the order of arrival. */
  readonly requests: readonly string[]
  /** What is put here is there, as if it had been loaded. */
  readonly names: Map<string, Descriptor>
  readonly blobs: ReadonlyMap<string, Buffer>
}

export async function startFakeEngine({
  api = '1.48',
  headers = {},
  keeps = 'containerd',
  architecture = 'amd64',
  fault = () => false,
  ...options
}: FakeEngineOptions = {}): Promise<FakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), 'wb-engine-'))
  const { socket = join(folder, 'e.sock') } = options
  const requests: string[] = []
  const state: State = { keeps, architecture, names: new Map(), blobs: new Map() }
  const sockets = new Set<Socket>()
  const server = http.createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    response.setHeader('api-version', api)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    if (fault(request, response)) return
    answer(state, request, response).catch(() => response.destroy())
  })
  server.on('connection', connection => {
    sockets.add(connection)
    connection.once('close', () => sockets.delete(connection))
  })
  server.listen(socket)
  await once(server, 'listening')
  return {
    host: `unix://${socket}`,
    socket,
    requests,
    names: state.names,
    blobs: state.blobs,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const connection of sockets) connection.destroy()
      await closed
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface State {
  readonly keeps: 'containerd' | 'classic'
  readonly architecture: string
  readonly names: Map<string, Descriptor>
  readonly blobs: Map<string, Buffer>
}

type Response = http.ServerResponse

export function sendJson(response: Response, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function answer(
  state: State,
  request: http.IncomingMessage,
  response: Response,
): Promise<unknown> {
  const url = new URL(request.url ?? '', 'http://engine')
  const path = url.pathname.replace(/^\/v1\.\d+/, '')
  const [, image = '', verb = ''] = /^\/images\/(.+?)\/(json|get|tag)$/.exec(path) ?? []
  if (path === '/_ping') return response.end('OK')
  if (path === '/version') return sendJson(response, 200, versionOf(state))
  if (path === '/info') return sendJson(response, 200, { DriverStatus: statusOf(state) })
  if (path === '/images/load') return load(state, request, response)
  if (path === '/images/json') return sendJson(response, 200, listed(state))
  if (verb === '') return sendJson(response, 404, { message: 'page not found' })
  const found = find(state, image)
  if (!found) return sendJson(response, 404, { message: `No such image: ${image}` })
  if (verb === 'json') return sendJson(response, 200, inspected(state, found))
  if (verb === 'get') return save(state, found, response)
  state.names.set(`${url.searchParams.get('repo')}:${url.searchParams.get('tag')}`, found)
  return response.writeHead(201).end()
}

function versionOf({ architecture }: State): object {
  return { Os: 'linux', Arch: architecture }
}

function statusOf({ keeps }: State): unknown {
  return keeps === 'containerd'
    ? [['driver-type', 'io.containerd.snapshotter.v1']]
    : [['Backing Filesystem', 'extfs']]
}

function find({ names }: State, image: string): Descriptor | undefined {
  return names.get(image) ?? [...names.values()].find(({ digest }) => digest === image)
}

function inspected({ names }: State, { mediaType, digest, size }: Descriptor): object {
  const tags = [...names].flatMap(([name, found]) => (found.digest === digest ? [name] : []))
  return {
    Id: digest,
    RepoTags: tags,
    Os: 'linux',
    Architecture: 'amd64',
    RootFS: { Layers: [] },
    Descriptor: { mediaType, digest, size },
  }
}

function listed(state: State): unknown {
  return [...new Map([...state.names.values()].map(one => [one.digest, one])).values()].map(one =>
    inspected(state, one),
  )
}

/** An OCI layout, as containerd imports it: every blob is what its name says, or nothing is kept. */
async function load(
  state: State,
  request: http.IncomingMessage,
  response: Response,
): Promise<unknown> {
  const files = new Map<string, Buffer>()
  const reader = request.pipe(extract())
  for await (const entry of reader) files.set(entry.header.name, await buffer(entry))
  response.writeHead(200, { 'content-type': 'application/json' })
  if (state.keeps === 'classic') return loadClassic(state, files, response)
  const index = files.get('index.json')
  if (!index) return response.end(`${JSON.stringify({ error: 'no index.json' })}\r\n`)
  for (const [name, bytes] of files) {
    if (!name.startsWith('blobs/')) continue
    const digest = name.replace('blobs/', '').replace('/', ':')
    if (digestOf(bytes) !== digest) return response.end(`{"error":"${name} is damaged"}\r\n`)
    state.blobs.set(digest, bytes)
  }
  const { manifests } = JSON.parse(index.toString()) as { manifests: Descriptor[] }
  for (const { annotations, ...content } of manifests) {
    const name = annotations?.['io.containerd.image.name'] ?? `moby-dangling@${content.digest}`
    state.names.set(name, content)
    response.write(`${JSON.stringify({ stream: `Loaded image: ${name}\n` })}\r\n`)
  }
  return response.end()
}

/** As docker saves images: what stays of each is its configuration, and its names. */
function loadClassic(state: State, files: ReadonlyMap<string, Buffer>, response: Response): void {
  const list = JSON.parse(files.get('manifest.json')?.toString() ?? '[]') as readonly {
    readonly Config: string
    readonly RepoTags: readonly string[] | null
  }[]
  for (const { Config, RepoTags } of list) {
    const bytes = files.get(Config) ?? Buffer.from('')
    const digest = digestOf(bytes)
    state.blobs.set(digest, bytes)
    for (const name of RepoTags ?? [`moby-dangling@${digest}`]) {
      state.names.set(name, { mediaType: OCI_CONFIG, digest, size: bytes.length })
      response.write(`${JSON.stringify({ stream: `Loaded image: ${name}\n` })}\r\n`)
    }
  }
  response.end()
}

function save(state: State, root: Descriptor, response: Response): void {
  const tar = pack()
  tar.entry({ name: 'oci-layout' }, '{"imageLayoutVersion":"1.0.0"}')
  for (const [digest, bytes] of state.blobs) {
    tar.entry({ name: `blobs/${digest.replace(':', '/')}` }, bytes)
  }
  tar.entry({ name: 'index.json' }, JSON.stringify({ schemaVersion: 2, manifests: [root] }))
  tar.finalize()
  response.writeHead(200, { 'content-type': 'application/x-tar' })
  tar.pipe(response)
}
