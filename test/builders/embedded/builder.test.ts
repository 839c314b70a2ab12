/** The embedded builder: what comes out, what is left behind, and what it does not do. */
import { createHash } from 'node:crypto'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Builder, BuildLine, BuiltImage } from '../../../src/builders/builder.ts'
import { createEmbedded } from '../../../src/builders/embedded/builder.ts'
import { createFetch } from '../../../src/http/download.ts'
import type { Fetch } from '../../../src/http/download.ts'
import { isAbort } from '../../../src/errors.ts'
import { openHttp } from '../../../src/http/open.ts'
import { parseManifest } from '../../../src/oci/manifest.ts'
import { serve } from '../../support/http.ts'
import { readImage } from '../../support/image-tree.ts'
import { OWNER } from '../../support/owner.ts'
import { ARM64, makeRecipe, temporaryFolder, type RecipeOptions } from '../building.ts'

interface Shop {
  readonly builder: Builder
  readonly scratch: string
}

const NOTHING: Fetch = () => Promise.reject(new Error('nothing is fetched here'))

async function openShop(fetch = NOTHING): Promise<Shop> {
  const scratch = await temporaryFolder()
  return { scratch, builder: createEmbedded({ scratch, owner: OWNER, version: '1', fetch }) }
}

interface BuildOptions extends RecipeOptions {
  readonly epoch?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly onLine?: (line: BuildLine) => void
  readonly signal?: AbortSignal
  readonly fetch?: Fetch
}

async function build(options: BuildOptions, shop?: Shop): Promise<BuiltImage> {
  const { epoch, labels = {}, onLine = () => {}, signal, fetch, ...rest } = options
  const { builder } = shop ?? (await openShop(fetch))
  const { recipe } = await makeRecipe(rest)
  const request = { ...recipe.request, labels: new Map(Object.entries(labels)), secrets: [] }
  const image = await builder.build(
    { ...request, ...(epoch !== undefined && { epoch }) },
    { onLine, signal },
  )
  onTestFinished(() => image[Symbol.asyncDispose]())
  return image
}

async function content(options: BuildOptions) {
  const { store, repository, digest } = await build(options)
  return readImage(store, repository, digest)
}

async function refusal(options: BuildOptions, shop?: Shop): Promise<unknown> {
  return build(options, shop).then(
    () => undefined,
    (error: unknown) => error,
  )
}

const FILES = {
  Dockerfile: 'FROM base\nCOPY --chmod=755 a.txt b /x/\nWORKDIR /x\nCMD ["a"]\n',
  'a.txt': 'a',
  'b/c': { text: 'c', mode: 0o600 },
}
const IMAGES = { base: { layers: [['etc/os']], config: { Labels: { of: 'base' } } } }
const APP = { files: FILES, images: IMAGES }

describe('an image', () => {
  it('is the same however often and whenever it is built of the same', async () => {
    const { digest } = await build(APP)
    expect((await build(APP)).digest).toBe(digest)
    const { folder } = await makeRecipe(APP)
    await utimes(join(folder, 'a.txt'), 1_000, 1_000)
    expect((await build({ ...APP, files: folder })).digest).toBe(digest)
    await writeFile(join(folder, 'a.txt'), 'b')
    expect((await build({ ...APP, files: folder })).digest).not.toBe(digest)
  })

  it('is as old as is said, and 1970 where nothing is said', async () => {
    const old = await content({ ...APP, epoch: 1_700_000_000 })
    expect(old.config['created']).toBe('2023-11-14T22:13:20Z')
    expect(old.times.get('/x/a.txt')).toBe(1_700_000_000)
    const { config, times } = await content(APP)
    expect(config['created']).toBe('1970-01-01T00:00:00Z')
    expect(times.get('/x/a.txt')).toBe(0)
  })

  it('has the labels that are asked for, over those of the Dockerfile', async () => {
    const { config } = await content({ ...APP, labels: { of: 'request', own: 'yes' } })
    expect(config).toMatchObject({ config: { Labels: { of: 'request', own: 'yes' } } })
  })

  it('keeps the layers of its base as they are, by names of OCI', async () => {
    const { store, repository, digest } = await build(APP)
    const { recipe } = await makeRecipe(APP)
    const [base] = recipe.request.bases
    const below = await base?.store.manifest(base.repository, base.digest)
    const found = await store.manifest(repository, digest)
    const layersOf = (one: typeof found) => JSON.parse(one?.bytes.toString() ?? '{}').layers
    expect(layersOf(found)[0]).toEqual(layersOf(below)[0])
    expect(layersOf(found)).toHaveLength(3)
  })

  it('gives bytes that are what their digests say', async () => {
    const { store, repository, digest } = await build(APP)
    const manifest = await store.manifest(repository, digest)
    const document = parseManifest(
      manifest?.bytes ?? Buffer.alloc(0),
      manifest?.content.mediaType ?? '',
    )
    if (document.kind !== 'image') throw new Error('an index')
    for (const blob of [document.config, ...document.layers]) {
      const bytes = await buffer(await store.fetch(repository, blob))
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(blob.digest)
      expect(bytes).toHaveLength(blob.size)
    }
    expect(await store.resolve(repository, 'latest')).toBeUndefined()
    const other = { ...document.config, digest }
    await expect(store.fetch(repository, other)).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
    const write = store.write(repository, () => Promise.resolve())
    await expect(write).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' })
  })

  it('is for the platform that is asked for', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: '' }
    expect((await content({ files, platform: ARM64 })).config).toMatchObject(ARM64)
  })
})

