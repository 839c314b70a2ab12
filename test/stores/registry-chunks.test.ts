import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { parseDigest } from '../../src/oci/digest.ts'
import { DOCKER_REGISTRY } from '../fakes/registry/options.ts'
import { serve } from '../support/http.ts'
import { noiseStream } from '../support/noise.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import {
  ALICE,
  ALL,
  blob,
  chunking,
  expectArrived,
  KIB,
  lines,
  MIB,
  on,
  PIECE,
  piece,
  world,
} from './uploading.ts'

describe('a blob in pieces', () => {
  it.each([
    ['as the specification has it', {}],
    ['as docker-registry has it', DOCKER_REGISTRY],
  ])('goes each where it belongs, %s', async (_, options) => {
    await using w = await world(options)
    const sent = await blob()
    expect(await w.put(sent)).toBe('put')
    expect(lines(w.fake)).toEqual(['POST 202', ...ALL, 'PUT 201'])
    expectArrived(w.fake, sent)
  })

  it.each([
    ['is not worth it up to a size', chunking.aboveBytes, 0],
    ['is from there on', chunking.aboveBytes + 1, 3],
  ])('%s', async (_, size, pieces) => {
    await using w = await world()
    const sent = await blob(size)
    await w.put(sent)
    expect(w.fake.count(({ method }) => method === 'PATCH')).toBe(pieces)
    expectArrived(w.fake, sent)
  })

  it('is how the next attempt goes where a whole one broke off', async () => {
    await using w = await world({
      fault: on('PUT', 1, { kind: 'reset', afterRequestBytes: 1000 }),
    })
    const sent = await blob(100 * KIB)
    await expect(w.put(sent)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    w.fake.clearLog()
    await w.put(sent)
    expect(lines(w.fake)).toEqual(['POST 202', piece(0, PIECE), piece(PIECE, 100 * KIB), 'PUT 201'])
    expectArrived(w.fake, sent)
  })

  it('has pieces as large as the registry asks', async () => {
    await using w = await world({
      fault: on('POST', 1, { kind: 'headers', set: { 'oci-chunk-min-length': '100000' } }),
    })
    const sent = await blob()
    await w.put(sent)
    expect(lines(w.fake).slice(1, 3)).toEqual([piece(0, 100_000), piece(100_000, 200_000)])
    expectArrived(w.fake, sent)
  })

  it.each([
    ['does not know pieces', on('PATCH', 1, { kind: 'status', status: 405 })],
    [
      'wants larger ones than we keep',
      on('POST', 1, { kind: 'headers', set: { 'oci-chunk-min-length': `${64 * MIB + 1}` } }),
    ],
  ])('is sent whole at the next attempt where the registry %s', async (_, fault) => {
    await using w = await world({ fault })
    const sent = await blob()
    await expect(w.put(sent)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    expect([...w.fake.uploads]).toEqual([])
    w.fake.clearLog()
    await w.put(sent)
    expect(lines(w.fake)).toEqual(['POST 202', 'PUT 201'])
    expectArrived(w.fake, sent)
  })

  it('goes on where it was told last, where an answer does not say', async () => {
    await using w = await world({
      fault: ({ method }) =>
        method === 'PATCH' ? { kind: 'headers', remove: ['location', 'range'] } : undefined,
    })
    const sent = await blob()
    await w.put(sent)
    expect(lines(w.fake)).toEqual(['POST 202', ...ALL, 'PUT 201'])
    expectArrived(w.fake, sent)
  })
})

describe('a piece that goes wrong', () => {
  const broken = { kind: 'reset', afterRequestBytes: 10_000 } as const

  it.each([
    ['a registry that checks where a piece belongs', {}],
    ['one that appends whatever it is sent', { sloppyChunks: true }],
  ])('is gone on with where the registry says that it is: %s', async (_, options) => {
    await using w = await world({ ...options, fault: on('PATCH', 2, broken) })
    const sent = await blob()
    await w.put(sent)
    expect(lines(w.fake)).toEqual([
      'POST 202',
      piece(0, PIECE),
      piece(PIECE, 2 * PIECE, 0),
      'GET 204',
      piece(PIECE + 10_000, 2 * PIECE),
      ...ALL.slice(2),
      'PUT 201',
    ])
    expectArrived(w.fake, sent)
  })

  it.each([
    ['a broken first piece', 1, broken, [piece(0, PIECE, 0), 'GET 204', piece(10_000, PIECE)]],
    ['a lost answer', 1, { kind: 'lose-answer' }, [piece(0, PIECE, 0), 'GET 204']],
    [
      'a failure of the registry',
      1,
      { kind: 'status', status: 500 },
      [piece(0, PIECE, 500), 'GET 204', piece(0, PIECE)],
    ],
    [
      'a registry that is busy',
      1,
      { kind: 'status', status: 503 },
      [piece(0, PIECE, 503), 'GET 204', piece(0, PIECE)],
    ],
    [
      'a range that the registry finds wrong',
      1,
      { kind: 'status', status: 416 },
      [piece(0, PIECE, 416), 'GET 204', piece(0, PIECE)],
    ],
  ] as const)('costs as little as it can: %s', async (_, nth, fault, expected) => {
    await using w = await world({ fault: on('PATCH', nth, fault) })
    const sent = await blob()
    await w.put(sent)
    expect(lines(w.fake)).toEqual(['POST 202', ...expected, ...ALL.slice(1), 'PUT 201'])
    expectArrived(w.fake, sent)
  })

  it('goes on after some that broke', async () => {
    await using w = await world({
      fault: ({ method, nth }) => (method === 'PATCH' && nth <= 3 ? broken : undefined),
    })
    const sent = await blob()
    await w.put(sent)
    expect(w.fake.count(({ method }) => method === 'PATCH')).toBe(8)
    expectArrived(w.fake, sent)
  })

  it('is given up where nothing gets anywhere', async () => {
    await using w = await world({
      fault: ({ method, path }) =>
        method === 'PATCH'
          ? { kind: 'status', status: 202, headers: { location: path, range: '0-0' } }
          : undefined,
    })
    await expect(w.put(await blob())).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: `${w.fake.host} takes no more than 0 bytes of an upload to acme/app`,
    })
    expect(lines(w.fake)).toEqual([
      'POST 202',
      ...Array.from({ length: 4 }, () => piece(0, PIECE)),
      'DELETE 204',
    ])
  })

  it.each([
    ['less than it had', '0-9'],
    ['more than it was sent', `0-${2 * PIECE}`],
    ['something else', 'all of it'],
  ])('ends the upload where the registry says that it has %s', async (_, range) => {
    await using w = await world({
      fault: on('PATCH', 2, { kind: 'headers', set: { range } }),
    })
    const sent = await blob()
    await expect(w.put(sent)).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining(`"${range}"`),
    })
    expect([...w.fake.uploads]).toEqual([])
    await w.put(sent)
    expectArrived(w.fake, sent)
  })

  it.each([
    ['docker-registry lost a piece', DOCKER_REGISTRY, broken],
    ['the upload is gone', {}, { kind: 'status', status: 404 } as const],
  ])('is begun anew where %s', async (_, options, fault) => {
    await using w = await world({ ...options, fault: on('PATCH', 2, fault) })
    const sent = await blob()
    await expect(w.put(sent)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    w.fake.clearLog()
    await w.put(sent)
    expect(lines(w.fake)).toEqual(['POST 202', ...ALL, 'PUT 201'])
    expect(sent.bytes.equals(w.fake.state.blob('acme/app', sent.content.digest) as Buffer)).toBe(
      true,
    )
  })

  it('is begun anew where the registry put the pieces together wrong', async () => {
    await using w = await world({ fault: on('PUT', 1, { kind: 'status', status: 400 }) })
    const sent = await blob()
    await expect(w.put(sent)).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    await w.put(sent)
    expectArrived(w.fake, sent)
  })

  it('is refused for good where the registry denies it', async () => {
    await using w = await world({ fault: on('PATCH', 2, { kind: 'status', status: 403 }) })
    await expect(w.put(await blob())).rejects.toMatchObject({ code: 'STORE_DENIED' })
    expect([...w.fake.uploads]).toEqual([])
  })

  it('is sent again with a new token where the old one is not good any more', async () => {
    await using w = await world(
      { auth: { kind: 'bearer', users: { alice: 'secret' } }, ...DOCKER_REGISTRY },
      ALICE,
    )
    w.fake.inject(({ method, nth }) => {
      if (method === 'PATCH' && nth === 2) w.fake.revokeTokens()
      return undefined
    })
    const sent = await blob()
    await w.put(sent)
    expect(lines(w.fake)).toEqual([
      'POST 401',
      'POST 202',
      ...ALL.slice(0, 2),
      ALL[2]!.replace('202', '401'),
      ...ALL.slice(2),
      'PUT 201',
    ])
    expect(w.fake.grants.length).toBe(2)
    expectArrived(w.fake, sent)
  })
})

/** Bytes of buffers that something still holds. */
function kept(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().arrayBuffers
}

it('keeps one piece in memory, however large the blob', async () => {
  const size = 64 * MIB
  const hash = createHash('sha256')
  for await (const chunk of noiseStream('large', size)) hash.update(chunk as Buffer)
  const digest = parseDigest(`sha256:${hash.digest('hex')}`)
  let most = 0
  let received = 0
  await using registry = await serve((request, response) => {
    most = Math.max(most, kept())
    request.on('data', (chunk: Buffer) => (received += chunk.length))
    request.on('end', () => {
      const range = `0-${Math.max(0, received - 1)}`
      response.writeHead(request.method === 'PUT' ? 201 : 202, { location: '/upload', range }).end()
    })
  })
  await using ours = await openRegistryStore(registry.host, {
    chunking: { aboveBytes: MIB, chunkBytes: MIB },
  })
  const before = kept()
  const content = { mediaType: 'application/octet-stream', digest, size }
  await ours.store.write('acme/app', session =>
    session.put(content, async () => noiseStream('large', size)),
  )
  expect(received).toBe(size)
  expect(registry.requests.length).toBe(1 + 64 + 1)
  expect(most - before).toBeLessThan(10 * MIB)
})
