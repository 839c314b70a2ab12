import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../../src/stores/store.ts'
import { makeImage, makeIndex, makeReferrer, type TestImage } from '../../support/images.ts'
import { membersOf } from '../../tar/making.ts'
import { blobOf, imageOf, putImage, writeImage } from '../content.ts'
import { blobPath, dockerForm, IMAGE, OTHER, partsOf } from './forms.ts'
import { putTestImage, writeTestImage as put } from './images.ts'
import { freshPath, openAt, openTar } from './opening.ts'

const ARM = { os: 'linux', architecture: 'arm64' }
const V7 = { os: 'linux', architecture: 'arm', variant: 'v7' }

async function documentIn(path: string, name: string): Promise<unknown> {
  const bytes = await readFile(path)
  const { offset, size } = (await membersOf(bytes)).get(name)!
  return JSON.parse(bytes.toString('utf8', offset, offset + size))
}

async function memberNames(path: string): Promise<readonly string[]> {
  return [...(await membersOf(await readFile(path))).keys()]
}

interface Item {
  readonly Config: string
  readonly RepoTags: readonly string[] | null
  readonly Layers: readonly string[]
}

async function itemsIn(path: string): Promise<readonly Item[]> {
  return (await documentIn(path, 'manifest.json')) as Item[]
}

const configPath = ({ blobs }: TestImage) => blobPath([...blobs.keys()][0]!)

describe('the file', () => {
  it('has the same bytes, in whatever order and however often it was written', async () => {
    const image = await makeImage({ seed: 'a' })
    const index = makeIndex([await makeImage({ seed: 'arm', platform: ARM }), image])
    const signature = makeReferrer(index, { artifactType: 'application/x-sig', payload: 'sig' })
    const steps = [
      (store: Store) => put(store, 'library/app', image, ['1', '2']),
      (store: Store) => put(store, 'library/app', index, ['multi']),
      (store: Store) => put(store, 'acme/app', signature, []),
      (store: Store) => put(store, 'ghcr.io/acme/app', OTHER, ['1']),
    ]
    const files: Buffer[] = []
    for (const order of [steps, steps.toReversed()]) {
      const path = await freshPath()
      const store = await openAt(path)
      for (const step of order) await step(store)
      files.push(await readFile(path))
    }
    const path = await freshPath()
    const store = await openAt(path)
    await store.together(async bundle => {
      await Promise.all(steps.map(step => step(bundle)))
    })
    files.push(await readFile(path))
    expect(files[1]!.equals(files[0]!)).toBe(true)
    expect(files[2]!.equals(files[0]!)).toBe(true)
  })

  it('has documents that name each image in every way', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'library/app', IMAGE, ['1', 'latest'])
    const { mediaType, digest, bytes } = IMAGE.manifest
    const entry = (tag: string) => ({
      mediaType,
      digest,
      size: bytes.length,
      annotations: {
        'org.opencontainers.image.ref.name': `library/app:${tag}`,
        'io.containerd.image.name': `docker.io/library/app:${tag}`,
      },
    })
    expect(await documentIn(path, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' })
    expect(await documentIn(path, 'index.json')).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [entry('1'), entry('latest')],
    })
    const [config, ...layers] = [...IMAGE.blobs.keys()].map(blobPath)
    expect(await itemsIn(path)).toEqual([
      { Config: config, RepoTags: ['app:1', 'app:latest'], Layers: layers },
    ])
  })

  it('has no list for docker in format oci', async () => {
    const path = await freshPath()
    await put(await openAt(path, { format: 'oci' }), 'app', IMAGE, ['1'])
    expect(await memberNames(path)).not.toContain('manifest.json')
    await put(await openAt(path, { format: 'docker' }), 'app', OTHER, ['2'])
    expect((await itemsIn(path)).map(({ RepoTags }) => RepoTags)).toEqual([['app:1'], ['app:2']])
  })

  it('is not written again when there is nothing new in it', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['1'])
    const { ino, mtimeMs } = await stat(path)
    await put(store, 'app', IMAGE, ['1'])
    await store.write('app', session => putTestImage(session, IMAGE, []))
    await store.remove('app', '2')
    expect(await stat(path)).toMatchObject({ ino, mtimeMs })
  })

  it('has no more than its names reach', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['latest'])
    await store.write('app', async session => {
      for (const [digest, { length: size }] of IMAGE.blobs) {
        expect(await session.has({ mediaType: 'x/y', digest, size })).toBe(true)
      }
      await putTestImage(session, OTHER, ['latest'])
    })
    const names = await memberNames(path)
    expect(names).toContain(blobPath(OTHER.manifest.digest))
    expect(names).not.toContain(blobPath(IMAGE.manifest.digest))
    for (const digest of IMAGE.blobs.keys()) expect(names).not.toContain(blobPath(digest))
    await store.remove('app', 'latest')
    expect(await memberNames(path)).toEqual(['oci-layout', 'index.json', 'manifest.json'])
    expect(await store.images()).toEqual([])
  })

  it('keeps who may read it', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['1'])
    await chmod(path, 0o600)
    await put(store, 'app', OTHER, ['2'])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is made with the folders above it', async () => {
    const path = join(dirname(await freshPath()), 'a', 'b', 'images.tar')
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['1'])
    await store.close()
    expect(await readdir(dirname(path))).toEqual(['images.tar'])
  })

  it('takes over what docker saved, by what it is here', async () => {
    const store = await openTar(...dockerForm(IMAGE))
    const before = await store.manifest('library/app', '1')
    await put(store, 'library/other', OTHER, ['1'])
    expect(await store.manifest('library/app', '1')).toEqual(before)
    const { layers } = partsOf(IMAGE)
    const { layers: own } = JSON.parse(before!.bytes.toString()) as { layers: never[] }
    const read = await Promise.all(own.map(async layer => buffer(await store.fetch('x', layer))))
    expect(read).toEqual(layers)
  })

  it('takes sha512 content', async () => {
    const store = await openAt(await freshPath())
    const blob = blobOf('by sha512', { algorithm: 'sha512' })
    const image = imageOf('sha512', { layers: [blob.content] })
    await store.write('app', async session => {
      await session.put(blob.content, async () => blob.bytes)
      await putImage(session, image, ['1'])
    })
    expect((await buffer(await store.fetch('app', blob.content))).toString()).toBe('by sha512')
  })
})

