import http from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { proxyFor } from '../../src/http/proxies.ts'
import { openHost, serve, type HostOptions } from '../support/http.ts'

const P = 'http://proxy.test:3128'

describe('proxyFor', () => {
  it.each([
    ['none', 'https://r.test', {}, undefined],
    ['an empty one', 'https://r.test', { HTTPS_PROXY: ' ' }, undefined],
    ['one for TLS', 'https://r.test', { HTTPS_PROXY: P }, P],
    ['one for TLS is not for plain HTTP', 'http://r.test', { HTTPS_PROXY: P }, undefined],
    ['one for plain HTTP', 'http://r.test', { HTTP_PROXY: P }, P],
    ['one for plain HTTP is not for TLS', 'https://r.test', { HTTP_PROXY: P }, undefined],
    ['lower case', 'https://r.test', { https_proxy: P }, P],
    ['lower case first', 'https://r.test', { https_proxy: P, HTTPS_PROXY: 'http://no.test' }, P],
    ['upper case where lower is empty', 'https://r.test', { https_proxy: '', HTTPS_PROXY: P }, P],
    ['one without a scheme', 'https://r.test', { HTTPS_PROXY: 'proxy.test:3128' }, P],
    ['one that speaks TLS', 'https://r.test', { HTTPS_PROXY: 'https://p.test' }, 'https://p.test'],
    ['none for localhost', 'http://localhost:5000', { HTTP_PROXY: P }, undefined],
    ['none for loopback', 'http://127.9.9.9:5000', { HTTP_PROXY: P }, undefined],
    ['none for loopback in IPv6', 'http://[::1]:5000', { HTTP_PROXY: P }, undefined],
    ['one for a private address', 'http://10.0.0.1:5000', { HTTP_PROXY: P }, P],
  ])('%s: %s', (_, url, env, proxy) => {
    expect(proxyFor(new URL(url), env)?.origin).toBe(proxy)
  })

  it.each([
    ['r.test', 'https://r.test', true],
    ['R.Test', 'https://r.test', true],
    ['r.test', 'https://a.r.test', true],
    ['.r.test', 'https://a.r.test', true],
    ['*.r.test', 'https://a.r.test', true],
    ['r.test', 'https://bar.test', false],
    ['r.test', 'https://r.test.evil', false],
    ['*', 'https://anything.test', true],
    ['a.test, r.test b.test', 'https://r.test', true],
    ['r.test:443', 'https://r.test', true],
    ['r.test:8443', 'https://r.test', false],
    ['r.test:8443', 'https://r.test:8443', true],
    ['10.0.0.1', 'https://10.0.0.1', true],
    ['10.0.0.0/8', 'https://10.200.0.1', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.0.0.0/33', 'https://10.0.0.1', false],
    ['10.0.0.0/8', 'https://ten.test', false],
    ['fd00::1', 'https://[fd00::1]', true],
    ['[fd00::1]', 'https://[fd00::1]', true],
    ['[fd00::1]:8443', 'https://[fd00::1]:8443', true],
    ['[fd00::1]:8443', 'https://[fd00::1]', false],
    ['fd00::/8', 'https://[fd00::1]', true],
    ['fd00::/8', 'https://[fe00::1]', false],
    ['0.1', 'https://10.0.0.1', false],
    [',', 'https://r.test', false],
  ])('NO_PROXY=%s and %s: %s', (list, url, excepted) => {
    for (const name of ['NO_PROXY', 'no_proxy']) {
      const env = { HTTPS_PROXY: P, [name]: list }
      expect(proxyFor(new URL(url), env)).toEqual(excepted ? undefined : new URL(P))
    }
  })

  it.each([
    ['no address', 'http://al:hunter2@:3128'],
    ['another kind of proxy', 'socks5://al:hunter2@proxy.test'],
    ['a password that cannot be read', 'http://al:hunter2%zz@proxy.test'],
  ])('refuses %s, by the name of the variable and without its value', (_, value) => {
    for (const name of ['https_proxy', 'HTTPS_PROXY']) {
      const asking = () => proxyFor(new URL('https://r.test'), { [name]: value })
      expect(asking).toThrow(`the environment variable ${name} is not a proxy's address`)
      expect(asking).not.toThrow(/hunter2/)
    }
  })
})

const PAIR = 'al:p%40ss'
const ANSWER = 'from the registry'

/** A forward proxy for plain HTTP that sends everything to one server. */
async function proxyTo(target: string) {
  return serve((request, response) => {
    const { pathname } = new URL(request.url ?? '')
    const forward = http.request(`${target}${pathname}`, { headers: request.headers }, reply => {
      response.writeHead(reply.statusCode ?? 0, reply.headers)
      reply.pipe(response)
    })
    request.pipe(forward)
  })
}

const opened = (host: string, pair = '', more: HostOptions = {}) =>
  openHost('http://registry.test', { env: { HTTP_PROXY: `http://${pair}${host}` }, ...more })
const look = { method: 'GET', url: new URL('http://registry.test/v2/'), scopes: [] } as const

describe('plain HTTP by way of a proxy', () => {
  it('has whole addresses, and a password for the proxy alone', async () => {
    await using registry = await serve((_, response) => response.end(ANSWER))
    await using proxy = await proxyTo(registry.url)
    await using host = await opened(proxy.host, `${PAIR}@`)
    const { status, body } = await host.send(look)
    expect([status, body.toString()]).toEqual([200, ANSWER])
    const [asked] = proxy.requests
    expect(asked?.url).toBe('http://registry.test/v2/')
    expect(asked?.headers).toMatchObject({
      host: 'registry.test',
      'proxy-authorization': `Basic ${Buffer.from('al:p@ss').toString('base64')}`,
    })
  })

  it.each([
    ['a user alone', 'al@', `Basic ${Buffer.from('al:').toString('base64')}`],
    ['nobody', '', undefined],
  ])('says who we are: %s', async (_, pair, expected) => {
    await using registry = await serve((_request, response) => response.end(ANSWER))
    await using proxy = await proxyTo(registry.url)
    await using host = await opened(proxy.host, pair)
    await host.send(look)
    expect(proxy.requests[0]?.headers['proxy-authorization']).toBe(expected)
  })

  it('is loaded where the environment names a proxy, and used where it is meant to be', async () => {
    await using registry = await serve((_, response) => response.end(ANSWER))
    const env = { HTTP_PROXY: 'http://proxy.invalid:3128' }
    await using host = await openHost(registry.url, { env })
    expect(await host.send({ ...look, url: new URL(registry.url) })).toMatchObject({ status: 200 })
  })

  it('tells of a proxy that asks who we are, once', async () => {
    await using proxy = await serve((_, response) => response.writeHead(407).end())
    await using host = await opened(proxy.host, `${PAIR}@`)
    const asked = host.send(look)
    await expect(asked).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `registry.test cannot be reached: the proxy ${proxy.host} asks who we are (407)`,
      hint: expect.stringContaining('user and password'),
    })
    expect(proxy.requests.length).toBe(1)
  })

  it('tells of a proxy that is not there', async () => {
    const proxy = await serve(() => undefined)
    await proxy[Symbol.asyncDispose]()
    await using host = await opened(proxy.host, `${PAIR}@`)
    await expect(host.send(look)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `registry.test cannot be reached: the connection was refused, to the proxy ${proxy.host}`,
    })
  })

  it('is given up where nothing comes for too long', async () => {
    await using proxy = await serve(() => undefined)
    await using host = await opened(proxy.host, '', {
      patience: { connectMs: 100, silenceMs: 100 },
    })
    await expect(host.send({ ...look, once: true })).rejects.toMatchObject({
      message: 'registry.test cannot be reached: no answer came in time',
    })
  })
})

