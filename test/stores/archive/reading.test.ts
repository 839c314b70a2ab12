import { dirname } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/errors.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { parseManifest } from '../../../src/oci/manifest.ts'
import { makeImage, makeIndex } from '../../support/images.ts'
import type { RawMember } from '../../tar/making.ts'
import { dockerForm, IMAGE, itemsMember, legacyForm, ociForm, partsOf, refName } from './forms.ts'
import { freshPath, namesIn, openAt, openTar } from './opening.ts'

const json = (value: unknown): string => JSON.stringify(value)

describe('docker’s form', () => {
  it('has its layers as they are, under the manifest that follows from them', async () => {
    const store = await openTar(...dockerForm(IMAGE))
    const { config, layers } = partsOf(IMAGE)
    const found = await store.manifest('library/app', '1')
    expect(JSON.parse(found!.bytes.toString())).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: digestOf(config),
        size: config.length,
      },
      layers: layers.map(bytes => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar',
        digest: digestOf(bytes),
        size: bytes.length,
      })),
    })
    const { content } = found!
    expect(await store.resolve('library/app', content.digest)).toEqual(content)
    const again = await openTar(...dockerForm(IMAGE).toReversed())
    expect(await again.resolve('library/app', '1')).toEqual(content)
    const manifest = parseManifest(found!.bytes, content.mediaType)
    const parts = manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : []
    const read = await Promise.all(parts.map(async part => buffer(await store.fetch('x', part))))
    expect(read).toEqual([config, ...layers])
  })

  it('may have its layers compressed', async () => {
    const members = dockerForm(IMAGE).map(member =>
      member.name.endsWith('layer.tar') ? { ...member, bytes: gzipSync(member.bytes!) } : member,
    )
    const store = await openTar(...members)
    const found = await store.manifest('library/app', '1')
    const manifest = parseManifest(found!.bytes, found!.content.mediaType)
    expect(manifest).toMatchObject({
      layers: members
        .filter(({ name }) => name.endsWith('layer.tar'))
        .map(({ bytes }) => ({
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          digest: digestOf(Buffer.from(bytes!)),
        })),
    })
  })

  it('may have one layer by two names, as docker links it', async () => {
    const image = await makeImage({
      seed: 'twice',
      layers: [
        { size: 1, seed: 'x' },
        { size: 1, seed: 'x' },
      ],
    })
    const { config, layers } = partsOf(image)
    const item = { Config: 'c.json', RepoTags: null, Layers: ['1/layer.tar', '2/layer.tar'] }
    const store = await openTar(
      { name: 'c.json', bytes: config },
      { name: '2/layer.tar', type: '2', target: '../1/layer.tar' },
      { name: '1/layer.tar', bytes: layers[0]! },
      { name: 'manifest.json', bytes: json([item]) },
    )
    const [found] = (await store.images()) ?? []
    const manifest = await store.manifest('any', found!.content.digest)
    const { layers: two } = JSON.parse(manifest!.bytes.toString()) as { layers: object[] }
    expect(two).toEqual([two[0], two[0]])
  })

  it.each<[string[] | null, string[]]>([
    [
      ['app:1', 'app:latest'],
      ['library/app:1', 'library/app:latest'],
    ],
    [['docker.io/library/app:1'], ['library/app:1']],
    [['acme/app:1'], ['acme/app:1']],
    [['ghcr.io/acme/app:1'], ['ghcr.io/acme/app:1']],
    [['localhost:5000/app:1'], ['localhost_5000/app:1']],
    [null, [':']],
    [[], [':']],
  ])('is named %j as %j', async (tags, expected) => {
    expect(await namesIn(await openTar(...dockerForm(IMAGE, { tags })))).toEqual(expected)
  })

  it.each(['app', 'App:1', 'app:1@sha256:12', '../x:1', '', 'app:-1'])(
    'is refused with the name %j',
    async tag => {
      const store = await openTar(...dockerForm(IMAGE, { tags: [tag] }))
      await expect(store.images()).rejects.toMatchObject({
        code: 'CONTENT_CORRUPT',
        message: expect.stringMatching(/manifest\.json\[0\] names an image .*, which is no name$/),
      })
    },
  )
})