describe('docker’s list', () => {
  async function listed(image: TestImage): Promise<string | undefined> {
    const path = await freshPath()
    await put(await openAt(path), 'app', image, ['1'])
    return (await itemsIn(path))[0]?.Config
  }

  it('has linux/amd64 of an index, wherever that is', async () => {
    const images = [
      await makeImage({ seed: 'arm', platform: ARM }),
      await makeImage({ seed: 'amd', platform: { os: 'linux', architecture: 'amd64' } }),
    ]
    for (const attestations of [true, false]) {
      for (const order of [images, images.toReversed()]) {
        expect(await listed(makeIndex(order, { attestations }))).toBe(configPath(images[1]!))
      }
    }
  })

  it('has the first image of an index without that', async () => {
    const [v7, arm] = [
      await makeImage({ seed: 'v7', platform: V7 }),
      await makeImage({ seed: 'arm', platform: ARM }),
    ]
    expect(await listed(makeIndex([v7, arm], { attestations: true }))).toBe(configPath(v7))
    expect(await listed(makeIndex([makeIndex([arm])]))).toBe(configPath(arm))
  })

  it('has what has no name, and nothing that is no image', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'app', IMAGE, [])
    await put(store, 'app', makeReferrer(IMAGE, { artifactType: 'a/b', payload: 'x' }), ['sig'])
    const chart = imageOf('chart', {
      config: {
        ...blobOf('{}', { mediaType: 'application/vnd.cncf.helm.config.v1+json' }).content,
      },
    })
    await store.write('chart', async session => {
      await session.put(blobOf('{}').content, async () => Buffer.from('{}'))
      await putImage(session, chart, ['1'])
    })
    const items = await itemsIn(path)
    expect(items.map(({ Config, RepoTags }) => [Config, RepoTags])).toEqual([
      [configPath(IMAGE), null],
    ])
  })

  it('has nothing that docker could not load, some layer being elsewhere', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    const { content } = blobOf('elsewhere', {
      mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
    })
    await writeImage(store, 'app', imageOf('w', { layers: [content] }), ['1'])
    expect(await itemsIn(path)).toEqual([])
    expect(await store.tags('app')).toEqual(['1'])
  })

  it('cannot have two images under what is one name to docker', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['1'])
    await put(store, 'library/app', IMAGE, ['1'])
    const before = await readFile(path)
    await expect(put(store, 'library/app', OTHER, ['1'])).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: 'app:1 and library/app:1 are both app:1 to docker, and are two images',
    })
    expect((await readFile(path)).equals(before)).toBe(true)
    await put(await openAt(path, { format: 'oci' }), 'library/app', OTHER, ['1'])
  })
})
