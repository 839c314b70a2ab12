import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { children, blobs, parseManifest } from '../../src/oci/manifest.ts'
import type { Plan, Report } from '../../src/plan/types.ts'
import { waybill } from '../support/cli.ts'
import {
  makeImage,
  makeIndex,
  makeReferrer,
  pushThrough,
  type TestImage,
} from '../support/images.ts'
import { openFolder } from '../support/project.ts'
import { openRegistryClient } from '../support/registry-client.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry, startZot, type LiveRegistry } from './support/registries.ts'
import { skopeoCopy, skopeoRaw } from './support/skopeo.ts'

const MIB = 1024 * 1024
const TAGS = Array.from({ length: 200 }, (_, index) => `v${index}`)

interface Images {
  readonly small: readonly TestImage[]
  readonly index: TestImage
  readonly large: TestImage
  readonly signed: TestImage
  readonly referrers: readonly TestImage[]
}

async function makeImages(): Promise<Images> {
  const layers = [
    { size: 64 * 1024, seed: 'one' },
    { size: 64 * 1024, seed: 'two' },
  ]
  const small = await Promise.all(TAGS.map(tag => makeImage({ seed: tag, layers })))
  const platforms = ['amd64', 'arm64', 's390x'].map(architecture =>
    makeImage({ seed: architecture, platform: { os: 'linux', architecture } }),
  )
  const index = makeIndex(await Promise.all(platforms), { attestations: true })
  const large = await makeImage({ seed: 'large', layers: [{ size: 512 * MIB }] })
  const signed = await makeImage({ seed: 'signed' })
  const sbom = makeReferrer(signed, { artifactType: 'application/spdx+json', payload: '{}' })
  const signature = makeReferrer(signed, { artifactType: 'application/x.sig', payload: 'sig' })
  return { small, index, large, signed, referrers: [sbom, signature] }
}

async function fill({ host }: LiveRegistry, images: Images): Promise<void> {
  using client = openRegistryClient(host)
  for (const [index, image] of images.small.entries()) {
    await pushThrough(client, 'acme/small', `v${index}`, image)
  }
  await pushThrough(client, 'acme/index', '1', images.index)
  await pushThrough(client, 'acme/large', '1', images.large)
  await pushThrough(client, 'acme/signed', '1', images.signed)
  await using ours = await openRegistryStore(host)
  for (const { manifest, blobs: contents } of images.referrers) {
    await ours.store.write('acme/signed', async session => {
      for (const [digest, bytes] of contents) {
        const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
        await session.put(content, () => Promise.resolve(bytes))
      }
      const { bytes, digest, mediaType } = manifest
      await session.putManifest({ content: { mediaType, digest, size: bytes.length }, bytes }, [])
    })
  }
}

const manifestFor = (source: LiveRegistry, target: LiveRegistry) => `version: 1
defaults:
  to: ${target.host}/mirror/
images:
  - from: ${source.host}/acme/small
    tags: [${TAGS.join(', ')}]
  - from: ${source.host}/acme/index:1
  - from: ${source.host}/acme/large:1
  - from: ${source.host}/acme/signed:1
`

const EXPECTED = TAGS.length + 3

/** Every tag of the repository names a manifest that is there with all that it names. */
async function expectWhole(host: string, repository: string): Promise<readonly string[]> {
  await using ours = await openRegistryStore(host)
  const tags = (await ours.store.tags(repository)) ?? []
  for (const tag of tags) {
    const found = await ours.store.manifest(repository, tag)
    expect(found, `${repository}:${tag}`).toBeDefined()
    await walk(found!.content.digest)
  }
  async function walk(digest: string): Promise<void> {
    const found = await ours.store.manifest(repository, digest)
    expect(found, digest).toBeDefined()
    const document = parseManifest(found!.bytes, found!.content.mediaType)
    for (const child of children(document)) await walk(child.digest)
    await ours.store.write(repository, async session => {
      for (const blob of blobs(document)) expect(await session.has(blob)).toBe(true)
    })
  }
  return tags
}

