/** What a search finds, by the door that the command uses. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InputError } from '../../src/errors.ts'
import { parseSearchFilters } from '../../src/images/search-filter.ts'
import { searchImages, type SearchRequest } from '../../src/images/search.ts'
import { newestLast } from '../../src/images/tag-order.ts'
import { readTerm } from '../../src/images/term.ts'
import { openBench } from '../../src/reconcile/bench.ts'
import { hubImages, startFakeHub, type FakeHubOptions, type HubImage } from '../fakes/hub.ts'
import { OWNER } from '../support/owner.ts'
import { openFolder } from '../support/project.ts'

const declared = new Set(['local'])

async function searched(
  images: readonly HubImage[],
  {
    filter = [],
    ...request
  }: Partial<SearchRequest> & { readonly filter?: readonly string[] } = {},
  options: FakeHubOptions = {},
) {
  await using hub = await startFakeHub(images, options)
  await using folder = await openFolder()
  await using bench = await openBench({
    files: [],
    cwd: folder.path,
    env: { HOME: folder.path },
    ...OWNER,
    version: '0.0.0-test',
    hub: new URL(hub.url),
    onNotice: () => undefined,
  })
  const filters = parseSearchFilters(filter)
  const found = await searchImages(
    { text: 'redis', atHome: false, limit: 25, filters, ...request },
    bench,
  )
  if (found.kind !== 'images') throw new Error('not a search of Docker Hub')
  return { ...found, names: found.results.map(({ name }) => name), asked: hub.asked() }
}

describe('a search of Docker Hub', () => {
  it('has its results in its order, and says how many there are', async () => {
    const found = await searched(hubImages(60))
    expect(found).toMatchObject({ store: 'docker.io', term: 'redis', total: 60 })
    expect(found.names).toEqual(hubImages(25).map(({ name }) => name))
    expect(found.asked).toEqual(['/v1/search?q=redis&n=25'])
  })

  it.each([
    [1, 1],
    [99, 99],
    [100, 100],
  ])('of at most %i has %i', async (limit, count) => {
    const { results, asked } = await searched(hubImages(150), { limit })
    expect(results).toHaveLength(count)
    expect(asked).toEqual([`/v1/search?q=redis&n=${limit}`])
  })

  it('goes on to further pages where they are smaller than asked for', async () => {
    const { names, asked } = await searched(hubImages(25), { limit: 20 }, { pageSize: 8 })
    expect(names).toEqual(
      hubImages(25)
        .map(({ name }) => name)
        .slice(0, 20),
    )
    expect(asked).toHaveLength(3)
  })

  it('ends with the last page', async () => {
    const { results, asked, total } = await searched(hubImages(12), {}, { pageSize: 6 })
    expect({ count: results.length, pages: asked.length, total }).toEqual({
      count: 12,
      pages: 2,
      total: 12,
    })
  })

  it('has each once, although the pages move under it', async () => {
    const page = (names: readonly string[]) => ({
      status: 200,
      body: JSON.stringify({ num_pages: 2, results: names.map(name => ({ name })) }),
    })
    const instead = (nth: number) => page(nth === 1 ? ['a', 'b'] : ['b', 'c'])
    expect((await searched([], {}, { instead })).names).toEqual(['a', 'b', 'c'])
  })

  it('that breaks off between two pages is an error, and no shorter list', async () => {
    const instead = (nth: number) => (nth === 1 ? undefined : { status: 403 })
    const filter = ['stars=1']
    await expect(
      searched(hubImages(300), { filter, limit: 100 }, { instead }),
    ).resolves.toBeDefined()
    await expect(
      searched(hubImages(300), { filter: ['is-official=true'], limit: 3 }, { instead }),
    ).rejects.toMatchObject({ code: 'STORE_DENIED' })
  })

  it('looks through further pages for what the filters let through', async () => {
    const official = ['redis', 'user100/redis-100', 'user200/redis-200']
    const found = await searched(hubImages(250), { filter: ['is-official=true'] })
    expect(found).toMatchObject({ names: official, total: 3 })
    expect(found.asked.map(url => url.replace('/v1/search?q=redis&', ''))).toEqual([
      'n=100',
      'n=100&page=2',
      'n=100&page=3',
    ])
    const few = await searched(hubImages(250), { filter: ['is-official=1'], limit: 2 })
    expect(few.names).toEqual(official.slice(0, 2))
    expect(few.asked).toHaveLength(2)
    expect(few).not.toHaveProperty('total')
  })

  it('says so where the filters did not see everything', async () => {
    const filter = ['is-official=true']
    const found = await searched(hubImages(1200), { filter })
    expect(found.results).toHaveLength(10)
    expect(found.unseen).toEqual({ looked: 1000, of: 1200 })
    expect((await searched(hubImages(1000), { filter })).unseen).toBeUndefined()
  })

  it.each([
    [['stars=58'], 3],
    [['stars=60'], 1],
    [['stars=61'], 0],
    [['stars=59', 'stars=2'], 2],
    [['is-official=false', 'stars=58'], 2],
    [['is-automated=false', 'stars=58'], 3],
  ])('with %j has %i', async (filter, count) => {
    expect((await searched(hubImages(60), { filter })).results).toHaveLength(count)
  })

  it('for what is automated finds nothing, and need not ask', async () => {
    const found = await searched(hubImages(5), { filter: ['is-automated=true'] })
    expect(found).toMatchObject({ results: [], total: 0, asked: [] })
  })

  it('is for the name alone, whatever Docker Hub is called', async () => {
    for (const text of ['redis', 'docker.io/redis', 'index.docker.io/library/redis']) {
      expect((await searched(hubImages(1), { text })).asked).toEqual(['/v1/search?q=redis&n=25'])
    }
  })
})

describe('parseSearchFilters', () => {
  it.each([
    'stars',
    'stars=',
    'stars=many',
    'stars=-1',
    'stars=1e3',
    'is-official=maybe',
    'is-official',
    'is-automated=',
    'official=true',
    '',
  ])('refuses %j, and names what there is', text => {
    expect(() => parseSearchFilters([text])).toThrow(
      expect.objectContaining({
        code: 'BAD_ARGUMENT',
        message: `--filter cannot be "${text}"`,
        hint: expect.stringMatching(/is-official.*stars.*is-automated/),
      }),
    )
  })

  it('refuses yes and no at once', () => {
    expect(() => parseSearchFilters(['is-official=true', 'is-official=0'])).toThrow('at once')
    expect(parseSearchFilters(['is-official=true', 'is-official=1'])).toEqual({ isOfficial: true })
  })
})

describe('readTerm', () => {
  it.each([
    ['mysql', 'docker.io', 'mysql'],
    ['acme/mysql', 'docker.io', 'acme/mysql'],
    ['library/mysql', 'docker.io', 'mysql'],
    ['node.js', 'docker.io', 'node.js'],
    ['docker.io/mysql', 'docker.io', 'mysql'],
    ['local/mysql', 'local', 'mysql'],
    ['localhost/mysql', 'localhost', 'mysql'],
    ['Registry.Internal/a/b', 'registry.internal', 'a/b'],
    ['localhost:5000/', 'localhost:5000', ''],
  ])('%s is in %s', (text, store, words) => {
    expect(readTerm(text, { declared })).toEqual({ store, words })
  })

  it.each(['', ' ', 'docker.io/', 'library/'])('%j asks Docker Hub for nothing', text => {
    expect(() => readTerm(text, { declared })).toThrow('nothing to search Docker Hub for')
  })

  it('is no address', () => {
    expect(() => readTerm('https://registry.internal/a', { declared })).toThrow(
      expect.objectContaining({ hint: 'leave the "https://" out' }),
    )
  })

  it('has all that is behind a host or a store, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('local', 'r.test:1', 'localhost'), (text, store) => {
        fc.pre(!text.includes('://'))
        expect(readTerm(`${store}/${text}`, { declared })).toEqual({ store, words: text })
      }),
    )
  })

  it('either reads any text or refuses it as an argument', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:/]{0,12}$/)), text => {
        const read = (): string => {
          try {
            return readTerm(text, { declared }).store
          } catch (error) {
            return error instanceof InputError ? error.code : String(error)
          }
        }
        expect(read()).toMatch(/^(?:BAD_ARGUMENT|local|docker\.io|localhost|[^/]*[.:][^/]*)$/)
      }),
    )
  })
})

describe('newestLast', () => {
  it.each([
    [
      ['latest', '10', '9', '9.10', '9.9', '9.9-alpine'],
      ['9', '9.9-alpine', '9.9', '9.10', '10', 'latest'],
    ],
    [
      ['2.0.0', '2.0.0-rc.1', '2.0.0-rc.10', '2.0.0-rc.2', '1.9.0'],
      ['1.9.0', '2.0.0-rc.1', '2.0.0-rc.2', '2.0.0-rc.10', '2.0.0'],
    ],
    [
      ['20260301', '20251231', 'edge', 'bookworm'],
      ['20251231', '20260301', 'bookworm', 'edge'],
    ],
    [[`sha256-${'a'.repeat(64)}.sig`, '1'], ['1']],
  ])('%j', (tags, expected) => {
    expect(newestLast(tags)).toEqual(expected)
  })

  it('is one order, whatever the listing’s was', () => {
    const tag = fc.stringMatching(/^[0-9a-z.-]{1,8}$/)
    fc.assert(
      fc.property(fc.uniqueArray(tag), fc.nat(), (tags, turn) => {
        const at = tags.length === 0 ? 0 : turn % tags.length
        const turned = [...tags.slice(at), ...tags.slice(0, at)]
        expect(newestLast(turned)).toEqual(newestLast(tags))
      }),
    )
  })
})
