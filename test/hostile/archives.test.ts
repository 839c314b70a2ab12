/**
 * Archives that reach out of themselves, that are not what they say, or that end early. None of
 * them is loaded in part: whatever is wrong with one, nothing of it is to be had.
 */
import { readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreError } from '../../src/errors.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts'
import { openArchive } from '../../src/stores/archive/store.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import type { Store } from '../../src/stores/store.ts'
import {
  blobPath,
  dockerForm,
  IMAGE,
  itemsMember,
  legacyForm,
  ociForm,
  OTHER,
  partsOf,
  refName,
} from '../stores/archive/forms.ts'
import { OWNER } from '../support/owner.ts'
import { makeImage } from '../support/images.ts'
import { fileOf, rawMember, rawTar, type RawMember } from '../tar/making.ts'
import { copyAsRun } from './matrix/copying.ts'

async function opened(bytes: Buffer, name = 'bad.tar') {
  const path = await fileOf(bytes, name)
  const store = await openArchive({
    name: 'bad',
    path,
    format: 'docker',
    temporary: tmpdir(),
    owner: OWNER,
  })
  onTestFinished(() => store.close())
  return { store, path }
}

/** What everything that can be asked of an archive is refused with; nothing is left of it. */
async function refusal(bytes: Buffer): Promise<object> {
  const { store, path } = await opened(bytes)
  const looks = [
    () => store.images(),
    () => store.tags('library/app'),
    () => store.resolve('library/app', '1'),
    () => store.manifest('library/app', IMAGE.manifest.digest),
    () => store.write('library/app', async () => undefined),
  ]
  const errors = new Map<string, StoreError>()
  for (const look of looks) {
    const error: unknown = await look().catch((error: unknown) => error)
    if (!(error instanceof StoreError)) throw new Error('it was not refused')
    errors.set(error.message, error)
  }
  const [error, ...others] = errors.values()
  expect(others).toEqual([])
  expect(await readdir(dirname(path))).toEqual(['bad.tar'])
  return error!
}

const corrupt = (message: RegExp) => ({
  code: 'CONTENT_CORRUPT',
  message: expect.stringMatching(message),
})

const docker = dockerForm(IMAGE)
const oci = ociForm({ image: IMAGE, annotations: refName('library/app:1') })
const json = (value: unknown): string => JSON.stringify(value)

function without(members: readonly RawMember[], name: string): RawMember[] {
  return members.filter(member => member.name !== name)
}

function withMember(members: readonly RawMember[], member: RawMember): RawMember[] {
  return [...without(members, member.name), member]
}

it('the forms that are spoilt here are sound', async () => {
  for (const members of [docker, oci]) {
    const { store } = await opened(rawTar(...members))
    expect(await store.tags('library/app')).toEqual(['1'])
  }
})

describe('an archive that reaches out of itself', () => {
  it.each<[string, RawMember, RegExp]>([
    [
      'by an absolute name',
      { name: '/etc/cron.d/x', bytes: 'x' },
      /"\/etc\/cron\.d\/x" has an abs/,
    ],
    ['by a way up', { name: '../../x', bytes: 'x' }, /"\.\.\/\.\.\/x" has a name that leads out/],
    ['by a way up within', { name: 'blobs/../../x', bytes: 'x' }, /leads out of it/],
    ['by a link', { name: 'x', type: '2', target: '../../../etc/shadow' }, /"x" is a link out of/],
    ['by an absolute link', { name: 'x', type: '2', target: '/etc/shadow' }, /"x" is a link out/],
    ['by a hard link', { name: 'x', type: '1', target: '/etc/shadow' }, /is a hard link/],
    ['by a device', { name: 'x', type: '4' }, /is a device/],
    ['by a named pipe', { name: 'x', type: '6' }, /is a named pipe/],
  ])('is refused: %s', async (_, member, message) => {
    for (const members of [docker, oci]) {
      expect(await refusal(rawTar(...members, member))).toMatchObject(corrupt(message))
    }
  })

  it('is refused: by a blob that is a link out of it', async () => {
    const name = blobPath(OTHER.manifest.digest)
    const link = { name, type: '2', target: '../../../../etc/passwd' }
    expect(await refusal(rawTar(...oci, link))).toMatchObject(corrupt(/is a link out of it/))
  })

  it.each(['../layer.tar', '/etc/passwd', 'blobs/../../x'])(
    'finds no member by the name %s',
    async layer => {
      const members = dockerForm(IMAGE, { item: { Layers: [layer, layer] } })
      expect(await refusal(rawTar(...members))).toMatchObject({
        code: 'CONTENT_MISSING',
        message: `bad: manifest.json names ${json(layer)}, which is not in it`,
      })
    },
  )
})

