import { describe, expect, it } from 'vitest'
import type { Credential } from '../../src/credentials/secret.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { fallbackTag } from '../../src/oci/referrers.ts'
import { originOf } from '../../src/stores/registry/wire.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from '../fakes/registry/options.ts'
import { descriptorOf, makeImage, makeIndex, makeReferrer } from '../support/images.ts'
import { seedFake } from '../support/project.ts'
import { openRegistryStore } from '../support/registry-store.ts'

async function world(options: FakeRegistryOptions = {}, credential?: Credential) {
  const fake = await startFakeRegistry(options)
  const opened = await openRegistryStore(fake.host, { ...(credential && { credential }) })
  return {
    fake,
    ...opened,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await fake.close()
    },
  }
}

const ALICE: Credential = { kind: 'basic', username: 'alice', password: 'secret' }

describe('originOf', () => {
  it.each([
    ['docker.io', {}, 'https://registry-1.docker.io'],
    ['quay.io', {}, 'https://quay.io'],
    ['quay.io', { http: true }, 'http://quay.io'],
    ['localhost:5000', {}, 'http://localhost:5000'],
    ['127.0.0.1:5000', {}, 'http://127.0.0.1:5000'],
    ['[::1]:5000', {}, 'http://[::1]:5000'],
    ['127.0.0.1:5000', { tls: { ca: 'x' } }, 'https://127.0.0.1:5000'],
    ['127.0.0.1:5000', { http: false }, 'https://127.0.0.1:5000'],
    ['127.0.0.1.nip.io', {}, 'https://127.0.0.1.nip.io'],
  ])('%s with %j is %s', (name, settings, expected) => {
    expect(originOf(name, settings).origin).toBe(expected)
  })
})

