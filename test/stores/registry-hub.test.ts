/** Docker Hub's search, one page at a time. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openHub, parseSearchPage } from '../../src/stores/registry/hub.ts'
import { hubImages, startFakeHub, type FakeHubOptions, type HubImage } from '../fakes/hub.ts'
import { openHost, type HostOptions } from '../support/http.ts'

const query = { term: 'redis', page: 1, size: 25 }

async function hub(
  images: readonly HubImage[],
  options: FakeHubOptions = {},
  settings: HostOptions = {},
) {
  const fake = await startFakeHub(images, options)
  const host = await openHost(fake.url, { name: 'docker.io', ...settings })
  const searching = openHub({ name: 'docker.io', host, now: () => Date.now() })
  return {
    fake,
    search: (more: Partial<typeof query> = {}) => searching.search({ ...query, ...more }),
    async [Symbol.asyncDispose]() {
      await host[Symbol.asyncDispose]()
      await fake[Symbol.asyncDispose]()
    },
  }
}

describe('a page of Docker Hub’s search', () => {
  it('is asked for as docker does, and has all that it tells', async () => {
    await using h = await hub(hubImages(60))
    const first = await h.search()
    expect(first).toMatchObject({ pages: 3, total: 60 })
    expect(first.results).toHaveLength(25)
    expect(first.results[0]).toEqual({
      name: 'redis',
      description: 'redis number 0',
      stars: 60,
      isOfficial: true,
    })
    expect((await h.search({ page: 3 })).results).toHaveLength(10)
    await h.search({ term: 'a b&n=9/ü' })
    expect(h.fake.asked()).toEqual([
      '/v1/search?q=redis&n=25',
      '/v1/search?q=redis&n=25&page=3',
      '/v1/search?q=a+b%26n%3D9%2F%C3%BC&n=25',
    ])
  })

  it('comes after what a 429 asks us to wait for', async () => {
    const limited = { status: 429, headers: { 'retry-after': '1' } }
    await using h = await hub(hubImages(1), { instead: nth => (nth === 1 ? limited : undefined) })
    expect((await h.search()).results).toHaveLength(1)
    expect(h.fake.requests).toHaveLength(2)
  })

  it.each([
    [429, 'STORE_RATE_LIMITED', { 'retry-after': '3600' }],
    [500, 'STORE_UNREACHABLE', {}],
    [403, 'STORE_DENIED', {}],
    [404, 'STORE_PROTOCOL', {}],
  ])('that is answered with %i is an error', async (status, code, headers) => {
    await using h = await hub([], { instead: () => ({ status, headers, body: '{}' }) })
    await expect(h.search()).rejects.toMatchObject({
      code,
      message: `docker.io answered ${status} to searching for "redis"`,
    })
  })

  it.each([
    ['HTML', '<html>Sign in to the network</html>'],
    ['nothing', ''],
    ['a list', '[]'],
    ['no results', '{"num_results":0}'],
    ['results that are none', '{"results":[{"name":"redis"},"redis"]}'],
    ['a result without a name', '{"results":[{"description":"x"}]}'],
  ])('that is %s is an error, and not an empty page', async (_, body) => {
    await using h = await hub([], { instead: () => ({ status: 200, body }) })
    await expect(h.search()).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: 'docker.io answered no results to searching for "redis"',
      hint: expect.stringContaining('a proxy or a login page'),
    })
  })

  const padded = (bytes: number) => `{"results":[]${' '.repeat(bytes - '{"results":[]}'.length)}}`

  it('has at most a MiB', async () => {
    const sizes = [1024 * 1024, 1024 * 1024 + 1]
    const instead = (nth: number) => ({ status: 200, body: padded(sizes[nth - 1]!) })
    await using h = await hub([], { instead })
    expect((await h.search()).results).toEqual([])
    await expect(h.search()).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
  })

  it('is asked for with a login where Docker Hub wants one, and nobody else is told', async () => {
    const basic = `Basic ${Buffer.from('al:hunter2').toString('base64')}`
    await using stranger = await startFakeHub(hubImages(1))
    const challenge = { status: 401, headers: { 'www-authenticate': 'Basic realm="hub"' } }
    const elsewhere = { status: 302, headers: { location: `${stranger.url}/v1/search?q=redis` } }
    await using h = await hub(
      [],
      { instead: nth => (nth === 1 ? challenge : elsewhere) },
      {
        credential: () =>
          Promise.resolve({ kind: 'basic', username: 'al', password: 'hunter2' } as const),
        trusts: [stranger.host],
      },
    )
    await h.search()
    expect(h.fake.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, basic])
    expect(stranger.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })
})

describe('parseSearchPage', () => {
  it('takes what says nothing for nothing', () => {
    const results = [{ name: 'a', description: null, star_count: -1, is_official: 'yes' }]
    const page = { results, num_pages: '3', num_results: null }
    expect(parseSearchPage(Buffer.from(JSON.stringify(page)))).toEqual({
      results: [{ name: 'a', description: '', stars: 0, isOfficial: false }],
    })
  })

  it('never throws, and finds only what has a name', () => {
    const value = fc.oneof(
      fc.json(),
      fc.record({ results: fc.array(fc.anything()), num_pages: fc.anything() }).map(page => {
        return JSON.stringify(page, (_, inner) =>
          typeof inner === 'bigint' ? Number(inner) : (inner as unknown),
        )
      }),
      fc
        .array(fc.record({ name: fc.string(), star_count: fc.double() }, { requiredKeys: [] }))
        .map(results => JSON.stringify({ results })),
    )
    fc.assert(
      fc.property(value, text => {
        const page = parseSearchPage(Buffer.from(text))
        for (const { name, stars } of page?.results ?? []) {
          expect(name).not.toBe('')
          expect(Number.isSafeInteger(stars) && stars >= 0).toBe(true)
        }
      }),
    )
  })
})
