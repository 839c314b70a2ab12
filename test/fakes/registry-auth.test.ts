import { describe, expect, it } from 'vitest'
import { ask, openRegistryClient } from '../support/registry-client.ts'
import { startFakeRegistry } from './registry.ts'
import type { FakeRegistryOptions } from './registry/options.ts'

describe('auth', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const users = { alice: 'secret' }
  const alice = { auth: { username: 'alice', password: 'secret' } }

  it.each<[string, FakeRegistryOptions]>([
    ['Basic', { auth: { kind: 'basic', users } }],
    ['Bearer', { auth: { kind: 'bearer', users } }],
    ['Bearer from a server of its own', { auth: { kind: 'bearer', users, realm: 'own' } }],
  ])('lets in who has a login, by %s', async (_, options) => {
    await using registry = await startFakeRegistry(options)
    using client = openRegistryClient(registry.host, alice)
    expect((await ask(registry.host, { method: 'GET', path: '/v2/' })).status).toBe(401)
    expect((await client.request({ method: 'GET', path: '/v2/' })).status).toBe(200)
    expect(registry.log.map(({ headers }) => headers.authorization)).not.toContainEqual(
      expect.stringContaining('YWxpY2'),
    )
  })

  it('asks for both repositories of a mount', async () => {
    await using registry = await startFakeRegistry({ auth: { kind: 'bearer', users } })
    const path = `/v2/a/blobs/uploads/?mount=${digest}&from=b`
    const reply = await ask(registry.host, { method: 'POST', path })
    expect(reply.headers['www-authenticate']).toContain(
      'scope="repository:a:pull,push repository:b:pull"',
    )
  })

  it('gives tokens that are good for what was asked and no more', async () => {
    const allow = (_: string, { name }: { name: string }) => name === 'mine'
    await using registry = await startFakeRegistry({
      auth: { kind: 'bearer', users, anonymous: ['pull'], allow, expiresIn: 60 },
    })
    using client = openRegistryClient(registry.host, alice)
    const push = (name: string) =>
      client.request({ method: 'POST', path: `/v2/${name}/blobs/uploads/` })
    expect((await push('mine')).status).toBe(202)
    expect((await push('theirs')).status).toBe(401)
    expect(registry.grants.at(-1)).toMatchObject({
      user: 'alice',
      granted: [{ type: 'repository', name: 'theirs', actions: ['pull'] }],
    })
  })

  it('gives tokens that wear out, and can take all back', async () => {
    await using registry = await startFakeRegistry({ auth: { kind: 'bearer', users, uses: 2 } })
    using client = openRegistryClient(registry.host, alice)
    for (let index = 0; index < 4; index++) {
      expect((await client.request({ method: 'GET', path: '/v2/' })).status).toBe(200)
    }
    expect(registry.grants).toHaveLength(2)
    registry.revokeTokens()
    expect((await client.request({ method: 'GET', path: '/v2/' })).status).toBe(200)
    expect(registry.grants).toHaveLength(3)
  })

  it.each([
    ['a refresh token', 'grant_type=refresh_token&refresh_token=r1', 200],
    ['a password', 'grant_type=password&username=alice&password=secret', 200],
    ['a refresh token that is nobody’s', 'grant_type=refresh_token&refresh_token=r2', 401],
  ])('answers POST with %s', async (_, form, status) => {
    await using registry = await startFakeRegistry({
      auth: { kind: 'bearer', users, identityTokens: { r1: 'alice' } },
    })
    const body = Buffer.from(`${form}&service=registry.test&scope=repository:a:pull`)
    const reply = await ask(registry.host, { method: 'POST', path: '/token', body })
    expect(reply.status).toBe(status)
  })
})
