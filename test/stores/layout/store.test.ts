import { execFileSync } from 'node:child_process'
import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { OCI_INDEX } from '../../../src/oci/media-types.ts'
import { storeContract } from '../../contract/store.ts'
import { blobOf, imageOf, indexOf, manifestOf, writeImage } from '../content.ts'
import { freshPath, namesIn, openLocal, readIndex, strayFiles } from './folder.ts'

storeContract(
  'layout',
  async () => {
    const store = await openLocal(await freshPath())
    return { store, dispose: () => store.close() }
  },
  { sweptLater: true },
)

describe('a folder', () => {
  it('that is not there has nothing, and is not made by looking', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
    const { content } = imageOf('absent')
    expect(await store.tags('app')).toBeUndefined()
    expect(await store.resolve('app', '1')).toBeUndefined()
    expect(await store.resolve('app', content.digest)).toBeUndefined()
    expect(await store.holds('app', content)).toBe(false)
    expect(await store.referrers('app', content.digest)).toEqual([])
    await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('is made a layout by the first write, and nothing else is left in it', async () => {
    const path = await freshPath()
    await writeImage(await openLocal(path), 'library/app', imageOf('first'), ['1.0', 'latest'])
    expect(await readFile(join(path, 'oci-layout'), 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}')
    const index = await readIndex(path)
    expect(index).toMatchObject({ schemaVersion: 2, mediaType: OCI_INDEX })
    expect(namesIn(index)).toEqual(['library/app:1.0', 'library/app:latest'])
    expect(await strayFiles(path)).toEqual([])
  })

  it('that holds something else is refused', async () => {
    const path = await freshPath()
    await mkdir(path)
    await writeFile(join(path, 'notes.txt'), 'mine')
    const opening = openLocal(path)
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: expect.stringMatching(/^local: .*no oci-layout/),
      hint: expect.stringContaining('empty'),
    })
  })

  it('that is a file is refused', async () => {
    const path = await freshPath()
    await writeFile(path, 'mine')
    await expect(openLocal(path)).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' })
  })

  it.each([
    ['{"imageLayoutVersion":"2.0.0"}', 'STORE_UNSUPPORTED'],
    ['{}', 'STORE_UNSUPPORTED'],
    ['not json', 'CONTENT_CORRUPT'],
    ['', 'CONTENT_CORRUPT'],
  ])('whose oci-layout is %j is refused', async (text, code) => {
    const path = await freshPath()
    await mkdir(path)
    await writeFile(join(path, 'oci-layout'), text)
    await expect(openLocal(path)).rejects.toMatchObject({ code })
  })

  it('that a killed process was about to make a layout becomes one', async () => {
    const path = await freshPath()
    await mkdir(join(path, 'blobs'), { recursive: true })
    await writeFile(join(path, '.index.json.123.00ff.tmp'), '{"sch')
    const store = await openLocal(path)
    expect(await store.tags('app')).toBeUndefined()
    await writeImage(store, 'app', imageOf('later'), ['1'])
    expect(await (await openLocal(path)).tags('app')).toEqual(['1'])
  })
})

describe('links', () => {
  it.each(['index.json', 'oci-layout'])('%s is never followed', async file => {
    const path = await freshPath()
    await writeImage(await openLocal(path), 'app', imageOf('any'), ['1'])
    execFileSync('mv', [join(path, file), join(dirname(path), file)])
    await symlink(join(dirname(path), file), join(path, file))
    const looking = openLocal(path).then(store => store.tags('app'))
    await expect(looking).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.not.stringContaining(dirname(path)),
    })
  })
})

describe('a manifest', () => {
  it('whose parts are missing is refused', async () => {
    const store = await openLocal(await freshPath())
    const image = imageOf('parts')
    const write = store.write('app', session => session.putManifest(image, ['1']))
    await expect(write).rejects.toMatchObject({
      code: 'CONTENT_MISSING',
      message: expect.stringContaining(image.blobs[0]!.content.digest),
    })
    const index = store.write('app', session => session.putManifest(indexOf([image]), ['1']))
    await expect(index).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
    expect(await store.tags('app')).toBeUndefined()
  })

  it('with layers that may not be passed on needs none of them', async () => {
    const store = await openLocal(await freshPath())
    const { blobs } = imageOf('foreign')
    const foreign = {
      ...blobOf('elsewhere').content,
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      urls: ['https://example.org/layer'],
    }
    const image = { ...imageOf('foreign', { layers: [foreign] }), blobs: blobs.slice(0, 1) }
    await writeImage(store, 'app', image, ['1'])
    expect(await store.resolve('app', '1')).toEqual(image.content)
  })

  it('that nothing names says itself what it is', async () => {
    const store = await openLocal(await freshPath())
    const { blobs } = imageOf('plain')
    const [config, layer] = blobs.map(({ content }) => content)
    const plain = {
      ...manifestOf(JSON.stringify({ schemaVersion: 2, config, layers: [layer] })),
      blobs,
    }
    await writeImage(store, 'app', plain, [])
    expect(await store.resolve('app', plain.content.digest)).toEqual(plain.content)
    const index = manifestOf(JSON.stringify({ schemaVersion: 2, manifests: [] }), OCI_INDEX)
    await store.write('app', session => session.putManifest(index, []))
    expect(await store.resolve('app', index.content.digest)).toEqual(index.content)
  })
})

it.each([
  ['Upper', '1'],
  ['../etc', '1'],
  ['app', '../1'],
])('refuses to name anything %s:%s', async (repository, tag) => {
  const store = await openLocal(await freshPath())
  const write = writeImage(store, repository, imageOf('bad'), [tag])
  await expect(write).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
})
