import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { makeImage, makeReferrer, pushImage } from '../support/images.ts'
import { ask, type ClientReply } from '../support/registry-client.ts'
import { startFakeRegistry, type FakeRegistry } from './registry.ts'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from './registry/options.ts'

const hello = Buffer.from('hello')
const helloDigest = digestOf(hello)
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

function codeOf({ body }: ClientReply): unknown {
  const document: { errors: { code: string }[] } = JSON.parse(body.toString('utf8'))
  return document.errors[0]?.code
}

function jsonOf({ body }: ClientReply): Record<string, unknown> {
  const document: Record<string, unknown> = JSON.parse(body.toString('utf8'))
  return document
}

describe('manifests', () => {
  it('gives back what was pushed, by tag and by digest', async () => {
    await using registry = await startFakeRegistry()
    const image = await makeImage({ seed: 'a' })
    await pushImage(registry.host, 'a/b', '1.0', image)

    for (const reference of ['1.0', image.manifest.digest]) {
      const reply = await ask(registry.host, {
        method: 'GET',
        path: `/v2/a/b/manifests/${reference}`,
      })
      expect(reply.body).toEqual(image.manifest.bytes)
      expect(reply.headers['docker-content-digest']).toBe(image.manifest.digest)
      expect(reply.headers['content-type']).toBe(image.manifest.mediaType)
    }
    expect(registry.tags('a/b')).toEqual(['1.0'])
  })

  it.each([
    ['a layer it lacks', { config: { digest: helloDigest } }, 'MANIFEST_BLOB_UNKNOWN'],
    ['a child it lacks', { manifests: [{ digest: helloDigest }] }, 'MANIFEST_BLOB_UNKNOWN'],
    ['another type in it', { mediaType: 'text/html' }, 'MANIFEST_INVALID'],
    ['4 MiB and more', { annotations: { long: 'x'.repeat(4 << 20) } }, 'MANIFEST_INVALID'],
  ])('refuses one with %s', async (_, document, code) => {
    await using registry = await startFakeRegistry()
    const body = Buffer.from(JSON.stringify(document))
    const headers = { 'content-type': MANIFEST }
    const reply = await ask(registry.host, {
      method: 'PUT',
      path: '/v2/a/manifests/1',
      headers,
      body,
    })
    expect(codeOf(reply)).toBe(code)
    expect(registry.tags('a')).toEqual([])
  })

  it.each([
    ['a tag alone, by tag', {}, '1', 202, ['2', '3']],
    ['every tag of a digest, by digest', {}, 'digest', 202, ['3']],
    ['nothing by tag where only digests go', DOCKER_REGISTRY, '1', 400, ['1', '2', '3']],
    ['nothing where deletes are off', { deletes: false }, 'digest', 405, ['1', '2', '3']],
    ['nothing that is not there', {}, 'unknown', 404, ['1', '2', '3']],
  ] as const)('deletes %s', async (_, options, reference, status, left) => {
    await using registry = await startFakeRegistry(options)
    const bytes = Buffer.from('{}')
    const digest = registry.putManifest('a', '1', { mediaType: MANIFEST, bytes })
    registry.putManifest('a', '2', { mediaType: MANIFEST, bytes })
    registry.putManifest('a', '3', { mediaType: MANIFEST, bytes: hello })
    const what = reference === 'digest' ? digest : reference
    const reply = await ask(registry.host, { method: 'DELETE', path: `/v2/a/manifests/${what}` })
    expect(reply.status).toBe(status)
    expect(registry.tags('a')).toEqual(left)
  })

  it('denies a type that Accept does not name, where docker-registry does', async () => {
    await using registry = await startFakeRegistry(DOCKER_REGISTRY)
    registry.putManifest('a', '1', { mediaType: MANIFEST, bytes: Buffer.from('{}') })
    const path = '/v2/a/manifests/1'
    expect((await ask(registry.host, { method: 'GET', path })).status).toBe(404)
    const headers = { accept: MANIFEST }
    expect((await ask(registry.host, { method: 'GET', path, headers })).status).toBe(200)
  })
})

