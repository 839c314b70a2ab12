/** Engines that are not there, are too old, say no, or die. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sendJson, startFakeEngine, type FakeEngineOptions } from '../../fakes/engine.ts'
import { openEngineStore } from '../../support/engine-store.ts'
import { makeImage } from '../../support/images.ts'
import { writeTestImage } from '../../support/put-image.ts'

const ID = `sha256:${'a'.repeat(64)}`

type Fault = NonNullable<FakeEngineOptions['fault']>

function on(pattern: RegExp, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const fault: Fault = (request, response) => {
    if (!pattern.test(`${request.method} ${request.url}`)) return false
    answer(request, response)
    return true
  }
  return fault
}

/** A classic engine with a fault in it, and our store on it. */
async function withFault(options: FakeEngineOptions) {
  const engine = await startFakeEngine({ keeps: 'classic', ...options })
  const opened = await openEngineStore({ host: engine.host })
  return {
    engine,
    store: opened.store,
    scratchFiles: () => opened.scratchFiles(),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
    },
  }
}

describe('an engine that is not there', () => {
  it('tells every place that was looked at, and how to name another', async () => {
    await using opened = await openEngineStore({ sockets: ['/nowhere/a.sock', '/nowhere/b.sock'] })
    await expect(opened.store.tags('app')).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message:
        'engine: no engine was found: there is no socket at /nowhere/a.sock, /nowhere/b.sock',
      hint: expect.stringMatching(/DOCKER_HOST.*docker context.*host of the store/),
    })
  })

  it('tells who named the socket that is not there', async () => {
    const env = { DOCKER_HOST: 'unix:///nowhere/d.sock' }
    await using opened = await openEngineStore({ env })
    await expect(opened.store.resolve('app', '1')).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message:
        'engine cannot be reached at unix:///nowhere/d.sock (from DOCKER_HOST): there is no such socket',
      hint: expect.stringContaining('is the engine running?'),
    })
  })

  it('is asked again, and found when it has come up', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'wb-late-'))
    const socket = join(folder, 'e.sock')
    await using opened = await openEngineStore({ host: `unix://${socket}` })
    await expect(opened.store.repositories()).rejects.toMatchObject({ code: 'STORE_UNREACHABLE' })
    {
      await using _engine = await startFakeEngine({ socket })
      expect(await opened.store.repositories()).toEqual([])
    }
    await rm(folder, { recursive: true, force: true })
  })

  it('may be there for others only', async () => {
    await using engine = await startFakeEngine()
    await using opened = await openEngineStore({ host: engine.host })
    await chmod(dirname(engine.socket), 0o755)
    await chmod(engine.socket, 0)
    // root may do anything
    const isRoot = process.getuid?.() === 0
    if (isRoot) process.seteuid?.(65534)
    try {
      await expect(opened.store.tags('app')).rejects.toMatchObject({
        code: 'STORE_DENIED',
        message: expect.stringContaining('permission was denied'),
        hint: expect.stringContaining('group that owns the socket'),
      })
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
    expect(engine.requests).toEqual([])
  })
})

describe('an engine that says what it is', () => {
  it.each([
    ['1.41', 'v1.41'],
    ['1.48', 'v1.48'],
    ['1.52', 'v1.48'],
    ['2.0', 'v1.48'],
  ])('speaks %s and is spoken to in %s', async (api, spoken) => {
    await using world = await withFault({ api })
    expect(await world.store.repositories()).toEqual([])
    expect(world.engine.requests.at(-1)).toBe(`GET /${spoken}/images/json`)
  })

  it('is too old before 1.41', async () => {
    await using world = await withFault({ api: '1.40' })
    await expect(world.store.repositories()).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: 'engine speaks version 1.40 of the Engine API',
      hint: expect.stringContaining('Docker 20.10'),
    })
  })

  it('is something else without a version', async () => {
    await using world = await withFault({ api: '' })
    await expect(world.store.repositories()).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: 'what answers as engine (200) is no Docker Engine',
    })
  })

  it('is something else where what it runs is no platform', async () => {
    await using world = await withFault({ architecture: 'amd64, of: x' })
    await expect(world.store.repositories()).rejects.toMatchObject({
      code: 'STORE_PROTOCOL',
      message: 'what answers as engine (200) is no Docker Engine',
    })
  })
})