const KINDS = [
  ['docker-registry', ['docker-registry', 'skopeo'], startDockerRegistry],
  ['zot', ['zot', 'skopeo'], startZot],
] as const

for (const [kind, needs, start] of KINDS) {
  describeLive(`a mirror between two of ${kind}`, needs, () => {
    let source: LiveRegistry
    let images: Images
    beforeAll(async () => {
      source = await start({})
      images = await makeImages()
      await fill(source, images)
    }, 120_000)
    afterAll(() => source?.[Symbol.asyncDispose]())

    it('plans, applies as planned, and then has nothing to do', async () => {
      await using target = await start({})
      await using folder = await openFolder()
      await writeFile(join(folder.path, 'images.yaml'), manifestFor(source, target))
      const options = { cwd: folder.path }

      const planned = await waybill(['plan', '--out', 'plan.json', '--output', 'json'], options)
      expect(planned).toMatchObject({ code: 0 })
      expect((JSON.parse(planned.stdout) as Plan).steps.length).toBe(EXPECTED)
      const applied = await waybill(['apply', 'plan.json', '--output', 'json'], options)
      expect(applied, applied.stderr).toMatchObject({ code: 0 })
      const report = JSON.parse(applied.stdout) as Report
      expect(report.steps.every(({ result }) => result === 'done')).toBe(true)

      const again = await waybill(['reconcile'], options)
      expect(again, again.stderr).toMatchObject({
        code: 0,
        stdout: `No changes. ${EXPECTED} images are in place.\n`,
      })
      await expectSame(source, target, images)
    }, 240_000)

    it('is killed at any moment, and converges when it runs again', async () => {
      await using target = await start({})
      await using folder = await openFolder()
      await writeFile(join(folder.path, 'images.yaml'), manifestFor(source, target))
      const options = { cwd: folder.path }
      let lines = 0
      const killed = await waybill(['reconcile', '--verbose'], {
        ...options,
        onLine: line => (line.includes('done') && ++lines === 40 ? 'SIGKILL' : undefined),
      })
      expect(killed.signal, killed.stderr).toBe('SIGKILL')
      const tags = await expectWhole(target.host, 'mirror/acme/small')
      expect(tags.length).toBeGreaterThan(0)
      expect(tags.length).toBeLessThan(TAGS.length)

      const finished = await waybill(['reconcile', '--output', 'json'], options)
      expect(finished, finished.stderr).toMatchObject({ code: 0 })
      const again = await waybill(['plan', '--output', 'json', '--detailed-exitcode'], options)
      expect(again).toMatchObject({ code: 0 })
      await expectSame(source, target, images)
    }, 240_000)
  })
}

async function expectSame(source: LiveRegistry, target: LiveRegistry, images: Images) {
  const raw = ({ host }: LiveRegistry, name: string) => skopeoRaw(`docker://${host}/${name}`)
  const some = TAGS.filter((_, index) => index % 20 === 0).map(tag => `small:${tag}`)
  for (const name of [...some, 'index:1', 'large:1', 'signed:1']) {
    const [theirs, ours] = await Promise.all([
      raw(source, `acme/${name}`),
      raw(target, `mirror/acme/${name}`),
    ])
    expect(ours.equals(theirs), name).toBe(true)
  }
  for (const { manifest } of images.referrers) {
    const ours = await raw(target, `mirror/acme/signed@${manifest.digest}`)
    expect(ours.equals(manifest.bytes)).toBe(true)
  }
  await using folder = await openFolder()
  for (const name of ['index', 'large', 'signed']) {
    const from = `docker://${target.host}/mirror/acme/${name}:1`
    await skopeoCopy(from, `oci:${folder.path}/layout:${name}`)
  }
  const listed = await openRegistryStore(target.host)
  expect((await listed.store.tags('mirror/acme/small'))?.toSorted()).toEqual(TAGS.toSorted())
  await listed[Symbol.asyncDispose]()
}
