/**
 * A public registry that sends us to an address inside our network, by every way that it has
 * (GGCR #2193, #2293, #2295). Reached by a proxy, so that it is public as far as can be told.
 */
import type { lookup } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { Fault } from '../fakes/registry/faults.ts'
import { startStranger, type Stranger } from '../fakes/stranger.ts'
import { makeImage } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { openRegistryStore, type RegistryStoreOptions } from '../support/registry-store.ts'
import { makeLogin } from './login.ts'
import { put, small } from './blobs.ts'

const NAME = 'registry.example'

/** What every name leads to here: this machine. */
const look = ((_name: string, _options: unknown, done: (...results: unknown[]) => void) =>
  done(null, [{ address: '127.0.0.1', family: 4 }])) as unknown as typeof lookup

/** `inside.example` is connected to directly, and so are addresses of this machine. */
function openPublic(proxy: FakeRegistry, options: RegistryStoreOptions = {}) {
  return openRegistryStore(NAME, {
    origin: new URL(`http://${NAME}`),
    look,
    env: { http_proxy: proxy.url, no_proxy: 'inside.example,10.0.0.0/8,169.254.0.0/16' },
    ...options,
  })
}

const image = await makeImage({ seed: 'a' })

async function startRegistry(
  fault: (asked: { path: string; method: string }) => Fault | undefined,
) {
  const registry = await startFakeRegistry({ fault, singlePost: false })
  seedFake(registry, 'acme/app', '1', image)
  return registry
}

const portOf = ({ host }: Stranger) => host.split(':')[1] ?? ''

const places: readonly (readonly [what: string, url: (stranger: Stranger) => string])[] = [
  ['this machine', ({ sameName }) => sameName],
  ['this machine by its name', ({ url }) => url],
  ['this machine as a number', stranger => `http://2130706433:${portOf(stranger)}`],
  ['this machine in IPv6', stranger => `http://[::ffff:127.0.0.1]:${portOf(stranger)}`],
  ['a name that leads to this machine', stranger => `http://inside.example:${portOf(stranger)}`],
  ['the own network', () => 'http://10.0.0.1'],
  ["a cloud's metadata", () => 'http://169.254.169.254'],
]

describe.each(places)('a public registry that leads to %s', (_, url) => {
  const refused = {
    code: 'STORE_PROTOCOL',
    message: expect.stringMatching(
      /^registry\.example sends us to \S+, an address that is not for the public$/,
    ),
    hint: expect.stringMatching(/trusts: \['/),
  }

  it.each(['HEAD', 'GET'])('by a redirect of a %s is not followed', async method => {
    await using registry = await startRegistry(asked =>
      asked.method === method
        ? { kind: 'redirect', to: `${url(stranger)}${asked.path}` }
        : undefined,
    )
    await using stranger = await startStranger(registry)
    await using opened = await openPublic(registry)
    const { store } = opened
    const looks = { HEAD: () => store.resolve('acme/app', '1'), GET: () => store.tags('acme/app') }
    await expect(looks[method as 'GET']()).rejects.toMatchObject(refused)
    expect(stranger.requests).toBe(0)
  })

  it('by the Location of an upload gets no bytes', async () => {
    await using registry = await startRegistry(({ method }) =>
      method === 'POST' ? { kind: 'elsewhere', origin: url(stranger) } : undefined,
    )
    await using stranger = await startStranger(registry)
    await using opened = await openPublic(registry)
    await expect(put(opened.store, small)).rejects.toMatchObject(refused)
    expect(stranger.requests).toBe(0)
  })

  it('by a realm gets no credentials, and is not even asked', async () => {
    await using registry = await startRegistry(() => ({
      kind: 'status',
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${url(stranger)}/token",service="x"` },
    }))
    await using stranger = await startStranger(registry)
    const { credential } = makeLogin()
    await using opened = await openPublic(registry, { credential })
    await expect(opened.store.resolve('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_UNAUTHORIZED',
      message: expect.stringMatching(/sends us to \S+ for a token$/),
    })
    expect(stranger.requests).toBe(0)
  })
})

describe('where the user trusts a registry to lead', () => {
  it.each<[string, (stranger: Stranger) => string]>([
    ['an address', ({ sameName }) => sameName],
    ['a name', stranger => `http://inside.example:${portOf(stranger)}`],
  ])('to %s inside, it is followed', async (_, url) => {
    await using registry = await startRegistry(({ method, path }) => {
      if (method === 'POST') return { kind: 'elsewhere', origin: url(stranger) }
      return method === 'HEAD' ? { kind: 'redirect', to: `${url(stranger)}${path}` } : undefined
    })
    await using stranger = await startStranger(registry)
    const trusts = [new URL(url(stranger)).host]
    await using opened = await openPublic(registry, { trusts })
    const { store } = opened
    expect((await store.resolve('acme/app', '1'))?.digest).toBe(image.manifest.digest)
    await put(store, small)
    expect(registry.blobs('acme/app').has(small.content.digest)).toBe(true)
    expect(stranger.requests).toBe(2)
  })

  it('for tokens, it is asked there', async () => {
    await using registry = await startFakeRegistry({
      auth: { kind: 'bearer', anonymous: ['pull'] },
    })
    seedFake(registry, 'acme/app', '1', image)
    await using opened = await openPublic(registry, { trusts: [registry.host] })
    expect(await opened.store.resolve('acme/app', '1')).toBeDefined()
    expect(registry.grants.length).toBe(1)
  })

  it('does not let it lead to another port', async () => {
    await using registry = await startRegistry(({ path }) => ({
      kind: 'redirect',
      to: `${stranger.sameName}${path}`,
    }))
    await using stranger = await startStranger(registry)
    await using opened = await openPublic(registry, { trusts: ['127.0.0.1', '127.0.0.1:1'] })
    await expect(opened.store.tags('acme/app')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
    expect(stranger.requests).toBe(0)
  })
})

it('a registry on this machine is not sent to the metadata of a cloud', async () => {
  await using registry = await startRegistry(() => ({
    kind: 'redirect',
    to: 'http://169.254.169.254/latest/meta-data/',
  }))
  await using opened = await openRegistryStore(registry.host)
  await expect(opened.store.resolve('acme/app', '1')).rejects.toMatchObject({
    code: 'STORE_PROTOCOL',
    message: expect.stringContaining('169.254.169.254'),
  })
})