describe('an archive that ends early', () => {
  it.each<[string, readonly RawMember[]]>([
    ['docker', docker],
    ['oci', oci],
    [
      'legacy',
      legacyForm([{ id: 'a'.repeat(64), bytes: Buffer.alloc(1024) }], {
        app: { 1: 'a'.repeat(64) },
      }),
    ],
  ])('is refused in or after every member, in form %s', async (_, members) => {
    const whole = rawTar(...members)
    let end = 0
    for (const member of members) {
      const start = end
      end += rawMember(member).length
      const inside = start + 512 + Math.max(0, Buffer.byteLength(member.bytes ?? '') - 1)
      const within = corrupt(new RegExp(`in the middle of ${json(member.name)}`))
      expect(await refusal(whole.subarray(0, inside))).toMatchObject(within)
      const after = corrupt(new RegExp(`ends after ${json(member.name)}`))
      expect(await refusal(whole.subarray(0, end))).toMatchObject(after)
    }
  })

  it('is refused when it is compressed', async () => {
    const packed = gzipSync(rawTar(...oci))
    for (const length of [15, packed.length / 2, packed.length - 1]) {
      const cut = packed.subarray(0, length)
      expect(await refusal(cut)).toMatchObject(corrupt(/^bad: its compressed bytes are cut short$/))
    }
  })
})

describe('an archive that is not what it says', () => {
  const { config, layers } = partsOf(IMAGE)
  const name = docker[0]!.name
  const layerName = docker[1]!.name

  it('is refused with another configuration than its name has', async () => {
    const bytes = Buffer.from(config.toString().replace('form', 'farm'))
    const members = withMember(docker, { name, bytes })
    expect(await refusal(rawTar(...members))).toMatchObject(
      corrupt(new RegExp(`${name} is sha256:`)),
    )
  })

  it('is refused with another layer than the configuration has', async () => {
    const bytes = Buffer.from(layers[0]!)
    bytes[600] = 1
    const members = withMember(docker, { name: layerName, bytes })
    const message = new RegExp(`^bad: ${layerName} is ${digestOf(bytes)} unpacked, and not sha256:`)
    expect(await refusal(rawTar(...members))).toMatchObject(corrupt(message))
  })

  it('is refused with layers in another order, too few or too many', async () => {
    const [one = '', two = ''] = docker.slice(1, 3).map(member => member.name)
    for (const [list, message] of [
      [[two, one], /unpacked, and not/],
      [[one], /has 2 layers, and manifest\.json has 1/],
      [[one, two, two], /has 2 layers, and manifest\.json has 3/],
    ] as const) {
      const members = dockerForm(IMAGE, { item: { Layers: list } })
      expect(await refusal(rawTar(...members))).toMatchObject(corrupt(message))
    }
  })

  it('is refused with a layer that is not there', async () => {
    expect(await refusal(rawTar(...without(docker, layerName)))).toMatchObject({
      code: 'CONTENT_MISSING',
      message: `bad: manifest.json names ${json(layerName)}, which is not in it`,
    })
  })

  it('is refused with a manifest that has another digest or size', async () => {
    const path = blobPath(IMAGE.manifest.digest)
    const longer = `${IMAGE.manifest.bytes.toString()} `
    const other = IMAGE.manifest.bytes.toString().replace('"schemaVersion":2', '"schemaVersion":3')
    for (const bytes of [longer, other]) {
      const members = withMember(oci, { name: path, bytes })
      expect(await refusal(rawTar(...members))).toMatchObject(
        corrupt(new RegExp(`^bad: ${path}: expected`)),
      )
    }
  })

  it('gives no tag to what has a damaged layer', async () => {
    const layer = [...IMAGE.blobs].at(-1)!
    const bytes = Buffer.from(layer[1])
    bytes[40] = bytes[40]! ^ 1
    const { store } = await opened(rawTar(...withMember(oci, { name: blobPath(layer[0]), bytes })))
    const { outcome, to } = await copied(store)
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'CONTENT_CORRUPT' } })
    expect(await to.resolve('library/app', '1')).toBeUndefined()
  })

  it('is not written into the next file when a blob of it is damaged', async () => {
    const layer = [...IMAGE.blobs].at(-1)!
    const bytes = Buffer.from(layer[1])
    bytes[40] = bytes[40]! ^ 1
    const tar = rawTar(...withMember(oci, { name: blobPath(layer[0]), bytes }))
    const { store } = await opened(tar)
    const found = await store.manifest('library/app', '1')
    const write = store.write('library/app', session => session.putManifest(found!, ['2']))
    await expect(write).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    expect(await store.tags('library/app')).toEqual(['1'])
  })

  it('gives no tag to what lacks a layer', async () => {
    const [digest] = [...IMAGE.blobs].at(-1)!
    const { store } = await opened(rawTar(...without(oci, blobPath(digest))))
    const { outcome, to } = await copied(store)
    expect(outcome).toMatchObject({ result: 'failed', error: { code: 'CONTENT_MISSING' } })
    expect(await to.resolve('library/app', '1')).toBeUndefined()
  })
})

