/** Hosts that would have us wait for ever, print a secret, or distrust what is right. */
import { describe, expect, it } from 'vitest'
import type { HostRequest } from '../../src/http/host.ts'
import { openHost, serve } from '../support/http.ts'

const get = (url: string, path: string, scopes: readonly string[] = []): HostRequest => ({
  method: 'GET',
  url: new URL(path, url),
  scopes,
})

const text = ({ body }: { readonly body: Buffer }) => body.toString()

describe('a host that limits everything', () => {
  it('is not asked for a while after a few requests were given up', async () => {
    let clock = 0
    await using server = await serve((_, response) => void response.writeHead(429).end())
    await using host = await openHost(server.url, { now: () => clock, random: () => -1 })
    for (let nth = 0; nth < 10; nth++) {
      expect(await host.send(get(server.url, `/${nth}`))).toMatchObject({ status: 429 })
    }
    expect(server.requests.length).toBe(3 * 4)
    clock = 30_000
    await host.send(get(server.url, '/later'))
    expect(server.requests.length).toBeGreaterThan(12)
  })

  it('is asked on where it answers others', async () => {
    await using server = await serve(({ url }, response) => {
      response.writeHead(url?.startsWith('/limited') ? 429 : 200).end()
    })
    await using host = await openHost(server.url, { random: () => -1 })
    for (let nth = 0; nth < 6; nth++) {
      const [limited, fine] = await Promise.all([
        host.send(get(server.url, `/limited/${nth}`)),
        host.send(get(server.url, `/fine/${nth}`)),
      ])
      expect([limited.status, fine.status]).toEqual([429, 200])
      await host.send(get(server.url, '/fine'))
    }
  })
})

it('interim answers without end are the end of a request', async () => {
  await using server = await serve((_, response) => {
    const again = () => {
      if (response.destroyed) return
      response.writeEarlyHints({ link: '</x>; rel=preload' }, again)
    }
    again()
  })
  await using host = await openHost(server.url)
  await expect(host.send(get(server.url, '/x'))).rejects.toMatchObject({
    code: 'STORE_PROTOCOL',
    message: expect.stringContaining('one interim answer after another'),
  })
})

describe('what a host says back', () => {
  it.each([
    ['a password', 's3cr3t-"pw"'],
    ['one that JSON spells otherwise', 'ü"\\n'],
  ])('is not told on where it is %s', async (_, password) => {
    await using server = await serve(({ headers }, response) => {
      if (headers.authorization === undefined) {
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
      }
      const [, pair = ''] = headers.authorization.split(' ')
      const plain = Buffer.from(pair, 'base64').toString()
      const message = `no ${headers.authorization} and no ${plain} and no ${password}`
      response.writeHead(403).end(JSON.stringify({ errors: [{ message }] }))
    })
    const credential = { kind: 'basic', username: 'u', password } as const
    await using host = await openHost(server.url, { credential: async () => credential })
    const reply = await host.send(get(server.url, '/x'))
    const said = JSON.parse(text(reply)) as { errors: { message: string }[] }
    expect(said.errors[0]?.message).toBe('no Basic *** and no *** and no ***')
  })
})

describe('credentials', () => {
  const scope = (name: string) => `repository:${name}:pull`

  async function guarded(accepts: (user: string, scopes: readonly string[]) => boolean) {
    return serve(({ url = '', headers }, response) => {
      const asked = new URL(url, 'http://registry.test')
      const user = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()
      if (asked.pathname === '/token') {
        const fine = accepts(user, asked.searchParams.getAll('scope'))
        return void response.writeHead(fine ? 200 : 401).end(JSON.stringify({ token: 'yes' }))
      }
      if (headers.authorization === 'Bearer yes') return void response.end()
      const realm = `http://${headers.host}/token`
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}"` }).end()
    })
  }

  it('that are wrong for one repository say nothing of the others', async () => {
    await using server = await guarded(user => user === 'good:pw')
    await using host = await openHost(server.url, {
      credential: async repository => ({ kind: 'basic', username: repository, password: 'pw' }),
    })
    await expect(host.send(get(server.url, '/a', [scope('bad')]))).rejects.toMatchObject({
      code: 'STORE_UNAUTHORIZED',
    })
    expect(await host.send(get(server.url, '/b', [scope('good')]))).toMatchObject({ status: 200 })
    const asked = server.requests.length
    await expect(host.send(get(server.url, '/c', [scope('bad')]))).rejects.toMatchObject({
      facts: { credentials: 'wrong' },
    })
    expect(server.requests.length).toBe(asked)
  })

  it('are not wrong because a token for two repositories is refused', async () => {
    await using server = await guarded((_, scopes) => scopes.length < 2)
    await using host = await openHost(server.url, {
      credential: async () => ({ kind: 'basic', username: 'u', password: 'pw' }),
    })
    const both = [scope('a'), scope('b')]
    await expect(host.send(get(server.url, '/a', both))).rejects.toMatchObject({
      facts: { credentials: 'refused' },
    })
    expect(await host.send(get(server.url, '/a', [scope('a')]))).toMatchObject({ status: 200 })
  })
})
