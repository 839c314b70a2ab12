/**
 * Credentials go to one origin, by scheme, host and port, and to nobody that it names (CVE-2020-15157,
 * GHSA-vh4v-2xq2-g5cg, CVE-2026-50151; GGCR #2295, #2349).
 */
import { describe, expect, it } from 'vitest'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { answer } from '../fakes/registry/answer.ts'
import type { ChooseFault } from '../fakes/registry/faults.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { startStranger, type Stranger } from '../fakes/stranger.ts'
import { makeImage } from '../support/images.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { blobOf, large, put, putStream, small } from './blobs.ts'
import { openHostile, type Hostile } from './hostile-registry.ts'
import { makeLogin, type Login } from './login.ts'

const image = await makeImage({ seed: 'a' })
const [layer] = [...image.blobs.values()].map(blobOf)

type Auth = (login: Login) => NonNullable<FakeRegistryOptions['auth']>

const kinds: readonly (readonly [string, Auth])[] = [
  ['tokens', ({ auth }) => auth],
  ['a password', ({ users }) => ({ kind: 'basic', users })],
]

function open(options: FakeRegistryOptions, { credential }: Login): Promise<Hostile> {
  const told = { showAuthorization: true, singlePost: false, ...options }
  return openHostile(told, { image, credential })
}

const others: readonly (readonly [string, (stranger: Stranger) => string])[] = [
  ['another host', ({ url }) => url],
  ['another port of its host', ({ sameName }) => sameName],
]

describe.each(kinds)('a registry that asks for %s', (_, auth) => {
  describe.each(others)('and leads to %s', (_, url) => {
    /** What the other place was shown. */
    async function led(fault: (to: string) => ChooseFault, act: (w: Hostile) => Promise<unknown>) {
      const login = makeLogin()
      await using w = await open({ auth: auth(login) }, login)
      await using stranger = await startStranger(w.registry)
      w.registry.inject(fault(url(stranger)))
      await act(w)
      expect(stranger.requests).toBeGreaterThan(0)
      // what it asked for itself, it was given
      expect(w.registry.log.some(({ headers }) => headers.authorization)).toBe(true)
      const header = /\nauthorization\n/i.exec(stranger.heard()) ?? []
      return [...header, ...login.leaks(stranger.heard(), w.registry)]
    }

    const redirected =
      (to: string): ChooseFault =>
      ({ route, path, query }) =>
        route.kind === 'token'
          ? undefined
          : { kind: 'redirect', to: `${to}${path}?${query.toString()}` }
    const moved =
      (to: string): ChooseFault =>
      ({ method }) =>
        method === 'POST' ? { kind: 'elsewhere', origin: to } : undefined

    it.each<[string, (w: Hostile) => Promise<unknown>]>([
      ['HEAD', ({ store }) => store.resolve('acme/app', '1')],
      ['manifest', ({ store }) => store.manifest('acme/app', '1')],
      ['list', ({ store }) => store.tags('acme/app')],
      ['blob', async ({ store }) => (await store.fetch('acme/app', layer!.content)).toArray()],
    ])('by redirecting a %s, shows it nothing', async (_, act) => {
      expect(await led(redirected, act)).toEqual([])
    })

    it('by the Location of an upload, shows it nothing', async () => {
      expect(await led(moved, ({ store }) => put(store, small))).toEqual([])
      expect(await led(moved, ({ store }) => putStream(store, large))).toEqual([])
    })
  })
})