async function copied(store: Store): Promise<{ outcome: object; to: Store }> {
  const to = await openMemory({ name: 'other' })
  const { digest } = IMAGE.manifest
  const outcome = await copyAsRun({ from: store, to, repository: 'library/app', tag: '1', digest })
  return { outcome, to }
}

describe('an archive that is two things', () => {
  it('is refused: with manifest.json twice', async () => {
    const second = { name: './manifest.json', bytes: json([]) }
    expect(await refusal(rawTar(...docker, second))).toMatchObject(
      corrupt(/"\.\/manifest\.json" is there twice/),
    )
  })

  it('is refused: with index.json twice', async () => {
    const second = { name: 'index.json', bytes: json({ schemaVersion: 2, manifests: [] }) }
    expect(await refusal(rawTar(...oci, second))).toMatchObject(
      corrupt(/"index\.json" is there twice/),
    )
  })

  it('is refused: a name that is one image to docker and another to the rest', async () => {
    const both = ociForm(
      { image: IMAGE, annotations: refName('library/app:1') },
      { image: OTHER, annotations: refName('library/other:1') },
    )
    const { store } = await opened(rawTar(...both, itemsMember(IMAGE, ['app:1'])))
    expect((await store.resolve('library/app', '1'))?.digest).toBe(IMAGE.manifest.digest)
    expect(await refusal(rawTar(...both, itemsMember(OTHER, ['app:1'])))).toMatchObject(
      corrupt(/library\/app:1 is one image in manifest\.json, and another or none in index\.json/),
    )
  })

  it('is refused: an image that only docker would see', async () => {
    const members = [...oci, ...ociForm({ image: OTHER }).slice(2), itemsMember(OTHER, ['x:1'])]
    expect(await refusal(rawTar(...members))).toMatchObject(
      corrupt(/library\/x:1 is one image in manifest\.json/),
    )
  })

  it('is refused: one name for two images', async () => {
    const [one, two] = [dockerForm(IMAGE), dockerForm(OTHER)]
    const items = [one, two].flatMap(form => JSON.parse(String(form.at(-1)!.bytes)) as unknown[])
    const members = [...one.slice(0, -1), ...two.slice(0, -1)]
    expect(
      await refusal(rawTar(...members, { name: 'manifest.json', bytes: json(items) })),
    ).toMatchObject(corrupt(/manifest\.json gives two images the name library\/app:1/))
  })

  it('is refused: a key in two spellings', async () => {
    const members = dockerForm(IMAGE, { item: { layers: [] } })
    expect(await refusal(rawTar(...members))).toMatchObject(
      corrupt(/manifest\.json\[0\] has "layers"/),
    )
  })

  it.each<[string, object, string]>([
    ['both an image and an index', { config: {}, layers: [], manifests: [] }, OCI_MANIFEST],
    ['an image said to be an index', { config: {}, layers: [] }, OCI_INDEX],
    ['spelt in two ways', { manifests: [], Manifests: [] }, OCI_INDEX],
  ])('is refused: a manifest that is %s', async (_, more, mediaType) => {
    const bytes = Buffer.from(json({ schemaVersion: 2, ...more }))
    const manifest = { mediaType, digest: digestOf(bytes), bytes }
    const image = { ...IMAGE, manifest }
    expect(await refusal(rawTar(...ociForm({ image })))).toMatchObject(
      corrupt(/the manifest is ambiguous/),
    )
  })

  it('is refused: one digest that is said to be an image and an index', async () => {
    const as = { ...IMAGE.manifest, mediaType: OCI_INDEX }
    const members = ociForm({ image: IMAGE }, { image: { ...IMAGE, manifest: as } })
    expect(await refusal(rawTar(...members))).toMatchObject(
      corrupt(/is said to be .*manifest.*, and .*index/),
    )
  })
})

