/** Registries that lie about uploads: where they go on, how far they are, and that they are kept. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import { answer } from '../fakes/registry/answer.ts'
import type { ChooseFault, Fault } from '../fakes/registry/faults.ts'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { startStranger } from '../fakes/stranger.ts'
import { descriptorOf, makeImage } from '../support/images.ts'
import { blobOf, large, put, putStream, small } from './blobs.ts'
import { openHostile, type Hostile } from './hostile-registry.ts'
import { makeLogin } from './login.ts'
import { copyAsRun } from './matrix/copying.ts'
import { expectSound } from './sound.ts'

const image = await makeImage({ seed: 'a' })

async function copyInto({ store }: Hostile) {
  const from = await openMemory({ name: 'other' })
  await from.write('acme/app', async session => {
    for (const [digest, bytes] of image.blobs) {
      const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
      await session.put(content, () => Promise.resolve(bytes))
    }
    const { bytes } = image.manifest
    await session.putManifest({ content: descriptorOf(image), bytes }, ['1'])
  })
  const { digest } = image.manifest
  return copyAsRun({ from, to: store, repository: 'acme/app', tag: '1', digest })
}

describe('the Location of an upload', () => {
  const located =
    (location: string): ChooseFault =>
    ({ method }) =>
      method === 'POST' ? { kind: 'headers', set: { location } } : undefined

  it.each([
    ['of a file', 'file:///etc/passwd'],
    ['of a program', 'javascript:alert(1)'],
    ['of nothing', ''],
    ['that is none', 'http://['],
  ])('%s is refused', async (_, location) => {
    await using w = await openHostile({ singlePost: false, fault: located(location) })
    for (const send of [() => put(w.store, small), () => putStream(w.store, large)]) {
      await expect(send()).rejects.toMatchObject({ code: 'STORE_PROTOCOL' })
    }
    expect(w.registry.state.blobs.size).toBe(0)
  })

  it('at a host that keeps nothing gets no tag', async () => {
    const login = makeLogin()
    const { auth, credential } = login
    await using w = await openHostile({ ...DOCKER_REGISTRY, auth }, { credential })
    await using stranger = await startStranger(w.registry, {
      answer: ({ method }) => (method === 'PUT' ? answer(201) : undefined),
    })
    w.registry.inject(({ method }) =>
      method === 'POST' ? { kind: 'elsewhere', origin: stranger.url } : undefined,
    )
    const outcome = await copyInto(w)
    expect(outcome).toMatchObject({
      result: 'failed',
      error: { message: expect.stringMatching(/^destination: .*MANIFEST_BLOB_UNKNOWN/) },
    })
    expect(stranger.requests).toBeGreaterThan(0)
    expect(login.leaks(stranger.heard(), w.registry)).toEqual([])
    expect(w.registry.tags('acme/app')).toEqual([])
  })
})

describe('how far an upload is', () => {
  const chunking = { aboveBytes: 64 * 1024, chunkBytes: 256 * 1024 }
  const ranged = (range: string): Fault => ({ kind: 'headers', set: { range } })
  const opened = (fault: ChooseFault) => openHostile({ ...DOCKER_REGISTRY, fault }, { chunking })

  it.each([
    ['more than was sent', '0-999999999'],
    ['less than was taken before', '0-10'],
    ['a number that is none', '0-999999999999999999'],
    ['no range', 'many'],
    ['a range from elsewhere', '10-20'],
    ['nothing', '-'],
  ])('told as %s ends, and leaves no wrong bytes', async (_, range) => {
    await using w = await opened(({ method, nth }) =>
      method === 'PATCH' && nth > 1 ? ranged(range) : undefined,
    )
    await expect(putStream(w.store, large)).rejects.toMatchObject({
      code: expect.stringMatching(/^STORE_(?:UNREACHABLE|PROTOCOL)$/),
    })
    expect(w.registry.count(({ method }) => method === 'PATCH')).toBeLessThan(10)
    expect(w.registry.blobs('acme/app').size).toBe(0)
    expect(w.registry.uploads.size).toBe(0)
  })

  it('told as a byte further each time ends', async () => {
    await using w = await opened(({ method, nth }) =>
      method === 'PATCH' ? ranged(`0-${nth}`) : undefined,
    )
    await expect(putStream(w.store, large)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    expect(w.registry.count(({ method }) => method === 'PATCH')).toBeLessThan(10)
  })

  it('a byte further for each connection that breaks ends', async () => {
    await using w = await opened(({ method }) =>
      method === 'PATCH' ? { kind: 'reset', afterRequestBytes: 1 } : undefined,
    )
    await expect(putStream(w.store, large)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    expect(w.registry.count(({ method }) => method === 'PATCH')).toBeLessThan(10)
  })
})

it.each([
  ['goes on, while a MiB gets there each time', 1024 * 1024, 'done'],
  ['ends, where it is a byte less', 1024 * 1024 - 1, 'STORE_UNREACHABLE'],
])('an upload that breaks off again and again %s', async (_, afterRequestBytes, end) => {
  const blob = blobOf(randomBytes(5.5 * 1024 * 1024))
  const chunking = { aboveBytes: 0, chunkBytes: 8 * 1024 * 1024 }
  // docker-registry itself forgets an upload whose piece broke off
  await using w = await openHostile({ singlePost: false }, { chunking })
  w.registry.inject(({ method }) =>
    method === 'PATCH' ? { kind: 'reset', afterRequestBytes } : undefined,
  )
  const sent = putStream(w.store, blob).then(
    () => 'done',
    (error: unknown) => (error instanceof StoreError ? error.code : error),
  )
  expect(await sent).toBe(end)
  expect(w.registry.blobs('acme/app').has(blob.content.digest)).toBe(end === 'done')
})

describe('a registry that keeps less than it says', () => {
  const lost = /MANIFEST_BLOB_UNKNOWN/

  it.each<[string, ChooseFault]>([
    [
      'of blobs',
      ({ route }) => (route.kind === 'uploads' ? { kind: 'status', status: 201 } : undefined),
    ],
    [
      'of what it has',
      ({ method, route }) =>
        method === 'HEAD' && route.kind === 'blob' ? { kind: 'status', status: 200 } : undefined,
    ],
  ])('%s gets no tag', async (_, fault) => {
    await using w = await openHostile({ fault })
    const outcome = await copyInto(w)
    expect(outcome).toMatchObject({
      result: 'failed',
      error: { message: expect.stringMatching(lost) },
    })
    expect(w.registry.tags('acme/app')).toEqual([])
    expectSound(w.registry)
  })

  it('of what it says to have mounted gets no tag', async () => {
    await using w = await openHostile({
      fault: ({ query }) => (query.has('mount') ? { kind: 'status', status: 201 } : undefined),
    })
    const write = w.store.write('acme/app', async session => {
      for (const [digest, bytes] of image.blobs) {
        const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
        await session.put(content, () => Promise.resolve(bytes), 'acme/base')
      }
      const { bytes } = image.manifest
      await session.putManifest({ content: descriptorOf(image), bytes }, ['1'])
    })
    await expect(write).rejects.toThrow(lost)
    expect(w.registry.tags('acme/app')).toEqual([])
  })
})