describe('blobs', () => {
  it.each([
    ['bytes=1-3', 206, 'ell', 'bytes 1-3/5'],
    ['bytes=2-', 206, 'llo', 'bytes 2-4/5'],
    ['bytes=2-99', 206, 'llo', 'bytes 2-4/5'],
    ['bytes=5-', 416, '', 'bytes */5'],
  ])('answers %s', async (range, status, body, contentRange) => {
    await using registry = await startFakeRegistry()
    registry.putBlob('a', hello)
    const path = `/v2/a/blobs/${helloDigest}`
    const reply = await ask(registry.host, { method: 'GET', path, headers: { range } })
    expect([reply.status, reply.body.toString(), reply.headers['content-range']]).toEqual([
      status,
      body,
      contentRange,
    ])
  })

  it.each([
    ['takes a single POST', {}, 201],
    ['goes on with PUT where a single POST is not taken', { singlePost: false }, 202],
  ])('%s', async (_, options, status) => {
    await using registry = await startFakeRegistry(options)
    const path = `/v2/a/blobs/uploads/?digest=${helloDigest}`
    const reply = await ask(registry.host, { method: 'POST', path, body: hello })
    expect(reply.status).toBe(status)
    expect(registry.blobs('a').has(helloDigest)).toBe(status === 201)
  })

  it('takes chunks in order, and says how far it is', async () => {
    await using registry = await startFakeRegistry({ statefulUploads: true })
    const send = (method: string, path: string, range?: string, body = '') =>
      ask(registry.host, {
        method,
        path,
        ...(range !== undefined && { headers: { 'content-range': range } }),
        body: Buffer.from(body),
      })
    const opened = await send('POST', '/v2/a/blobs/uploads/')
    const first = await send('PATCH', String(opened.headers.location), '0-1', 'he')
    expect([first.status, first.headers['range']]).toEqual([202, '0-1'])
    const stale = await send('PATCH', String(opened.headers.location), '2-4', 'llo')
    expect(stale.status).toBe(404)
    const gap = await send('PATCH', String(first.headers.location), '3-5', 'llo')
    expect([gap.status, gap.headers['range']]).toEqual([416, '0-1'])
    const second = await send('PATCH', String(gap.headers.location), '2-4', 'llo')
    const done = await send('PUT', `${second.headers.location}&digest=${helloDigest}`)
    expect(done.status).toBe(201)
    expect(registry.state.blob('a', helloDigest)).toEqual(hello)
  })

  it('takes a chunk anywhere, where docker-registry does', async () => {
    await using registry = await startFakeRegistry(DOCKER_REGISTRY)
    const opened = await ask(registry.host, { method: 'POST', path: '/v2/a/blobs/uploads/' })
    const headers = { 'content-range': '7-11' }
    const path = String(opened.headers.location)
    const reply = await ask(registry.host, { method: 'PATCH', path, headers, body: hello })
    expect([reply.status, reply.headers['range']]).toEqual([202, '0-4'])
  })

  it('refuses bytes of another digest', async () => {
    await using registry = await startFakeRegistry()
    const path = `/v2/a/blobs/uploads/?digest=${digestOf(Buffer.from('other'))}`
    const reply = await ask(registry.host, { method: 'POST', path, body: hello })
    expect(codeOf(reply)).toBe('DIGEST_INVALID')
    expect(registry.blobs('a').size).toBe(0)
  })

  it.each([
    ['mounts what another repository has', {}, 'from', 201],
    ['opens an upload where it does not mount', { mounts: false }, 'from', 202],
    ['opens an upload where the other has it not', {}, 'elsewhere', 202],
  ])('%s', async (_, options, from, status) => {
    await using registry = await startFakeRegistry(options)
    registry.putBlob('from', hello)
    const path = `/v2/to/blobs/uploads/?mount=${helloDigest}&from=${from}`
    const reply = await ask(registry.host, { method: 'POST', path })
    expect(reply.status).toBe(status)
    expect(registry.blobs('to').has(helloDigest)).toBe(status === 201)
  })
})