describe('OCI’s form', () => {
  const full = (name: string) => ({ 'io.containerd.image.name': name })

  it.each<[Record<string, string> | undefined, string]>([
    [refName('library/app:1'), 'library/app:1'],
    [refName('app:1'), 'app:1'],
    [refName('docker.io/library/app:1'), 'library/app:1'],
    [refName('localhost:5000/app:1'), 'localhost_5000/app:1'],
    [refName('1'), ':1'],
    [refName('no name'), ':'],
    [undefined, ':'],
    [{ ...refName('1'), ...full('docker.io/library/app:1') }, 'library/app:1'],
    [full('ghcr.io/acme/app:1'), 'ghcr.io/acme/app:1'],
    [{ ...refName('mine:1'), ...full('docker.io/library/mine:1') }, 'mine:1'],
    [{ ...refName('1'), ...full('no name') }, ':1'],
  ])('is named %j as %j', async (annotations, name) => {
    const entry = { image: IMAGE, ...(annotations && { annotations }) }
    const store = await openTar(...ociForm(entry))
    expect(await namesIn(store)).toEqual([name])
    expect((await store.images())?.[0]?.content.digest).toBe(IMAGE.manifest.digest)
  })

  it('gets names from docker’s list where it has none of its own', async () => {
    const store = await openTar(...ociForm({ image: IMAGE }), itemsMember(IMAGE, ['app:1']))
    expect((await store.resolve('library/app', '1'))?.digest).toBe(IMAGE.manifest.digest)
    const unnamed = await openTar(...ociForm({ image: IMAGE }), itemsMember(IMAGE, null))
    expect(await namesIn(unnamed)).toEqual([':'])
  })

  it('may name an index of which only one image is there, as docker saves it', async () => {
    const arm = { os: 'linux', architecture: 'arm64' }
    const absent = await makeImage({ seed: 'absent', platform: arm })
    const index = makeIndex([absent, IMAGE])
    const here = { ...index, children: [IMAGE] }
    const store = await openTar(
      ...ociForm({ image: here, annotations: refName('library/app:1') }),
      itemsMember(IMAGE, ['app:1']),
    )
    expect((await store.resolve('library/app', '1'))?.digest).toBe(index.manifest.digest)
    const { digest } = absent.manifest
    expect(await store.resolve('library/app', digest)).toBeUndefined()
    expect(await store.manifest('library/app', digest)).toBeUndefined()
    expect((await store.manifest('x', IMAGE.manifest.digest))?.bytes).toEqual(IMAGE.manifest.bytes)
  })
})

describe('what is no archive of images', () => {
  it.each<[string, RawMember[], RegExp]>([
    ['a root file system', [{ name: 'bin/sh', bytes: 'x' }], /can be imported/],
    [
      'a folder with a layout in it',
      ociForm({ image: IMAGE }).map(member => ({ ...member, name: `store/${member.name}` })),
      /they are in its folder store: pack what is in that/,
    ],
    ['a tar with nothing in it', [], /can be imported/],
  ])('is refused: %s', async (_, members, hint) => {
    await expect((await openTar(...members)).images()).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: expect.stringMatching(/no archive of images$/),
      hint: expect.stringMatching(hint),
    })
  })

  it.each<[string, RawMember[], object]>([
    [
      'a layout of another version',
      [{ name: 'oci-layout', bytes: json({ imageLayoutVersion: '2.0.0' }) }],
      { code: 'STORE_UNSUPPORTED', message: 'archive: oci-layout says version "2.0.0", not 1.x' },
    ],
    [
      'a layout without an index',
      ociForm().slice(0, 1),
      { message: 'archive: oci-layout names "index.json", which is not in it' },
    ],
    [
      'a list that is none',
      [{ name: 'manifest.json', bytes: '{}' }],
      { message: 'archive: manifest.json is not a list' },
    ],
    [
      'a list that is no JSON',
      [{ name: 'manifest.json', bytes: '[' }],
      { message: 'archive: manifest.json is not JSON' },
    ],
    [
      'a list of something else',
      [{ name: 'manifest.json', bytes: '[7]' }],
      { message: 'archive: manifest.json[0] is not an object' },
    ],
    [
      'layers that are no names',
      dockerForm(IMAGE, { item: { Layers: [7] } }),
      { message: 'archive: manifest.json[0]: Layers is not a list of strings' },
    ],
  ])('is refused: %s', async (_, members, error) => {
    await expect((await openTar(...members)).images()).rejects.toMatchObject(error)
  })

  it('is refused: a folder', async () => {
    const store = await openAt(dirname(await freshPath()))
    await expect(store.images()).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: 'archive: the archive is not a regular file',
    })
  })

  it('has no images where nothing is', async () => {
    const store = await openAt(await freshPath())
    expect(await store.images()).toBeUndefined()
    expect(await store.tags('app')).toBeUndefined()
  })

  it('is refused or read with any byte of a document changed, and nothing else', async () => {
    const forms = [
      dockerForm(IMAGE),
      [...ociForm({ image: IMAGE, annotations: refName('a:1') }), itemsMember(IMAGE, ['a:1'])],
      legacyForm([{ id: 'a'.repeat(64), bytes: partsOf(IMAGE).layers[1]! }], {
        app: { 1: 'a'.repeat(64) },
      }),
    ]
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:0nt\\')))
    await fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(99), fc.nat(), byte, async (form, which, at, value) => {
        const documents = forms[form]!.filter(({ name }) => !/layer\.tar$|VERSION/.test(name))
        const chosen = documents[which % documents.length]!
        const bytes = Buffer.from(chosen.bytes!)
        bytes[at % bytes.length] = value
        const members = forms[form]!.map(member =>
          member.name === chosen.name ? { ...member, bytes } : member,
        )
        const looked = await (await openTar(...members)).images().catch((error: unknown) => error)
        expect(Array.isArray(looked) || looked instanceof StoreError).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
})
