/** Manifests that mean two things, or name what is no content (CVE-2021-41190, CVE-2024-3727). */
import { describe, expect, it } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import type { Store } from '../../src/stores/store.ts'
import type { FakeRegistry } from '../fakes/registry.ts'
import { startStranger } from '../fakes/stranger.ts'
import { makeImage } from '../support/images.ts'
import { openHostile, type Hostile } from './hostile-registry.ts'
import { copyAsRun } from './matrix/copying.ts'

const image = await makeImage({ seed: 'a' })
const [config, layer] = [...image.blobs].map(([digest, bytes]) => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest,
  size: bytes.length,
}))
const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }

async function opened(manifest: object, mediaType = OCI_MANIFEST): Promise<Hostile> {
  const hostile = await openHostile({}, { image })
  const bytes = Buffer.from(JSON.stringify(manifest))
  hostile.registry.putManifest('acme/app', 'bad', { mediaType, bytes })
  return hostile
}

/** Copies `acme/app:bad` into memory. */
async function copyBad({ registry, store }: Hostile): Promise<{ outcome: object; to: Store }> {
  const to = await openMemory({ name: 'other' })
  const { digest } = registry.manifest('acme/app', 'bad')!
  const request = { from: store, to, repository: 'acme/app', tag: 'bad', digest }
  return { outcome: await copyAsRun(request), to }
}

const paths = ({ log }: FakeRegistry) => log.map(({ path }) => path)

describe('a manifest', () => {
  it.each<[string, object, string, RegExp]>([
    ['both an image and an index', { ...document, manifests: [] }, OCI_MANIFEST, /ambiguous/],
    [
      'both an index and an image',
      { ...document, mediaType: OCI_INDEX, manifests: [] },
      OCI_INDEX,
      /ambiguous/,
    ],
    ['an image that is served as an index', document, OCI_INDEX, /ambiguous/],
    ['of another type than it is served as', document, DOCKER_MANIFEST, /says it is/],
    ['spelled in two ways', { ...document, Layers: [] }, OCI_MANIFEST, /ambiguous/],
  ])('that is %s is not copied', async (_, manifest, mediaType, message) => {
    await using w = await opened(manifest, mediaType)
    const { outcome, to } = await copyBad(w)
    expect(outcome).toMatchObject({
      result: 'failed',
      error: { code: 'CONTENT_CORRUPT', message: expect.stringMatching(message) },
    })
    expect(await to.resolve('acme/app', 'bad')).toBeUndefined()
    expect(paths(w.registry).filter(path => path.includes('/blobs/'))).toEqual([])
  })

  it('is one thing, whatever it is served as the next time', async () => {
    const types = [OCI_MANIFEST, DOCKER_MANIFEST]
    await using w = await openHostile(
      { fault: ({ nth }) => ({ kind: 'headers', set: { 'content-type': types[nth - 1] ?? '' } }) },
      { image },
    )
    const { digest } = image.manifest
    const read = async () => (await w.store.manifest('acme/app', digest))?.content.mediaType
    expect(await read()).toBe(OCI_MANIFEST)
    const request = { from: w.store, to: await openMemory({ name: 'other' }), digest }
    const outcome = await copyAsRun({ ...request, repository: 'acme/app', tag: '1' })
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'CONTENT_CORRUPT' } })
  })

  it('that means two things is not written either', async () => {
    await using w = await openHostile({}, { image })
    const bytes = Buffer.from(JSON.stringify({ ...document, manifests: [] }))
    const content = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length }
    const write = w.store.write('acme/app', session =>
      session.putManifest({ content, bytes }, ['2']),
    )
    await expect(write).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    expect(w.registry.log).toEqual([])
  })
})

const notDigests = [
  '../../x',
  'sha256:../../../../admin',
  `sha256:${'a'.repeat(62)}/..`,
  `sha256:${'A'.repeat(64)}`,
  `sha256:${'a'.repeat(63)}`,
  `sha256:${'a'.repeat(64)}/../x`,
  `sha256:${'a'.repeat(64)}?x=1`,
  `sha256:${'a'.repeat(64)}\n`,
  `md5:${'a'.repeat(32)}`,
  '',
]

describe.each(notDigests)('the digest %j', digest => {
  it.each<[string, object, string]>([
    ['of a layer', { ...document, layers: [{ ...layer, digest }] }, OCI_MANIFEST],
    ['of a configuration', { ...document, config: { ...config, digest } }, OCI_MANIFEST],
    ['of a subject', { ...document, subject: { ...layer, digest } }, OCI_MANIFEST],
    [
      'of an image in an index',
      { schemaVersion: 2, manifests: [{ ...layer, mediaType: OCI_MANIFEST, digest }] },
      OCI_INDEX,
    ],
  ])('%s comes into no address', async (_, manifest, mediaType) => {
    await using w = await opened(manifest, mediaType)
    const { outcome } = await copyBad(w)
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'CONTENT_CORRUPT' } })
    const bad = w.registry.manifest('acme/app', 'bad')!.digest
    expect(new Set(paths(w.registry))).toEqual(new Set([`/v2/acme/app/manifests/${bad}`]))
  })
})

/** No header ends in a line break. */
const inHeaders = notDigests.filter(digest => digest.trim() === digest)

it.each(inHeaders)('the digest %j in a header comes into no address', async digest => {
  await using w = await openHostile(
    {
      fault: ({ method }) =>
        method === 'HEAD'
          ? { kind: 'headers', set: { 'docker-content-digest': digest } }
          : undefined,
    },
    { image },
  )
  expect((await w.store.resolve('acme/app', '1'))?.digest).toBe(image.manifest.digest)
  expect(new Set(paths(w.registry))).toEqual(new Set(['/v2/acme/app/manifests/1']))
})

describe('addresses that a manifest gives for its layers', () => {
  const FOREIGN = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'

  it.each([
    ['a layer that may not be moved', FOREIGN, 'left where it is'],
    ['any other layer', layer!.mediaType, 'read from the registry'],
  ])('are not followed: %s is %s', async (_, mediaType, what) => {
    await using other = await openHostile()
    await using stranger = await startStranger(other.registry)
    const urls = [`${stranger.url}/v2/acme/app/blobs/${layer!.digest}`]
    const manifest = { ...document, layers: [{ ...layer, mediaType, urls }] }
    await using w = await opened(manifest)
    const { outcome } = await copyBad(w)
    expect(outcome).toMatchObject({ result: 'done' })
    expect(stranger.requests).toBe(0)
    const read = paths(w.registry).includes(`/v2/acme/app/blobs/${layer!.digest}`)
    expect(read ? 'read from the registry' : 'left where it is').toBe(what)
  })

  it('do not stand in for a layer that the registry lacks', async () => {
    await using other = await openHostile({}, { image })
    await using stranger = await startStranger(other.registry)
    const gone = { ...layer!, digest: digestOf(Buffer.from('gone')), urls: [stranger.url] }
    await using w = await opened({ ...document, layers: [gone] })
    const { outcome, to } = await copyBad(w)
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'CONTENT_MISSING' } })
    expect(await to.resolve('acme/app', 'bad')).toBeUndefined()
    expect(stranger.requests).toBe(0)
  })
})