describe('what another host answers', () => {
  it('does not change who we are to the registry', async () => {
    const login = makeLogin()
    await using w = await open({ auth: login.auth }, login)
    const asks = 'Bearer realm="http://localhost:1/token",service="other"'
    await using stranger = await startStranger(w.registry, {
      answer: () => answer(401, { 'www-authenticate': asks }),
    })
    await w.store.resolve('acme/app', '1')
    w.registry.inject(({ method, path }) =>
      method === 'GET' ? { kind: 'redirect', to: `${stranger.url}${path}` } : undefined,
    )
    await expect(w.store.manifest('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_UNAUTHORIZED',
    })
    expect(stranger.requests).toBe(1)
    w.registry.inject(undefined)
    expect(await w.store.manifest('acme/app', '1')).toBeDefined()
    expect(w.registry.grants.length).toBe(1)
    const authorizations = w.registry.log.flatMap(({ headers }) => headers.authorization ?? [])
    expect(new Set(authorizations).size).toBe(1)
  })

  it('is not asked for more than a few times over', async () => {
    const login = makeLogin()
    await using w = await open({}, login)
    await using stranger: Stranger = await startStranger(w.registry, {
      answer: ({ path }) => answer(307, { location: `${path}x` }),
    })
    w.registry.inject(({ path }) => ({ kind: 'redirect', to: `${stranger.url}${path}` }))
    await expect(w.store.resolve('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: expect.stringContaining('redirects more than 5 times'),
    })
    expect(stranger.requests).toBe(5)
  })
})

it('keeps no cookies, neither for the registry nor for others', async () => {
  const login = makeLogin()
  await using w = await open({ auth: login.auth }, login)
  await using stranger = await startStranger(w.registry, {
    answer: asked =>
      asked.method === 'HEAD' ? answer(404, { 'set-cookie': 'theirs=2; Path=/' }) : undefined,
  })
  const set = { 'set-cookie': 'session=1; Path=/' }
  w.registry.inject(({ method, path }) =>
    method === 'HEAD'
      ? { kind: 'status', status: 307, headers: { ...set, location: `${stranger.url}${path}` } }
      : { kind: 'headers', set },
  )
  for (let turn = 0; turn < 2; turn++) {
    await w.store.tags('acme/app')
    await w.store.resolve('acme/app', '1')
  }
  expect(stranger.heard().toLowerCase()).not.toContain('cookie')
  expect(w.registry.log.filter(({ headers }) => headers.cookie)).toEqual([])
})

describe('a password', () => {
  const passwords = ({ log }: FakeRegistry) =>
    log.filter(({ headers }) => headers.authorization?.startsWith('Basic '))

  it('goes to the token service, and not to the registry that named it', async () => {
    const login = makeLogin()
    await using w = await open({ auth: login.auth }, login)
    await w.store.resolve('acme/app', '1')
    expect(w.registry.grants).toMatchObject([{ method: 'GET', status: 200 }])
    expect(w.registry.grants[0]?.user).toBeDefined()
    expect(passwords(w.registry)).toEqual([])
  })

  it('is not sent before it is asked for', async () => {
    const login = makeLogin()
    await using w = await open({}, login)
    await w.store.resolve('acme/app', '1')
    await put(w.store, small)
    expect(w.registry.log.filter(({ headers }) => headers.authorization)).toEqual([])
  })

  it.each(['Digest realm="x"', 'Negotiate', 'Bearer', 'Basic realm="x", Bearer realm="/"', ''])(
    'is not sent to who asks by %j',
    async challenge => {
      const login = makeLogin()
      const headers = { 'www-authenticate': challenge }
      const fault = () => ({ kind: 'status', status: 401, headers }) as const
      await using w = await open({ fault }, login)
      await expect(w.store.resolve('acme/app', '1')).rejects.toMatchObject({
        code: 'STORE_UNAUTHORIZED',
      })
      expect(passwords(w.registry)).toEqual([])
    },
  )

  it('goes to a token service on another site where the user says so', async () => {
    const login = makeLogin()
    await using w = await open({}, login)
    await using realm = await startFakeRegistry({ auth: login.auth })
    const host = realm.host.replace('127.0.0.1', 'localhost')
    const challenge = `Bearer realm="http://${host}/token",service="registry.test"`
    w.registry.inject(() => ({
      kind: 'status',
      status: 401,
      headers: { 'www-authenticate': challenge },
    }))
    const { credential } = login
    await using trusting = await openRegistryStore(w.registry.host, { credential, trusts: [host] })
    await expect(trusting.store.resolve('acme/app', '1')).rejects.toThrow(/401/)
    expect(realm.grants.length).toBeGreaterThan(0)
    const asked = realm.grants.length
    await expect(w.store.resolve('acme/app', '1')).rejects.toThrow(/for a token/)
    expect(realm.grants.length).toBe(asked)
  })
})