describe('an archive that is too much', () => {
  it('is refused: a compressed one that unpacks without end', async () => {
    // 512 MiB of zeros in half a MiB
    const zeros = Buffer.concat(Array.from({ length: 32 }, () => gzipSync(Buffer.alloc(16 << 20))))
    const { store } = await opened(zeros, 'bomb.tar.gz')
    await expect(store.images()).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      message: 'bad: it unpacks to more than 250 times its size',
    })
  })

  it('is refused: a layer that unpacks without end', async () => {
    const zeros = Buffer.concat(Array.from({ length: 32 }, () => gzipSync(Buffer.alloc(16 << 20))))
    const members = [...dockerForm(OTHER, { item: { Layers: ['l'] } }), { name: 'l', bytes: zeros }]
    const { store } = await opened(rawTar(...members))
    await expect(store.images()).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      message: 'bad: l: it unpacks to more than 250 times its size',
    })
  })

  // what has its digest for a name is wrong for another reason when it is padded
  it.each<[string, readonly RawMember[], string, number, string]>([
    ['manifest.json', docker, 'manifest.json', 16 * 1024 * 1024, 'read'],
    ['a configuration', docker, docker[0]!.name, 8 * 1024 * 1024, 'CONTENT_CORRUPT'],
    ['index.json', oci, 'index.json', 64 * 1024 * 1024, 'read'],
    ['oci-layout', oci, 'oci-layout', 64 * 1024, 'read'],
    ['a manifest', oci, blobPath(IMAGE.manifest.digest), 4 * 1024 * 1024, 'CONTENT_CORRUPT'],
  ])('is refused: %s that is too large, and not before', async (...row) => {
    const [, members, name, limit, otherwise] = row
    const padded = (size: number) => {
      const bytes = Buffer.alloc(size, ' ')
      bytes.write(String(members.find(member => member.name === name)!.bytes))
      return rawTar(...withMember(members, { name, bytes }))
    }
    const { store } = await opened(padded(limit + 1))
    await expect(store.images()).rejects.toMatchObject({
      code: 'CONTENT_UNSUPPORTED',
      message: `bad: ${name} is too large`,
    })
    const fits = await opened(padded(limit))
    const looked = await fits.store.images().catch((error: StoreError) => error)
    expect(looked instanceof StoreError ? looked.code : 'read').toBe(otherwise)
  })
})

it('foreign layers stay where their URLs are, and nobody is sent there', async () => {
  const foreign = {
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    digest: digestOf(Buffer.from('elsewhere')),
    size: 9,
    urls: ['http://169.254.169.254/latest/meta-data'],
  }
  const image = await makeImage({ seed: 'foreign' })
  const document = JSON.parse(image.manifest.bytes.toString()) as { layers: object[] }
  const bytes = Buffer.from(json({ ...document, layers: [foreign, ...document.layers] }))
  const manifest = { ...image.manifest, digest: digestOf(bytes), bytes }
  const members = ociForm({ image: { ...image, manifest }, annotations: refName('library/w:1') })
  const { store } = await opened(rawTar(...members))
  expect((await store.resolve('library/w', '1'))?.digest).toBe(manifest.digest)
  await expect(store.fetch('library/w', foreign as never)).rejects.toMatchObject({
    code: 'CONTENT_MISSING',
  })
  // it is kept as it is, and docker is not told of what it could not load
  const found = await store.manifest('library/w', '1')
  await store.write('library/w', session => session.putManifest(found!, ['2']))
  expect((await store.resolve('library/w', '2'))?.digest).toBe(manifest.digest)
})
