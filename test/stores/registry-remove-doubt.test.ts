/** Nothing is ever removed in doubt: not by half a list, not by what could not be looked at. */
import { describe, expect, it } from 'vitest'
import type { FakeRegistry } from '../fakes/registry.ts'
import type { Fault, FaultRequest } from '../fakes/registry/faults.ts'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from '../fakes/registry/options.ts'
import { imageOf, indexOf } from './content.ts'
import {
  at,
  deletes,
  inner,
  one,
  outer,
  put,
  REPOSITORY,
  status,
  two,
  world,
} from './registry-removing.ts'

/** Nothing goes, whatever the way, where these go wrong; `2` and `multi` have nothing to do with `1`. */
const doubts: readonly (readonly [string, string, FakeRegistryOptions])[] = [
  [
    'a listing that fails once',
    'STORE_UNREACHABLE',
    { fault: ({ route, nth }) => (route.kind === 'tags' && nth === 1 ? status(500) : undefined) },
  ],
  ['a listing that fails', 'STORE_UNREACHABLE', { fault: at('tags', status(500)) }],
  ['a listing that is denied', 'STORE_UNAUTHORIZED', { fault: at('tags', status(401)) }],
  [
    'a listing that breaks off',
    'STORE_UNREACHABLE',
    { fault: at('tags', { kind: 'truncate', after: 9 }) },
  ],
  [
    'a listing that is none',
    'STORE_PROTOCOL',
    { fault: at('tags', { ...status(200), body: '{}' } as Fault) },
  ],
  [
    'a listing that is a page',
    'STORE_PROTOCOL',
    {
      fault: at('tags', { kind: 'status', status: 404, headers: { 'content-type': 'text/html' } }),
    },
  ],
  [
    'a second page that fails',
    'STORE_UNREACHABLE',
    {
      paging: true,
      pageSize: 2,
      fault: ({ route, query }) =>
        route.kind === 'tags' && query.has('last') ? status(502) : undefined,
    },
  ],
  [
    'a second listing that fails',
    'STORE_UNREACHABLE',
    { fault: ({ route, nth }) => (route.kind === 'tags' && nth > 1 ? status(500) : undefined) },
  ],
  ['a sibling that cannot be looked at', 'STORE_UNREACHABLE', { fault: at('2', status(500)) }],
  ['a sibling that may not be looked at', 'STORE_DENIED', { fault: at('2', status(403)) }],
  ['a rate limit', 'STORE_RATE_LIMITED', { fault: at('2', status(429)) }],
  [
    'an index that cannot be read',
    'STORE_UNREACHABLE',
    { fault: at(indexOf([two]).content.digest, status(500), 'GET') },
  ],
  [
    'an index that is not there',
    'CONTENT_MISSING',
    { fault: at(indexOf([two]).content.digest, status(404), 'GET') },
  ],
  [
    'an index of other bytes',
    'CONTENT_CORRUPT',
    { fault: at(indexOf([two]).content.digest, { kind: 'wrong-bytes' }, 'GET') },
  ],
]

describe('in doubt nothing is removed', () => {
  it.each(doubts)('%s', async (_, code, options) => {
    await using w = await world({ ...DOCKER_REGISTRY, ...options })
    w.put('1', one)
    w.put('2', two)
    w.put('multi', indexOf([two]))
    const unnamed = imageOf('unnamed')
    w.put(unnamed.content.digest, unnamed)
    await expect(w.remove('1')).rejects.toMatchObject({ code })
    w.fake.inject(options.fault)
    await expect(w.remove(unnamed.content.digest)).rejects.toMatchObject({ code })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
    expect(w.fake.tags(REPOSITORY)).toEqual(['1', '2', 'multi'])
  })

  it.each([
    ['is not there', []],
    ['is not to be read', [[inner.content.digest, { ...inner, bytes: Buffer.from('{}') }]]],
  ] as const)('an index in an index that %s', async (_, more) => {
    await using w = await world(DOCKER_REGISTRY)
    w.put('1', one)
    w.put('multi', outer)
    for (const [reference, manifest] of more) w.put(reference, manifest)
    await expect(w.remove('1')).rejects.toMatchObject({
      code: expect.stringMatching(/^CONTENT_(?:MISSING|CORRUPT)$/),
    })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })

  it('a list without the tag that is to go', async () => {
    const body = JSON.stringify({ name: REPOSITORY, tags: ['2'] })
    await using w = await world({
      ...DOCKER_REGISTRY,
      fault: at('tags', { kind: 'status', status: 200, body }),
    })
    for (const [tag, image] of [
      ['1', one],
      ['2', two],
    ] as const)
      w.put(tag, image)
    await expect(w.remove('1')).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: 'reg lists the tags of acme/app without 1, which is there',
    })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })
})

describe('what changes while looking', () => {
  /** Does `change` when `2` is looked at. */
  async function meanwhile(change: (fake: FakeRegistry) => unknown) {
    const happening = ({ route, method }: FaultRequest): undefined => {
      if (method === 'HEAD' && route.kind === 'manifest' && route.reference === '2') change(w.fake)
    }
    const w = await world({ ...DOCKER_REGISTRY, fault: happening })
    w.put('1', one)
    w.put('2', two)
    return w
  }

  it('a new name of the image keeps it', async () => {
    await using w = await meanwhile(fake => put(fake, 'new', one))
    await expect(w.remove('1')).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: expect.stringContaining('new names it'),
    })
    expect(w.fake.tags(REPOSITORY)).toEqual(['1', '2', 'new'])
  })

  it('a tag that moves keeps both images', async () => {
    await using w = await meanwhile(fake => put(fake, '1', imageOf('three')))
    await expect(w.remove('1')).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: 'reg/acme/app:1 was moved while it was to be removed',
    })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })

  it('a tag that goes needs nothing more', async () => {
    await using w = await meanwhile(fake => fake.state.repository(REPOSITORY).tags.delete('1'))
    await w.remove('1')
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })

  it('the wish to stop keeps everything', async () => {
    const stop = new AbortController()
    await using w = await meanwhile(() => stop.abort())
    const removal = w.store.remove(REPOSITORY, '1', { signal: stop.signal })
    await expect(removal).rejects.toMatchObject({ name: 'AbortError' })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })

  it('an index that goes needs nothing more', async () => {
    const gone = indexOf([one])
    const { digest } = gone.content
    await using w = await world({
      ...DOCKER_REGISTRY,
      fault({ method, route }) {
        const reading = method === 'GET' && route.kind === 'manifest' && route.reference === digest
        if (!reading) return undefined
        w.fake.state.repository(REPOSITORY).tags.delete('multi')
        return status(404, 'MANIFEST_UNKNOWN')
      },
    })
    w.put('1', one)
    w.put('multi', gone)
    await w.remove('1')
    expect(w.fake.tags(REPOSITORY)).toEqual([])
  })
})