describe('a look that went wrong is no absence', () => {
  it.each([
    [404, { message: 'page not found' }, 'CONTENT_MISSING'],
    [404, '<html>', 'CONTENT_MISSING'],
    [500, { message: 'out of order' }, 'STORE_PROTOCOL'],
    [503, {}, 'STORE_UNREACHABLE'],
    [200, '[]', 'CONTENT_CORRUPT'],
    [200, { Id: 'short', Os: 'linux', Architecture: 'amd64' }, 'CONTENT_CORRUPT'],
  ])('answered %s %j', async (status, body, code) => {
    const fault = on(/images\/.*\/json/, (_, response) => {
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
    })
    await using world = await withFault({ fault })
    await expect(world.store.resolve('app', '1')).rejects.toMatchObject({ code })
    await expect(world.store.resolve('app', ID)).rejects.toMatchObject({ code })
  })

  it.each(['{}', '{"message":"x"}', '[1]', '[', ''])('listed %j', async body => {
    const fault = on(/images\/json/, (_, response) => response.end(body))
    await using world = await withFault({ fault })
    await expect(world.store.tags('app')).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('is not what another image’s name only ends in', async () => {
    const fault = on(/images\/.*\/json/, (_, response) =>
      sendJson(response, 200, {
        Id: ID,
        RepoTags: ['localhost/app:1'],
        Os: 'linux',
        Architecture: 'amd64',
      }),
    )
    await using world = await withFault({ fault })
    expect(await world.store.resolve('app', '1')).toBeUndefined()
    expect(await world.store.resolve('localhost/app', '1')).toMatchObject({ digest: ID })
  })
})

describe('a load that goes wrong', () => {
  const LOAD = /POST .*\/images\/load/

  /** What a write comes to, and how many files of ours are left then. */
  async function failedBy(fault: Fault) {
    await using world = await withFault({ fault })
    const image = await makeImage({ seed: 'a', layers: [{ size: 3_000_000 }] })
    const [end] = await Promise.allSettled([writeTestImage(world.store, 'app', image, ['1'])])
    return {
      error: end.status === 'rejected' ? end.reason : undefined,
      loads: world.engine.requests.filter(request => LOAD.test(request)).length,
      left: (await world.scratchFiles()).length,
    }
  }

  it('is told of in a line of an answer that began well', async () => {
    const fault = on(LOAD, (request, response) => {
      request.resume().once('end', () => {
        response.write('{"status":"Loading layer","progressDetail":{}}\r\n')
        response.end('{"errorDetail":{"message":"invalid tar"},"error":"invalid tar"}\r\n')
      })
    })
    expect((await failedBy(fault)).error).toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      message: 'engine did not load the image: invalid tar',
    })
  })

  it('is a full disk where it says so', async () => {
    const fault = on(LOAD, (request, response) => {
      request.resume().once('end', () => {
        response.end('{"error":"write /var/lib/docker/x: no space left on device"}\r\n')
      })
    })
    expect((await failedBy(fault)).error).toMatchObject({
      code: 'STORE_DENIED',
      hint: expect.stringContaining('free some'),
    })
  })

  it('is an engine that died while it was sent the image', async () => {
    const fault = on(LOAD, request => request.once('data', () => request.socket.destroy()))
    const { error, loads, left } = await failedBy(fault)
    expect(error).toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringMatching(/^engine cannot be reached at unix:.*: the connection was/),
    })
    expect(loads).toBe(1)
    // kept for whoever tries again, until the store is closed
    expect(left).toBe(2)
  })

  it('is an engine that died while it answered', async () => {
    const fault = on(LOAD, (request, response) => {
      request.resume().once('end', () => {
        response.write('{"status":"Loading layer"}\r\n', () => request.socket.destroy())
      })
    })
    expect((await failedBy(fault)).error).toMatchObject({ code: 'STORE_UNREACHABLE' })
  })

  it('is an engine that takes nothing any more', async () => {
    const fault = on(LOAD, request => request.pause())
    await using engine = await startFakeEngine({ keeps: 'classic', fault })
    await using opened = await openEngineStore({
      host: engine.host,
      patience: { connectMs: 1_000, silenceMs: 200 },
    })
    const image = await makeImage({ seed: 'a', layers: [{ size: 6_000_000 }] })
    await expect(writeTestImage(opened.store, 'app', image, ['1'])).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      message: expect.stringContaining('it takes no more of what is sent'),
    })
  })

  it('is an image that is not there afterwards', async () => {
    const fault = on(LOAD, (request, response) => {
      request.resume().once('end', () => response.end('{"stream":"Loaded image: app:1"}\r\n'))
    })
    expect((await failedBy(fault)).error).toMatchObject({
      code: 'STORE_PROTOCOL',
      message: expect.stringContaining('does not have it'),
    })
  })

  it('is a line without an end', async () => {
    const line = Buffer.alloc(200_000, 'x')
    const fault = on(LOAD, (request, response) => {
      request.resume().once('end', () => response.end(line))
    })
    expect((await failedBy(fault)).error).toMatchObject({ code: 'STORE_PROTOCOL' })
  })

  it('is one that was told to stop', async () => {
    const stop = new AbortController()
    const fault = on(LOAD, request => request.once('data', () => stop.abort()))
    await using world = await withFault({ fault })
    const image = await makeImage({ seed: 'a', layers: [{ size: 3_000_000 }] })
    const written = world.store.write(
      'app',
      async session => {
        for (const [digest, bytes] of image.blobs) {
          await session.put({ mediaType: '', digest, size: bytes.length }, async () => bytes)
        }
        const { mediaType, digest, bytes } = image.manifest
        await session.putManifest({ content: { mediaType, digest, size: bytes.length }, bytes }, [
          '1',
        ])
      },
      { signal: stop.signal },
    )
    await expect(written).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('a save that goes wrong', () => {
  const SAVED = { Id: ID, RepoTags: ['app:1'], Os: 'linux', Architecture: 'amd64' }

  it.each([
    ['is no tar', (response: ServerResponse) => response.end('x'.repeat(2_000)), 'CONTENT_CORRUPT'],
    ['is empty', (response: ServerResponse) => response.end(), 'CONTENT_CORRUPT'],
    [
      'breaks off',
      (response: ServerResponse) => response.write('x', () => response.destroy()),
      'STORE_UNREACHABLE',
    ],
  ])('%s', async (_, answer, code) => {
    const fault: Fault = (request, response) => {
      if (/images\/.*\/json/.test(request.url ?? '')) sendJson(response, 200, SAVED)
      else if (/images\/.*\/get/.test(request.url ?? '')) answer(response)
      else return false
      return true
    }
    await using world = await withFault({ fault })
    await expect(world.store.manifest('app', '1')).rejects.toMatchObject({ code })
    expect(await world.scratchFiles()).toEqual([])
  })
})

it('names nothing but images in addresses', async () => {
  await using world = await withFault({})
  for (const image of ['../containers/web', 'a/../../b', 'a//b', './a', 'a?force=1', 'a%2e', '']) {
    await expect(world.store.discard(image)).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
  }
  expect(world.engine.requests).toEqual([])
})
