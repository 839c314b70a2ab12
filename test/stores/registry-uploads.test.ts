import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { BlobSource } from '../../src/stores/store.ts'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { noiseStream } from '../support/noise.ts'
import {
  ALICE,
  blob,
  chunking,
  expectArrived,
  KIB,
  lines,
  on,
  PIECE,
  SIZE,
  world,
} from './uploading.ts'

describe('the last answer of an upload that is lost', () => {
  it.each([
    ['in pieces', SIZE, ['PUT 0', 'PUT 404', 'HEAD 200']],
    ['in one', 10 * KIB, ['POST 202', 'PUT 0', 'HEAD 200']],
  ])('is looked for: %s', async (_, size, last) => {
    await using w = await world({
      ...DOCKER_REGISTRY,
      fault: on('PUT', 1, { kind: 'lose-answer' }),
    })
    const sent = await blob(size)
    const source = size < PIECE ? async () => sent.bytes : sent.source
    expect(await w.put({ ...sent, source })).toBe('put')
    expect(lines(w.fake).slice(-3)).toEqual(last)
    expectArrived(w.fake, sent)
  })
})

describe('a body that is refused for its token', () => {
  it('is sent again with a new one at the next attempt', async () => {
    await using w = await world({ auth: { kind: 'bearer', users: { alice: 'secret' } } }, ALICE)
    w.fake.inject(({ method }) => {
      if (method === 'POST') w.fake.revokeTokens()
      return undefined
    })
    const sent = await blob(100 * KIB)
    await expect(w.put(sent)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    w.fake.inject(undefined)
    await w.put(sent)
    expectArrived(w.fake, sent)
  })
})

describe('an upload that cannot be finished is given up', () => {
  const failing = (size: number): BlobSource => {
    return async () =>
      Readable.from(
        (async function* () {
          yield* noiseStream('blob', size)
          throw new Error('the disk is broken')
        })(),
      )
  }
  it.each([
    ['whole', 100 * KIB, {}],
    ['in pieces', SIZE, {}],
    ['in pieces to docker-registry', SIZE, DOCKER_REGISTRY],
  ])('when the source fails, %s', async (_, size, options) => {
    await using w = await world(options)
    const { content } = await blob(size)
    const source = failing(size / 2)
    await expect(w.put({ content, source })).rejects.toThrow('the disk is broken')
    expect(lines(w.fake).at(-1)).toBe('DELETE 204')
    expect(w.fake.blobs('acme/app').size).toBe(0)
    expect([...w.fake.uploads]).toEqual([])
  })

  it('when the source does not even open, after a mount that became an upload', async () => {
    await using w = await world({ mounts: false })
    const { content } = await blob()
    const put = w.store.write('acme/app', session =>
      session.put(content, () => Promise.reject(new Error('no such file')), 'acme/base'),
    )
    await expect(put).rejects.toThrow('no such file')
    expect(lines(w.fake)).toEqual(['POST 202', 'DELETE 204'])
  })

  it.each([
    ['in pieces', SIZE],
    ['whole', 100 * KIB],
  ])('when it is told to stop, %s', async (_, size) => {
    await using w = await world()
    const stop = new AbortController()
    const method = size > chunking.aboveBytes ? 'PATCH' : 'PUT'
    w.fake.inject(asked => {
      if (asked.method !== method) return undefined
      stop.abort()
      return { kind: 'stall' }
    })
    await expect(w.put(await blob(size), stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
    expect(lines(w.fake).at(-1)).toBe('DELETE 204')
    expect([...w.fake.uploads]).toEqual([])
  })

  it('and the failure that led there is the one that is told', async () => {
    await using w = await world({
      fault: ({ method }) =>
        method === 'DELETE' || method === 'PATCH' ? { kind: 'status', status: 403 } : undefined,
    })
    await expect(w.put(await blob())).rejects.toMatchObject({
      code: 'STORE_DENIED',
      message: expect.stringContaining('uploading a piece'),
    })
  })
})