describe('listings', () => {
  async function pages(registry: FakeRegistry, first: string): Promise<string[][]> {
    const found: string[][] = []
    for (let path: string | undefined = first; path !== undefined;) {
      const reply = await ask(registry.host, { method: 'GET', path })
      const { tags }: { tags: string[] } = JSON.parse(reply.body.toString('utf8'))
      found.push(tags)
      path = /<(?<next>[^>]+)>/.exec(String(reply.headers['link'] ?? ''))?.groups?.['next']
    }
    return found
  }

  it.each<[string, FakeRegistryOptions, string, string[][]]>([
    ['pages of n', {}, '?n=2', [['v1', 'v2'], ['v3', 'v4'], ['v5']]],
    [
      'pages of its own size',
      { pageSize: 3, links: 'absolute' },
      '',
      [
        ['v1', 'v2', 'v3'],
        ['v4', 'v5'],
      ],
    ],
    ['the rest after last', {}, '?last=v3', [['v4', 'v5']]],
    ['one page where it ignores n', { paging: false }, '?n=2', [['v1', 'v2', 'v3', 'v4', 'v5']]],
  ])('has %s', async (_, options, query, expected) => {
    await using registry = await startFakeRegistry(options)
    for (const tag of ['v2', 'v5', 'v1', 'v4', 'v3']) {
      registry.putManifest('a', tag, { mediaType: MANIFEST, bytes: hello })
    }
    expect(await pages(registry, `/v2/a/tags/list${query}`)).toEqual(expected)
  })

  it('is neither sorted nor random where it is shuffled', async () => {
    await using registry = await startFakeRegistry({ order: 'shuffled', pageSize: 7 })
    const tags = Array.from({ length: 20 }, (_, index) => `v${index + 10}`)
    for (const tag of tags) registry.putManifest('a', tag, { mediaType: MANIFEST, bytes: hello })
    const listed = (await pages(registry, '/v2/a/tags/list')).flat()
    expect(listed.toSorted()).toEqual(tags)
    expect(listed).not.toEqual(tags)
    expect((await pages(registry, '/v2/a/tags/list')).flat()).toEqual(listed)
  })

  it('lists 10,000 tags in pages of 100 without being what takes the time', async () => {
    await using registry = await startFakeRegistry({ pageSize: 100 })
    for (let index = 0; index < 10_000; index++) {
      registry.putManifest('a', `v${index}`, { mediaType: MANIFEST, bytes: hello })
    }
    const start = performance.now()
    expect((await pages(registry, '/v2/a/tags/list')).flat().length).toBe(10_000)
    expect(performance.now() - start).toBeLessThan(5_000)
  })

  it('tells an unknown repository from an empty one', async () => {
    await using registry = await startFakeRegistry()
    const list = () => ask(registry.host, { method: 'GET', path: '/v2/a/tags/list' })
    expect(codeOf(await list())).toBe('NAME_UNKNOWN')
    registry.state.repository('a')
    expect(jsonOf(await list())).toEqual({ name: 'a', tags: [] })
  })

  it('lists repositories', async () => {
    await using registry = await startFakeRegistry()
    for (const name of ['b', 'a/c', 'a']) registry.state.repository(name)
    const reply = await ask(registry.host, { method: 'GET', path: '/v2/_catalog?n=2' })
    expect(jsonOf(reply)).toEqual({ repositories: ['a', 'a/c'] })
    expect(reply.headers['link']).toContain('last=a%2Fc')
  })
})

describe('referrers', () => {
  it('lists what has a subject, by type if asked', async () => {
    await using registry = await startFakeRegistry()
    const image = await makeImage({ seed: 'a' })
    await pushImage(registry.host, 'a', '1', image)
    for (const artifactType of ['application/sig', 'application/sbom']) {
      await pushImage(
        registry.host,
        'a',
        undefined,
        makeReferrer(image, { artifactType, payload: 'x' }),
      )
    }
    const path = `/v2/a/referrers/${image.manifest.digest}`
    const all = await ask(registry.host, { method: 'GET', path })
    expect(jsonOf(all)['manifests']).toHaveLength(2)
    const some = await ask(registry.host, {
      method: 'GET',
      path: `${path}?artifactType=application/sbom`,
    })
    expect(jsonOf(some)['manifests']).toMatchObject([{ artifactType: 'application/sbom' }])
    expect(some.headers['oci-filters-applied']).toBe('artifactType')
    expect(registry.tags('a')).toEqual(['1'])
  })

  it.each([
    ['says so when it keeps the list', {}, helloDigest, 200],
    ['says nothing where there is no list', { referrers: false }, undefined, 404],
  ])('%s', async (_, options, said, status) => {
    await using registry = await startFakeRegistry(options)
    const body = Buffer.from(
      JSON.stringify({ mediaType: MANIFEST, subject: { digest: helloDigest } }),
    )
    const headers = { 'content-type': MANIFEST }
    const put = await ask(registry.host, {
      method: 'PUT',
      path: '/v2/a/manifests/1',
      headers,
      body,
    })
    expect([put.status, put.headers['oci-subject']]).toEqual([201, said])
    const list = await ask(registry.host, { method: 'GET', path: `/v2/a/referrers/${helloDigest}` })
    expect(list.status).toBe(status)
  })
})