describe('a build', () => {
  it('says what it is at', async () => {
    const lines: BuildLine[] = []
    const Dockerfile = 'FROM base AS low\nENV A=1\nCOPY a.txt /\nFROM low AS high\nWORKDIR /w\n'
    await build({ ...APP, files: { ...FILES, Dockerfile }, onLine: line => lines.push(line) })
    const steps = lines.map(
      ({ step = '', text }) => `${step} ${text.replace(/[0-9a-f]{12,}.*/, '…')}`,
    )
    expect(steps.toSorted()).toEqual([
      ' image sha256:…',
      '[high 2/2] WORKDIR /w layer sha256:…',
      '[high 2/2] WORKDIR /w made',
      expect.stringMatching(/^\[low 1\/2\] FROM base AS low base@sha256:…$/),
      '[low 2/2] COPY a.txt / 1 path',
      '[low 2/2] COPY a.txt / layer sha256:…',
    ])
  })

  it('leaves nothing behind once it is disposed of, or has failed', async () => {
    const shop = await openShop()
    const { recipe } = await makeRecipe(APP)
    {
      await using image = await shop.builder.build(
        { ...recipe.request, secrets: [] },
        { onLine() {} },
      )
      expect(image.digest).toMatch(/^sha256:/)
      expect(await readdir(shop.scratch)).toHaveLength(1)
    }
    expect(await readdir(shop.scratch)).toEqual([])
    const Dockerfile = 'FROM base\nCOPY a.txt /\nCOPY --from=base /missing /\n'
    expect(await refusal({ ...APP, files: { ...FILES, Dockerfile } }, shop)).toBeDefined()
    expect(await readdir(shop.scratch)).toEqual([])
  })

  it('stops when it is told to', async () => {
    const stop = new AbortController()
    const shop = await openShop()
    const error = await refusal({ ...APP, signal: stop.signal, onLine: () => stop.abort() }, shop)
    expect(isAbort(error)).toBe(true)
    expect(await readdir(shop.scratch)).toEqual([])
  })

  it.each([
    ['COPY --from=base /missing /', 'Dockerfile:2: "/missing" is not in base'],
    ['COPY --chown=nobody a.txt /', 'Dockerfile:2: there is no user "nobody"'],
    ['COPY a.txt /etc/os/', 'Dockerfile:2: /etc/os/ is there, and is no folder'],
    ['COPY a.txt /.wh.x', '/.wh.x cannot be in an image'],
  ])('says where it failed: %s', async (instruction, message) => {
    const files = { ...FILES, Dockerfile: `FROM base\n${instruction}\n` }
    expect(await refusal({ ...APP, files })).toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining(message),
    })
  })

  it.each([
    ['RUN true', 'RUN', 'buildx, buildah, podman and docker can'],
    ['ADD https://x.test/y.git /', 'ADD from git', 'can'],
    ['ADD https://x.test/y /', 'something else next time', '--checksum=sha256:'],
  ])('refuses what others can do: %s', async (instruction, what, hint) => {
    const files = { ...FILES, Dockerfile: `FROM base\nCOPY a.txt /\n${instruction}\n` }
    expect(await refusal({ ...APP, files })).toMatchObject({
      code: 'BUILD_UNSUPPORTED',
      message: expect.stringMatching(new RegExp(`^Dockerfile:3: .*${what}`)),
      hint: expect.stringContaining(hint),
    })
  })

  it('reads the layers of a base only for what depends on them', async () => {
    const { recipe } = await makeRecipe({
      ...APP,
      files: { ...FILES, Dockerfile: 'FROM base\nENV A=1\nWORKDIR /\n' },
    })
    const shop = await openShop()
    const bases = recipe.request.bases.map(base => ({
      ...base,
      store: {
        ...base.store,
        fetch: async (...args: Parameters<typeof base.store.fetch>) => {
          if (/layer/.test(args[1].mediaType)) throw new Error('a layer was read')
          return base.store.fetch(...args)
        },
      },
    }))
    await using image = await shop.builder.build(
      { ...recipe.request, bases, secrets: [] },
      { onLine() {} },
    )
    expect(image.digest).toMatch(/^sha256:/)
  })

  it('needs what was not resolved', async () => {
    const { recipe } = await makeRecipe(APP)
    const { builder } = await openShop()
    const request = { ...recipe.request, bases: [], secrets: [] }
    await expect(builder.build(request, { onLine() {} })).rejects.toMatchObject({
      message: 'Dockerfile needs base for linux/amd64, which nobody resolved',
    })
  })

  it('does not put more into a base than it says it has', async () => {
    const images = { base: { ...IMAGES.base, history: [] } }
    const { config } = await content({ ...APP, images })
    expect(config['history']).toMatchObject([
      { comment: 'buildkit.exporter.image.v0' },
      { created_by: 'COPY --chmod=755 a.txt b /x/ # buildkit' },
      { created_by: 'WORKDIR /x' },
      { created_by: 'CMD ["a"]' },
    ])
  })
})

