import { mkdir, readFile } from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { HostRequest } from '../../src/http/host.ts'
import { openHost, serve, type Answering, type HostOptions, type Served } from '../support/http.ts'
import { openFolder } from '../support/project.ts'
import { makeCertificates, type Certificates } from './support/certificates.ts'
import { describeLive } from './support/describe-live.ts'

type Made = Certificates & { readonly cert: string; readonly privateKey: string }

describeLive('TLS', ['openssl'], () => {
  let folder: Awaited<ReturnType<typeof openFolder>>
  /** Authorities that nobody knows: the registry's, one for other names, and the client's. */
  let ours: Made
  let named: Made
  let client: Made

  async function make(name: string, names?: string): Promise<Made> {
    const directory = join(folder.path, name)
    await mkdir(directory)
    const made = await makeCertificates(directory, names)
    const [cert, privateKey] = await Promise.all(
      [made.certificate, made.key].map(path => readFile(path, 'utf8')),
    )
    return { ...made, cert: cert!, privateKey: privateKey! }
  }

  beforeAll(async () => {
    folder = await openFolder()
    ours = await make('ours')
    named = await make('named', 'DNS:registry.test')
    client = await make('client')
  })
  afterAll(() => folder[Symbol.asyncDispose]())

  const secure = async (
    answer: Answering,
    { cert, privateKey }: Made = ours,
    options: https.ServerOptions = {},
  ): Promise<Served & { readonly origin: string }> => {
    const server = https.createServer({ cert, key: privateKey, ...options })
    const served = await serve(answer, server)
    return Object.assign(served, { origin: `https://${served.host}` })
  }
  const fine: Answering = (_, response) => response.end('fine')
  const look = (origin: string): HostRequest => ({
    method: 'GET',
    url: new URL('/v2/', origin),
    scopes: [],
    once: true,
  })

  async function asked(origin: string, options: HostOptions) {
    await using host = await openHost(origin, options)
    return await host.send(look(origin))
  }

  it('is with those whose authority is trusted, by whatever way', async () => {
    await using registry = await secure(fine)
    const ways: readonly HostOptions[] = [
      { tls: { ca: [ours.ca], only: false } },
      { tls: { ca: [ours.ca], only: true } },
      { env: { SSL_CERT_FILE: ours.caFile } },
      { env: { NODE_EXTRA_CA_CERTS: ours.caFile } },
      { env: { SSL_CERT_FILE: ours.caFile }, tls: { ca: [named.ca], only: false } },
    ]
    for (const way of ways) expect(await asked(registry.origin, way)).toMatchObject({ status: 200 })
  })

  it.each([
    ['is of nobody known', () => ({})],
    ['is not of the only one that counts', () => ({ tls: { ca: [named.ca], only: true } })],
  ])('is refused where the authority %s, and says how to trust it', async (_, way) => {
    await using registry = await secure(fine)
    const env = { SSL_CERT_FILE: ours.caFile }
    const options = { ...way(), ...('tls' in way() && { env }) }
    await expect(asked(registry.origin, options)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      hint: `trust its authority with registries: { '${registry.host}': { tls: { ca: ./ca.pem } } }`,
    })
    expect(registry.requests.length).toBe(0)
  })

  it('is refused under another name, and says so', async () => {
    await using registry = await secure(fine, named)
    const refused = asked(registry.origin, { tls: { ca: [named.ca], only: true } })
    await expect(refused).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringMatching(/does not match|altnames/),
      hint: `call it by a name that its certificate is for; ${registry.host} is none of them`,
    })
  })

  it('shows our certificate to the registry, and to nobody that it sends us to', async () => {
    const seen: unknown[] = []
    const note: Answering = ({ socket }) => {
      const { subject } = (socket as TLSSocket).getPeerCertificate()
      seen.push(subject?.CN)
    }
    const asking = { requestCert: true, rejectUnauthorized: false, ca: client.ca }
    await using storage = await secure(
      (request, response, nth) => {
        note(request, response, nth)
        response.end('blob')
      },
      ours,
      asking,
    )
    await using registry = await secure(
      (request, response, nth) => {
        note(request, response, nth)
        response.writeHead(307, { location: `${storage.origin}/blob` }).end()
      },
      ours,
      asking,
    )
    const identity = { cert: client.cert, key: client.privateKey }
    const reply = await asked(registry.origin, { tls: { ca: [ours.ca], only: true, identity } })
    expect(reply.body.toString()).toBe('blob')
    expect(seen).toEqual(['waybill test localhost', undefined])
  })

  it('with a key of another certificate is an error of the manifest', async () => {
    await using registry = await secure(fine)
    const identity = { cert: client.cert, key: ours.privateKey }
    const refused = asked(registry.origin, { tls: { ca: [ours.ca], only: true, identity } })
    await expect(refused).rejects.toMatchObject({
      code: 'BAD_ARGUMENT',
      message: expect.stringMatching(`^registries.${registry.host}.tls cannot be used: `),
    })
    await expect(refused).rejects.not.toThrow(/BEGIN/)
  })

  it('goes through a proxy as it is, with nothing of it in the clear', async () => {
    const pair = { kind: 'basic', username: 'alice', password: 'correct-horse' } as const
    const basic = Buffer.from('alice:correct-horse').toString('base64')
    await using registry = await secure((request, response) => {
      const known = request.headers.authorization === `Basic ${basic}`
      response.writeHead(known ? 200 : 401, { 'www-authenticate': 'Basic realm="r"' }).end()
    }, named)
    const connects: http.IncomingMessage[] = []
    const passed: Buffer[] = []
    const server = http.createServer().on('connect', (request, socket) => {
      connects.push(request)
      const upstream = connect(Number(registry.host.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        socket.on('data', (chunk: Buffer) => passed.push(chunk))
        upstream.pipe(socket).pipe(upstream)
      })
      for (const end of [upstream, socket]) end.on('error', () => undefined)
    })
    await using proxy = await serve(() => undefined, server)

    const reply = await asked('https://registry.test', {
      env: { HTTPS_PROXY: `http://al:hunter2@${proxy.host}` },
      tls: { ca: [named.ca], only: true },
      credential: () => Promise.resolve(pair),
    })
    expect(reply.status).toBe(200)
    expect(new Set(connects.map(({ url }) => url))).toEqual(new Set(['registry.test:443']))
    expect(connects[0]?.headers).not.toHaveProperty('authorization')
    const clear = Buffer.concat(passed).toString('latin1')
    expect(clear.length).toBeGreaterThan(0)
    expect(clear).not.toContain(basic)
    // and what is for the proxy does not go on
    expect(registry.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
  })
})
