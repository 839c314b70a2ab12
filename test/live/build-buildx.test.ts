/** Builds by BuildKit, by way of buildx. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openMemory } from '../../src/stores/memory/store.ts'
import { baseOf, listen, makeContext, openWorkshop, requestOf } from '../support/building.ts'
import { shellImage } from '../support/shell-image.ts'
import { writeImage } from '../stores/content.ts'
import { buildCases } from './support/build-cases.ts'
import { startBuildkitd, whyNoBuildkitd, type Buildkitd } from './support/buildkitd.ts'
import { describeLive } from './support/describe-live.ts'

describeLive('buildx', ['buildkitd', 'docker-buildx', 'runc'], suite, whyNoBuildkitd)

function suite(): void {
  let buildkitd: Buildkitd
  beforeAll(async () => {
    buildkitd = await startBuildkitd()
  })
  afterAll(() => buildkitd?.[Symbol.asyncDispose]())

  const open = () => openWorkshop('buildx', { env: buildkitd.env })
  buildCases({ open }, true)

  async function setUp(text: string) {
    const source = await openMemory({ name: 'registry.invalid' })
    const image = await shellImage()
    await writeImage(source, 'acme/shell', image, [])
    const bases = [baseOf(source, { repository: 'acme/shell' }, image)]
    const context = await makeContext({ file: 'text' })
    const request = requestOf(text, context.folder, { bases })
    return { request, context, image }
  }

  it('gives one manifest without attestations, on the layers that the base has', async () => {
    const { request, context, image } = await setUp(
      'FROM registry.invalid/acme/shell\nCOPY file /\nRUN cat /file\n',
    )
    await using _ = context
    await using workshop = await open()
    await using built = await workshop.builder.build(request, { onLine: () => {} })
    const manifest = await built.store.manifest(built.repository, built.digest)
    const document = JSON.parse(manifest?.bytes.toString() ?? '')
    expect(document).toMatchObject({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      layers: [image.blobs[1]?.content, {}, {}],
    })
  })

  it('gives equal images for one epoch, and runs all again only where that is asked for', async () => {
    const { request, context } = await setUp(
      'FROM registry.invalid/acme/shell\nCOPY file /\nRUN cat /proc/uptime > /dev/null && echo ran\n',
    )
    await using _ = context
    await using workshop = await open()
    const digests: string[] = []
    const ran: boolean[] = []
    for (const fresh of [true, false, true]) {
      const { lines, onLine } = listen()
      const asked = { ...request, epoch: 1_700_000_000, fresh }
      await using built = await workshop.builder.build(asked, { onLine })
      digests.push(built.digest)
      ran.push(lines.some(({ text }) => text === 'ran'))
    }
    expect(ran).toEqual([true, false, true])
    expect(new Set(digests).size).toBe(1)
  })

  it.each([
    ['# syntax=registry.invalid/acme/language\n', {}, /language is an image/],
    ['', { args: new Map([['BUILDKIT_SYNTAX', 'registry.invalid/acme/language']]) }, /_SYNTAX/],
  ])('refuses a language that would have to be got: %j', async (first, more, message) => {
    const { request, context } = await setUp(`${first}FROM registry.invalid/acme/shell\n`)
    await using _ = context
    await using workshop = await open()
    const build = workshop.builder.build({ ...request, ...more }, { onLine: () => {} })
    await expect(build).rejects.toThrow(message)
    expect(await workshop.leftOver()).toEqual([])
  })
}