describe('ADD from an address', () => {
  const text = 'from afar'
  const sum = createHash('sha256').update(text).digest('hex')

  async function fetching(): Promise<Fetch> {
    const http = await openHttp({
      userAgent: 'waybill-test',
      env: {},
      now: () => performance.now(),
      wallClock: () => Date.now(),
      random: () => 0,
    })
    onTestFinished(() => http.close())
    return createFetch(http)
  }

  function adding(url: string, checksum: string) {
    return {
      Dockerfile: `FROM scratch\nARG URL=${url}\nADD --checksum=sha256:${checksum} $URL /in/\n`,
    }
  }

  it('takes what has the checksum, redirects followed, and nothing of when it was made', async () => {
    await using server = await serve((request, response) => {
      if (request.url === '/go') response.writeHead(302, { location: '/a%20file?x' }).end()
      else response.writeHead(200, { 'last-modified': new Date().toUTCString() }).end(text)
    })
    const fetch = await fetching()
    const { tree, times } = await content({ files: adding(`${server.url}/go`, sum), fetch })
    expect(tree.get('/in/go')).toBe(`file 600 0:0 ${text}`)
    expect(times.get('/in/go')).toBe(0)
  })

  it.each([
    ['other bytes', 200, 'BUILD_FAILED', 'is not what --checksum says'],
    ['no bytes', 404, 'CONTENT_MISSING', 'was answered with 404'],
    ['an answer that is none', 500, 'STORE_UNREACHABLE', 'Dockerfile:3: '],
    ['another answer', 204, 'STORE_PROTOCOL', 'was answered with 204'],
  ])('refuses %s, and tells no secrets of the address', async (_, status, code, message) => {
    await using server = await serve((_, response) => response.writeHead(status).end(text))
    const fetch = await fetching()
    const files = adding(`${server.url}/file?token=secret`, '0'.repeat(64))
    const error = await refusal({ files, fetch })
    expect(error).toMatchObject({ code, message: expect.stringContaining('Dockerfile:3: ') })
    expect(error).toMatchObject({ message: expect.stringContaining(message) })
    expect(JSON.stringify(error) + String(error)).not.toContain('secret')
  })
})
