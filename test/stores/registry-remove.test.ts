import { describe, expect, it } from 'vitest'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import type { RegistryStoreOptions } from '../support/registry-store.ts'
import {
  asked,
  at,
  deletes,
  one,
  outer,
  inner,
  REPOSITORY,
  status,
  two,
  world,
} from './registry-removing.ts'

describe('where tags can be removed', () => {
  it('removes one by one request, and leaves everything else', async () => {
    await using w = await world()
    for (const tag of ['1', '2']) w.put(tag, one)
    await w.remove('1')
    expect(asked(w.fake)).toEqual(['DELETE 1'])
    expect(w.fake.tags(REPOSITORY)).toEqual(['2'])
    expect(w.fake.manifest(REPOSITORY, one.content.digest)).toBeDefined()
  })

  it('looks again where it is said to be absent', async () => {
    await using w = await world()
    w.put('2', one)
    await w.remove('1')
    expect(asked(w.fake)).toEqual(['DELETE 1', 'HEAD 1'])
  })

  it.each([
    ['that there is no such thing, which is there', status(404, 'MANIFEST_UNKNOWN')],
    ['that there is no such repository, where it is', status(400, 'NAME_UNKNOWN')],
    ['with a web page', { kind: 'status', status: 404, headers: { 'content-type': 'text/html' } }],
    ['something else', status(400, 'TAG_INVALID')],
  ] as const)('fails where it is answered %s', async (_, fault) => {
    await using w = await world({ fault: at('1', fault, 'DELETE') })
    w.put('1', one)
    await expect(w.remove('1')).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })

  it('takes 400 for an absence where there is no such repository', async () => {
    await using w = await world({ fault: at('1', status(400, 'NAME_UNKNOWN'), 'DELETE') })
    await w.remove('1')
    expect(asked(w.fake)).toEqual(['DELETE 1', 'HEAD 1'])
  })

  it('is done when only the answer was lost', async () => {
    await using w = await world({
      fault: ({ method, nth }) =>
        method === 'DELETE' && nth === 1 ? { kind: 'lose-answer' } : undefined,
    })
    w.put('1', one)
    await w.remove('1')
    expect(w.fake.tags(REPOSITORY)).toEqual([])
  })

  it.each([
    [401, 'STORE_UNAUTHORIZED'],
    [403, 'STORE_DENIED'],
    [429, 'STORE_RATE_LIMITED'],
    [503, 'STORE_UNREACHABLE'],
  ])('fails for %i as %s', async (code, expected) => {
    await using w = await world({ fault: at('1', status(code), 'DELETE') })
    w.put('1', one)
    await expect(w.remove('1')).rejects.toMatchObject({
      code: expected,
      message: `reg answered ${code} to removing acme/app:1`,
    })
    expect(deletes(w.fake)).toEqual(['DELETE 1'])
  })
})