describe('a tunnel', () => {
  const tunnelled = (host: string, more: HostOptions = {}) =>
    openHost('https://registry.test', {
      env: { https_proxy: `http://${PAIR}@${host}`, SSL_CERT_FILE: '' },
      tls: { ca: [], only: false },
      ...more,
    })
  const secure = { ...look, url: new URL('https://registry.test/v2/') }

  const refusing = async (status: number) => {
    const server = http.createServer()
    const connects: http.IncomingMessage[] = []
    server.on('connect', (request: http.IncomingMessage, socket) => {
      connects.push(request)
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    })
    return { proxy: await serve(() => undefined, server), connects }
  }

  it.each([
    [407, 'asks who we are (407)', 1],
    [502, 'answered 502', 4],
  ])('that is refused with %i is told of as the proxy’s refusal', async (status, words, tries) => {
    const { proxy, connects } = await refusing(status)
    await using _closing = proxy
    await using host = await tunnelled(proxy.host)
    await expect(host.send(secure)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `registry.test cannot be reached: the proxy ${proxy.host} ${words}`,
    })
    expect(connects.length).toBe(tries)
    expect(connects[0]?.url).toBe('registry.test:443')
    expect(connects[0]?.headers['proxy-authorization']).toMatch(/^Basic /)
  })

  it('is waited for no longer than a connection', async () => {
    const server = http.createServer().on('connect', () => undefined)
    await using proxy = await serve(() => undefined, server)
    await using host = await tunnelled(proxy.host, {
      patience: { connectMs: 100, silenceMs: 60_000 },
    })
    await expect(host.send({ ...secure, once: true })).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
    })
  })

  it('to something that does not speak TLS says so', async () => {
    await using registry = await serve((_, response) => response.end(ANSWER))
    const server = http.createServer().on('connect', (_request, socket) => {
      const [host = '', port = ''] = registry.host.split(':')
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => undefined)
      socket.on('error', () => undefined)
    })
    await using proxy = await serve(() => undefined, server)
    await using host = await tunnelled(proxy.host)
    await expect(host.send({ ...secure, once: true })).rejects.toMatchObject({
      message: 'registry.test cannot be reached: it does not speak TLS',
    })
  })
})
