/** Builds by the classic builder of a real engine. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMemory } from '../../src/stores/memory/store.ts'
import { baseOf, makeContext, openWorkshop, requestOf } from '../support/building.ts'
import { openEngineClient } from '../support/engine-client.ts'
import { openEngineStore } from '../support/engine-store.ts'
import { readImage } from '../support/image-tree.ts'
import { shellImage } from '../support/shell-image.ts'
import { writeImage } from '../stores/content.ts'
import { buildCases } from './support/build-cases.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerd, whyNoDockerd, type Dockerd } from './support/dockerd.ts'

describeLive('dockerd', ['dockerd'], suite, whyNoDockerd)

function suite(): void {
  let dockerd: Dockerd
  beforeAll(async () => {
    dockerd = await startDockerd()
  })
  afterAll(() => dockerd?.[Symbol.asyncDispose]())

  const open = () => openWorkshop('docker', { env: { DOCKER_HOST: dockerd.host } })

  /** Images, those without a name too, and containers. */
  async function traces(): Promise<readonly string[]> {
    using client = openEngineClient(dockerd.socket)
    const images = (await client.get('/images/json?all=1')) as readonly {
      Id: string
      RepoTags: unknown
    }[]
    const containers = (await client.get('/containers/json?all=1')) as readonly { Id: string }[]
    return [
      ...images.map(({ Id: id, RepoTags: names }) => `${id} ${JSON.stringify(names)}`),
      ...containers.map(({ Id: id }) => id),
    ].toSorted()
  }

  buildCases({ open, traces }, false)

  async function setUp(text: string, files: Readonly<Record<string, string>> = { file: 'text' }) {
    const source = await openMemory({ name: 'registry.invalid' })
    const image = await shellImage()
    await writeImage(source, 'acme/shell', image, [])
    const bases = [baseOf(source, { repository: 'acme/shell' }, image)]
    const context = await makeContext(files)
    const request = requestOf(text, context.folder, { bases })
    return { request, context, image }
  }

  it('leaves what was there before, and what has got a name meanwhile', async () => {
    const text = 'FROM registry.invalid/acme/shell\nRUN echo > /made\nCOPY file /\n'
    const { request, context, image } = await setUp(text)
    await using _ = context
    await using workshop = await open()
    await using engine = await openEngineStore({ host: dockerd.host })
    await writeImage(engine.store, 'acme/before', image, ['1'])
    const before = await traces()
    using client = openEngineClient(dockerd.socket)
    {
      await using built = await workshop.builder.build(request, { onLine: () => {} })
      expect(await built.store.resolve(built.repository, built.digest)).toBeDefined()
      const list = (await client.get('/images/json')) as readonly { RepoTags: readonly string[] }[]
      const own = list.flatMap(one => one.RepoTags).find(name => name.endsWith('-built'))
      await client.request('POST', `/images/${own}/tag?repo=acme/kept&tag=1`)
    }
    const kept = (await traces()).filter(trace => !before.includes(trace))
    // with the image of the step before, which goes with it
    expect(kept.filter(trace => !trace.includes('<none>'))).toEqual([
      expect.stringMatching(/ \["acme\/kept:1"\]$/),
    ])
    await client.request('DELETE', '/images/acme/kept:1')
    expect(await traces()).toEqual(before)
    await client.request('DELETE', '/images/acme/before:1')
  })

  it.each([
    ['', ['/all/file', '/all/.dockerignore']],
    ['.dockerignore', ['/all/file']],
  ])('sends a Dockerfile that is nowhere in the image: %j ignored', async (ignored, expected) => {
    const files = { file: 'text', '.dockerignore': 'nothing\n' }
    const { request, context } = await setUp('FROM scratch\nCOPY . /all\n', files)
    await using _ = context
    await using workshop = await open()
    const ignore = { isIgnored: (path: string) => path === ignored, isIgnoredWhole: () => true }
    const asked = { ...request, context: { ...request.context, ignore } }
    await using built = await workshop.builder.build(asked, { onLine: () => {} })
    const { tree } = await readImage(built.store, built.repository, built.digest)
    expect([...tree.keys()].toSorted()).toEqual(['/all', ...expected].toSorted())
  })

  it('gives the arguments that BuildKit gives of itself', async () => {
    const run = 'ARG TARGETARCH\nRUN echo "$TARGETARCH" > /arch\n'
    const { request, context } = await setUp(`FROM registry.invalid/acme/shell\n${run}`)
    await using _ = context
    await using workshop = await open()
    await using built = await workshop.builder.build(request, { onLine: () => {} })
    const { tree } = await readImage(built.store, built.repository, built.digest)
    expect(tree.get('/arch')).toBe(`file 644 0:0 ${request.platform.architecture}\n`)
  })

  it.each([
    ['RUN --mount=type=cache,target=/x true', '--mount'],
    ['RUN <<END\ntrue\nEND', 'inline documents'],
    ['COPY --chmod=755 file /', '--chmod'],
    ['COPY --link file /', '--link'],
    ['COPY --exclude=x file /', '--exclude'],
    ['COPY --parents file /', '--parents'],
    ['ADD --checksum=sha256:0 file /', '--checksum'],
  ])('says what it does not know before it begins: %s', async (instruction, what) => {
    const text = `FROM registry.invalid/acme/shell\nENV A=b\n${instruction}\n`
    const { request, context } = await setUp(text)
    await using _ = context
    await using workshop = await open()
    await expect(workshop.builder.build(request, { onLine: () => {} })).rejects.toMatchObject({
      code: 'BUILD_UNSUPPORTED',
      message: `Dockerfile:3: the classic builder of docker does not know ${what}`,
    })
  })

  it('refuses a platform that the engine is not', async () => {
    const { request, context } = await setUp('FROM registry.invalid/acme/shell\n')
    await using _ = context
    await using workshop = await open()
    const platform = { os: 'linux', architecture: 's390x' }
    const build = workshop.builder.build({ ...request, platform }, { onLine: () => {} })
    await expect(build).rejects.toMatchObject({ code: 'BUILD_UNSUPPORTED' })
  })
}