describe('where only digests can be removed', () => {
  it('removes an image that has no other name, having looked twice', async () => {
    await using w = await world(DOCKER_REGISTRY)
    w.put('1', one)
    w.put('2', two)
    await w.remove('1')
    expect(w.fake.tags(REPOSITORY)).toEqual(['2'])
    expect(asked(w.fake)).toEqual([
      'DELETE 1',
      'HEAD 1',
      'GET tags',
      'HEAD 2',
      'GET tags',
      'HEAD 1',
      'DELETE sha256',
    ])
  })

  it.each([
    ['400 DIGEST_INVALID', status(400, 'DIGEST_INVALID')],
    ['400 UNSUPPORTED', status(400, 'UNSUPPORTED')],
    ['405 UNSUPPORTED', status(405, 'UNSUPPORTED')],
    ['405 and no word', status(405)],
    ['501', status(501)],
  ])('learns it from %s, once', async (_, fault) => {
    await using w = await world({
      fault: ({ method, nth }) => (method === 'DELETE' && nth === 1 ? fault : undefined),
    })
    w.put('1', one)
    w.put('2', two)
    await w.remove('1')
    await w.remove('2')
    expect(w.fake.tags(REPOSITORY)).toEqual([])
    expect(deletes(w.fake)).toEqual(['DELETE 1', 'DELETE sha256', 'DELETE sha256'])
  })

  it('keeps an image that has other names, and tells some of them', async () => {
    await using w = await world(DOCKER_REGISTRY)
    const tags = ['1', '1.0', '1.0.0', 'a', 'b', 'c', 'latest']
    for (const tag of tags) w.put(tag, one)
    await expect(w.remove('latest')).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: 'reg/acme/app:latest has to stay: 1, 1.0, 1.0.0, a, b and 1 more name it',
      hint: expect.stringContaining('let the others name another image first'),
    })
    expect(deletes(w.fake)).toEqual(['DELETE latest'])
    expect(w.fake.tags(REPOSITORY)).toEqual(tags)
  })

  it('keeps what an index needs, nested or not, and remembers what that is', async () => {
    await using w = await world(DOCKER_REGISTRY)
    w.put(inner.content.digest, inner)
    for (const tag of ['multi', 'multi2']) w.put(tag, outer)
    w.put('1', one)
    w.put('2', two)
    for (const [tag, digest] of [
      ['1', one.content.digest],
      ['2', two.content.digest],
    ] as const) {
      await expect(w.remove(tag)).rejects.toMatchObject({
        code: 'STORE_CONFLICT',
        message: `reg/acme/app:${tag} has to stay: it is part of multi, multi2`,
        hint: expect.stringContaining('remove the index first'),
      })
      await expect(w.remove(digest)).rejects.toMatchObject({
        code: 'STORE_CONFLICT',
        message: `reg/acme/app@${digest} has to stay: ${tag} names it; it is part of multi, multi2`,
      })
    }
    expect(deletes(w.fake)).toEqual(['DELETE 1'])

    w.fake.clearLog()
    await expect(w.remove('1')).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    expect(new Set(asked(w.fake))).toEqual(
      new Set(['HEAD 1', 'GET tags', 'HEAD 2', 'HEAD multi', 'HEAD multi2']),
    )
  })

  it('says what to allow where deletes are off, and asks no more then', async () => {
    await using w = await world({ ...DOCKER_REGISTRY, deletes: false })
    for (const [tag, image] of [
      ['1', one],
      ['2', two],
    ] as const)
      w.put(tag, image)
    const off = {
      code: 'STORE_UNSUPPORTED',
      message: expect.stringMatching(/^reg supports no deletes, so acme\/app:\d stays$/),
      hint: expect.stringContaining('storage.delete.enabled'),
    }
    await expect(w.remove('1')).rejects.toMatchObject(off)
    w.fake.clearLog()
    await expect(w.remove('2')).rejects.toMatchObject(off)
    await w.remove('3')
    expect(asked(w.fake)).toEqual(['HEAD 2', 'HEAD 3'])
    expect(w.fake.tags(REPOSITORY)).toEqual(['1', '2'])
  })

  it.each([
    ['405 DENIED', status(405, 'DENIED')],
    ['409', status(409)],
  ])('takes %s for a need that only the registry sees', async (_, fault) => {
    await using w = await world({ fault: at(one.content.digest, fault, 'DELETE') })
    w.put(one.content.digest, one)
    await expect(w.remove(one.content.digest)).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      hint: expect.stringContaining('an index that no tag names'),
    })
  })

  it('removes by digest where the repository never had a tag', async () => {
    await using w = await world({
      ...DOCKER_REGISTRY,
      fault: at('tags', status(404, 'NAME_UNKNOWN')),
    })
    const digest = w.put(one.content.digest, one)
    await w.remove(digest)
    expect(w.fake.manifest(REPOSITORY, digest)).toBeUndefined()
    w.fake.clearLog()
    await w.remove(digest)
    expect(deletes(w.fake)).toEqual([])
  })
})

describe('a token', () => {
  const alice = { kind: 'basic', username: 'alice', password: 'secret' } as const
  const auth = { kind: 'bearer', users: { alice: 'secret' }, anonymous: ['pull'] } as const
  const options: RegistryStoreOptions = { credential: alice }

  it('is asked for with the action that deletes need', async () => {
    await using w = await world({ auth }, options)
    w.put('1', one)
    await w.remove('1')
    expect(w.fake.grants.map(({ scopes }) => scopes)).toEqual([['repository:acme/app:pull,delete']])
    expect(w.fake.tags(REPOSITORY)).toEqual([])
  })

  it('that does not allow it removes nothing', async () => {
    const allow = (_: string, { actions }: { actions: readonly string[] }) =>
      !actions.includes('delete')
    await using w = await world({ ...DOCKER_REGISTRY, auth: { ...auth, allow } }, options)
    w.put('1', one)
    await expect(w.remove('1')).rejects.toMatchObject({ code: 'STORE_UNAUTHORIZED' })
    expect(w.fake.tags(REPOSITORY)).toEqual(['1'])
  })
})