describe('looking', () => {
  it('asks by HEAD, with every type in Accept', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const image = await makeImage({ seed: 'a' })
    seedFake(w.fake, 'acme/app', '1', image)
    expect(await w.store.resolve('acme/app', '1')).toEqual({
      mediaType: image.manifest.mediaType,
      digest: image.manifest.digest,
      size: image.manifest.bytes.length,
    })
    expect(w.fake.log.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it('reads the manifest where a HEAD does not tell the digest', async () => {
    await using w = await world({
      fault: ({ method }) =>
        method === 'HEAD' ? { kind: 'headers', remove: ['docker-content-digest'] } : undefined,
    })
    const image = await makeImage({ seed: 'a' })
    seedFake(w.fake, 'acme/app', '1', image)
    expect((await w.store.resolve('acme/app', '1'))?.digest).toBe(image.manifest.digest)
  })

  const answering = (status: number): FakeRegistryOptions => ({
    fault: () => ({ kind: 'status', status, headers: { 'retry-after': '3600' } }),
  })

  it('takes 404 for an absence', async () => {
    await using w = await world(answering(404))
    expect(await w.store.resolve('acme/app', '1')).toBeUndefined()
  })

  it.each([
    [401, 'STORE_UNAUTHORIZED'],
    [403, 'STORE_DENIED'],
    [429, 'STORE_RATE_LIMITED'],
    [500, 'STORE_UNREACHABLE'],
    [418, 'STORE_PROTOCOL'],
  ])('takes %i for %s', async (status, code) => {
    await using w = await world(answering(status))
    await expect(w.store.resolve('acme/app', '1')).rejects.toMatchObject({ code })
  })

  it('does not take a web page for an absence', async () => {
    const page = { kind: 'status', status: 404, headers: { 'content-type': 'text/html' } } as const
    await using w = await world({ fault: () => page })
    await expect(w.store.resolve('acme/app', '1')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
    await expect(w.store.tags('acme/app')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
  })

  it('refuses bytes that are not what their digest says, after one more try', async () => {
    await using w = await world({
      fault: ({ route }) => (route.kind === 'manifest' ? { kind: 'wrong-bytes' } : undefined),
    })
    const image = await makeImage({ seed: 'a' })
    seedFake(w.fake, 'acme/app', '1', image)
    const { digest } = image.manifest
    await expect(w.store.manifest('acme/app', digest)).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
    })
    expect(w.fake.count(({ method }) => method === 'GET')).toBe(2)
  })

  it('refuses a body beyond the cap', async () => {
    await using w = await world({ fault: () => ({ kind: 'endless' }) })
    seedFake(w.fake, 'acme/app', '1', await makeImage({ seed: 'a' }))
    await expect(w.store.manifest('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
    })
    await expect(w.store.tags('acme/app')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
  })

  it('says why a registry that is down cannot be reached', async () => {
    const w = await world()
    await w.fake.close()
    await expect(w.store.resolve('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `${w.fake.host} cannot be reached: the connection was refused`,
    })
    await w[Symbol.asyncDispose]()
  })

  it('tries again after passing faults, on every method', async () => {
    await using w = await world({
      fault: ({ nth }) => (nth === 1 ? { kind: 'status', status: 503 } : undefined),
    })
    const image = await makeImage({ seed: 'a' })
    await w.store.write('acme/app', async session => {
      for (const [digest, bytes] of image.blobs) {
        const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
        await session.put(content, () => Promise.resolve(bytes))
      }
      const { bytes } = image.manifest
      await session.putManifest({ content: descriptorOf(image), bytes }, ['1'])
    })
    expect((await w.store.resolve('acme/app', '1'))?.digest).toBe(image.manifest.digest)
  })
})

describe('listing', () => {
  it.each([
    ['one page', {}],
    ['many pages', { pageSize: 3 }],
    ['absolute links', { pageSize: 3, links: 'absolute' }],
    ['an order of its own', { order: 'shuffled' }],
    ['no paging at all', { ...DOCKER_REGISTRY }],
  ] as const)('is whole with %s', async (_, options) => {
    await using w = await world(options)
    const image = await makeImage({ seed: 'a' })
    const tags = Array.from({ length: 10 }, (_, index) => `v${index}`)
    for (const tag of tags) seedFake(w.fake, 'acme/app', tag, image)
    expect((await w.store.tags('acme/app'))?.toSorted()).toEqual(tags)
  })

  it('knows no repository from one without tags', async () => {
    await using w = await world()
    expect(await w.store.tags('acme/none')).toBeUndefined()
    w.fake.putBlob('acme/empty', Buffer.from('x'))
    expect((await w.store.tags('acme/empty')) ?? []).toEqual([])
  })

  it.each([
    ['goes round in circles', '</v2/acme/app/tags/list?n=1000>; rel="next"'],
    ['leads to another host', '<http://127.0.0.1:1/v2/acme/app/tags/list>; rel="next"'],
  ])('that %s is refused', async (_, link) => {
    await using w = await world({ fault: () => ({ kind: 'headers', set: { link } }) })
    seedFake(w.fake, 'acme/app', '1', await makeImage({ seed: 'a' }))
    await expect(w.store.tags('acme/app')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
  })
})

describe('authorization', () => {
  const policy = { users: { alice: 'secret' }, anonymous: [] }

  it('needs none where none is asked for', async () => {
    await using w = await world({}, ALICE)
    seedFake(w.fake, 'acme/app', '1', await makeImage({ seed: 'a' }))
    await w.store.resolve('acme/app', '1')
    expect(w.fake.log.some(({ headers }) => 'authorization' in headers)).toBe(false)
  })

  it('sends Basic credentials once they are asked for', async () => {
    await using w = await world({ auth: { kind: 'basic', users: { alice: 'secret' } } }, ALICE)
    seedFake(w.fake, 'acme/app', '1', await makeImage({ seed: 'a' }))
    expect(await w.store.resolve('acme/app', '1')).toBeDefined()
    await w.store.resolve('acme/app', '1')
    expect(w.fake.log.map(({ status }) => status)).toEqual([401, 200, 200])
  })

  it('says that credentials are lacking, or wrong', async () => {
    const auth = { kind: 'basic', users: { alice: 'other' } } as const
    await using nobody = await world({ auth })
    await expect(nobody.store.resolve('acme/app', '1')).rejects.toMatchObject({
      code: 'STORE_UNAUTHORIZED',
    })
    await using wrong = await world({ auth }, ALICE)
    const refused = wrong.store.resolve('acme/app', '1')
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAUTHORIZED' })
    await expect(refused).rejects.not.toThrow(/secret/)
  })

  it('fetches one token per scope, however many ask', async () => {
    await using w = await world({ auth: { kind: 'bearer', ...policy } }, ALICE)
    const image = await makeImage({ seed: 'a' })
    for (const tag of ['1', '2', '3', '4']) seedFake(w.fake, 'acme/app', tag, image)
    await Promise.all(['1', '2', '3', '4'].map(tag => w.store.resolve('acme/app', tag)))
    expect(w.fake.grants.length).toBe(1)
    expect(w.fake.log.filter(({ status }) => status === 401).length).toBe(1)
  })

  it('renews a token that the registry has forgotten', async () => {
    await using w = await world({ auth: { kind: 'bearer', ...policy } }, ALICE)
    seedFake(w.fake, 'acme/app', '1', await makeImage({ seed: 'a' }))
    await w.store.resolve('acme/app', '1')
    w.fake.revokeTokens()
    expect(await w.store.resolve('acme/app', '1')).toBeDefined()
    expect(w.fake.grants.length).toBe(2)
  })

  it('asks for both repositories when it mounts', async () => {
    await using w = await world({ auth: { kind: 'bearer', ...policy } }, ALICE)
    const bytes = Buffer.from('blob')
    const digest = w.fake.putBlob('acme/base', bytes)
    const content = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: 4 }
    const how = await w.store.write('acme/app', session =>
      session.put(content, () => Promise.reject(new Error('not needed')), 'acme/base'),
    )
    expect(how).toBe('mounted')
    expect(digest).toBe(content.digest)
    expect(w.fake.blobs('acme/app').has(content.digest)).toBe(true)
  })
})

describe('uploading', () => {
  const bytes = Buffer.from('some bytes')
  const content = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: 10 }
  const writes = (fake: FakeRegistry) =>
    fake.log.filter(({ method }) => method !== 'GET' && method !== 'HEAD').map(log => log.method)

  it('takes one request where the registry takes it in one', async () => {
    await using w = await world()
    await w.store.write('acme/app', session => session.put(content, () => Promise.resolve(bytes)))
    expect(writes(w.fake)).toEqual(['POST'])
  })

  it('goes on with the upload it is offered, and remembers', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const other = Buffer.from('other bytes')
    await w.store.write('acme/app', async session => {
      await session.put(content, () => Promise.resolve(bytes))
      const second = { ...content, digest: digestOf(other), size: other.length }
      await session.put(second, () => Promise.resolve(other))
    })
    expect(writes(w.fake)).toEqual(['POST', 'PUT', 'POST', 'PUT'])
    expect(w.fake.blobs('acme/app').size).toBe(2)
  })

  it('uploads through the session that a refused mount opens', async () => {
    await using w = await world({ ...DOCKER_REGISTRY, mounts: false })
    w.fake.putBlob('acme/base', bytes)
    const how = await w.store.write('acme/app', session =>
      session.put(content, () => Promise.resolve(bytes), 'acme/base'),
    )
    expect(how).toBe('put')
    expect(writes(w.fake)).toEqual(['POST', 'PUT'])
  })
})

describe('referrers', () => {
  it.each([
    ['by the API', {}],
    ['by fallback tag', { ...DOCKER_REGISTRY }],
  ])('are written and found %s', async (_, options) => {
    await using w = await world(options)
    const image = await makeImage({ seed: 'a' })
    const sbom = makeReferrer(image, { artifactType: 'application/spdx+json', payload: '{}' })
    const sig = makeReferrer(image, { artifactType: 'application/x.sig', payload: 'sig' })
    seedFake(w.fake, 'acme/app', '1', image)
    for (const referrer of [sbom, sig]) {
      for (const blob of referrer.blobs.values()) w.fake.putBlob('acme/app', blob)
    }
    await Promise.all(
      [sbom, sig].map(referrer =>
        w.store.write('acme/app', session => {
          const { bytes } = referrer.manifest
          return session.putManifest({ content: descriptorOf(referrer), bytes }, [])
        }),
      ),
    )
    const found = await w.store.referrers('acme/app', image.manifest.digest)
    expect(found.map(({ artifactType }) => `${artifactType}`).toSorted()).toEqual([
      'application/spdx+json',
      'application/x.sig',
    ])
    const tag = fallbackTag(image.manifest.digest)
    expect(w.fake.tags('acme/app').includes(tag)).toBe('referrers' in options)
  })

  it('cost one listing where there is no API and many are asked for', async () => {
    await using w = await world({ ...DOCKER_REGISTRY })
    const images = await Promise.all(
      Array.from({ length: 6 }, (_, index) => makeImage({ seed: String(index) })),
    )
    images.forEach((image, index) => seedFake(w.fake, 'acme/app', `v${index}`, image))
    await Promise.all(
      images.map(({ manifest }) =>
        w.store.referrers('acme/app', manifest.digest, { subjects: images.length }),
      ),
    )
    expect(w.fake.log.map(({ path }) => path.replace(/sha256.*/, '')).toSorted()).toEqual([
      '/v2/acme/app/referrers/',
      '/v2/acme/app/tags/list',
    ])
  })
})

it('refuses schema 1', async () => {
  await using w = await world()
  w.fake.putManifest('acme/app', 'old', {
    mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    bytes: Buffer.from('{"schemaVersion":1}'),
  })
  await expect(w.store.resolve('acme/app', 'old')).rejects.toMatchObject({
    code: 'CONTENT_UNSUPPORTED',
  })
})

it('reads an index as it is', async () => {
  await using w = await world()
  const index = makeIndex([await makeImage({ seed: 'a' })], { attestations: true })
  seedFake(w.fake, 'acme/app', '1', index)
  const found = await w.store.manifest('acme/app', '1')
  expect(found?.bytes.equals(index.manifest.bytes)).toBe(true)
})
