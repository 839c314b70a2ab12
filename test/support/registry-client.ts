/**
 * A plain registry client for tests, on `node:http` alone: what fills and checks registries must
 * not share code with what is tested.
 */
import http from 'node:http'
import https from 'node:https'
import { finished } from 'node:stream/promises'
import { buffer } from 'node:stream/consumers'
import { isRecord } from '../../src/oci/descriptor.ts'
import type { LargeBlob } from './layers.ts'

export interface ClientOptions {
  readonly auth?: { readonly username: string; readonly password: string }
  /** PEM of the authority to trust; makes it speak TLS. */
  readonly ca?: string
}

export interface ClientReply {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

export interface ClientRequest {
  readonly method: string
  /** A path on the registry, or a whole URL. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | LargeBlob
}

export interface RegistryClient extends Disposable {
  request(request: ClientRequest): Promise<ClientReply>
  putBlob(repository: string, digest: string, content: Buffer | LargeBlob): Promise<void>
  putManifest(
    repository: string,
    reference: string,
    manifest: { readonly mediaType: string; readonly bytes: Buffer },
  ): Promise<void>
  /** The digest a tag names, `undefined` where there is no such tag. */
  digest(repository: string, reference: string): Promise<string | undefined>
}

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

export function openRegistryClient(host: string, options: ClientOptions = {}): RegistryClient {
  const { auth, ca } = options
  const agent =
    ca === undefined
      ? new http.Agent({ keepAlive: true })
      : new https.Agent({ keepAlive: true, ca })
  const base = `${ca === undefined ? 'http' : 'https'}://${host}`
  let authorization: string | undefined

  async function request(wanted: ClientRequest): Promise<ClientReply> {
    const first = await send(agent, base, wanted, authorization)
    if (first.status !== 401 || !auth) return first
    authorization = await authorize(agent, String(first.headers['www-authenticate']), auth)
    return send(agent, base, wanted, authorization)
  }

  return {
    request,
    putBlob: (repository, digest, content) => putBlob(request, repository, digest, content),
    async putManifest(repository, reference, { mediaType, bytes }) {
      const path = `/v2/${repository}/manifests/${reference}`
      const headers = { 'content-type': mediaType }
      expect(201, path, await request({ method: 'PUT', path, headers, body: bytes }))
    },
    async digest(repository, reference) {
      const path = `/v2/${repository}/manifests/${reference}`
      const reply = await request({ method: 'HEAD', path, headers: { accept: ACCEPT } })
      if (reply.status === 404) return undefined
      expect(200, path, reply)
      return String(reply.headers['docker-content-digest'])
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** One request on a connection of its own. */
export async function ask(host: string, wanted: ClientRequest): Promise<ClientReply> {
  using client = openRegistryClient(host)
  return await client.request(wanted)
}

async function putBlob(
  request: RegistryClient['request'],
  repository: string,
  digest: string,
  content: Buffer | LargeBlob,
): Promise<void> {
  const there = await request({ method: 'HEAD', path: `/v2/${repository}/blobs/${digest}` })
  if (there.status === 200) return
  const path = `/v2/${repository}/blobs/uploads/`
  const opened = await request({ method: 'POST', path, body: Buffer.alloc(0) })
  expect(202, path, opened)
  const location = String(opened.headers['location'])
  const target = `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`
  const headers = { 'content-type': 'application/octet-stream' }
  expect(201, target, await request({ method: 'PUT', path: target, headers, body: content }))
}

async function send(
  agent: http.Agent,
  base: string,
  { method, path, headers = {}, body }: ClientRequest,
  authorization?: string,
): Promise<ClientReply> {
  const url = new URL(path, base)
  const size = body && (Buffer.isBuffer(body) ? body.length : body.size)
  const outgoing = (url.protocol === 'https:' ? https : http).request(url, {
    agent,
    method,
    headers: {
      ...headers,
      ...(size !== undefined && { 'content-length': size }),
      ...(authorization !== undefined && { authorization }),
    },
  })
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject)
  })
  if (body === undefined || Buffer.isBuffer(body)) outgoing.end(body)
  else body.open().pipe(outgoing)
  const reply = await answered
  const bytes = await buffer(reply)
  if (!outgoing.writableFinished) await finished(outgoing)
  return { status: reply.statusCode ?? 0, headers: reply.headers, body: bytes }
}

/** Basic, or a token for whatever the challenge names. */
async function authorize(
  agent: http.Agent,
  challenge: string,
  { username, password }: NonNullable<ClientOptions['auth']>,
): Promise<string> {
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  if (!/^bearer/i.test(challenge)) return basic
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? ''
  const url = new URL(field('realm'))
  url.searchParams.set('service', field('service'))
  for (const scope of field('scope').split(' ')) url.searchParams.append('scope', scope)
  const secure = url.protocol === 'https:'
  const reply = await send(
    secure ? agent : http.globalAgent,
    url.origin,
    { method: 'GET', path: url.href },
    basic,
  )
  const answer: unknown = JSON.parse(reply.body.toString('utf8'))
  const token = isRecord(answer) ? answer['token'] : undefined
  return `Bearer ${String(token)}`
}

function expect(status: number, what: string, reply: ClientReply): void {
  if (reply.status === status) return
  throw new Error(
    `${what}: answered ${reply.status} instead of ${status}: ${reply.body.toString()}`,
  )
}
