import { execFileSync } from 'node:child_process'
import { access, mkdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { OCI_INDEX } from '../../../src/oci/media-types.ts'
import { openLayout } from '../../../src/stores/layout/store.ts'
import { storeContract } from '../../contract/store.ts'
import { blobOf, imageOf, indexOf, manifestOf, putImage, writeImage } from '../content.ts'
import { blobFile, freshPath, namesIn, readIndex, strayFiles, writeIndex } from './folder.ts'

const open = (path: string) => openLayout({ name: 'local', path })

storeContract('layout', async () => {
  const store = await open(await freshPath())
  return { store, dispose: () => store.close() }
})

describe('a folder', () => {
  it('that is not there has nothing, and is not made by looking', async () => {
    const path = await freshPath()
    const store = await open(path)
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
    await writeImage(await open(path), 'library/app', imageOf('first'), ['1.0', 'latest'])
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
    const opening = open(path)
    await expect(opening).rejects.toMatchObject({
      code: 'STORE_UNSUPPORTED',
      message: expect.stringMatching(/^local: .*no oci-layout/),
      hint: expect.stringContaining('empty'),
    })
  })

  it('that is a file is refused', async () => {
    const path = await freshPath()
    await writeFile(path, 'mine')
    await expect(open(path)).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' })
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
    await expect(open(path)).rejects.toMatchObject({ code })
  })

  it('that a killed process was about to make a layout becomes one', async () => {
    const path = await freshPath()
    await mkdir(join(path, 'blobs'), { recursive: true })
    await writeFile(join(path, '.index.json.123.00ff.tmp'), '{"sch')
    const store = await open(path)
    expect(await store.tags('app')).toBeUndefined()
    await writeImage(store, 'app', imageOf('later'), ['1'])
    expect(await (await open(path)).tags('app')).toEqual(['1'])
  })
})

describe('index.json', () => {
  it.each([
    ['', 'CONTENT_CORRUPT'],
    ['{"schemaVersion":2,"manif', 'CONTENT_CORRUPT'],
    ['[]', 'CONTENT_CORRUPT'],
    ['{}', 'CONTENT_CORRUPT'],
    ['{"manifests":{}}', 'CONTENT_CORRUPT'],
    ['{"manifests":[null]}', 'CONTENT_CORRUPT'],
    ['{"manifests":[{"mediaType":"a/b","size":1,"digest":"sha256:../../x"}]}', 'CONTENT_CORRUPT'],
  ])('that reads %j is an error, never an absence', async (text, code) => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('damaged')
    await writeImage(store, 'app', image, ['1'])
    await writeFile(join(path, 'index.json'), text)
    await expect(store.tags('app')).rejects.toMatchObject({ code })
    await expect(store.resolve('app', '2')).rejects.toMatchObject({ code })
    await expect(store.manifest('app', image.content.digest)).rejects.toMatchObject({ code })
    await expect(store.referrers('app', image.content.digest)).rejects.toMatchObject({ code })
    await expect(writeImage(store, 'app', image, ['2'])).rejects.toMatchObject({ code })
    expect(await readFile(join(path, 'index.json'), 'utf8')).toBe(text)
    expect(await strayFiles(path)).toEqual([])
  })

  it('that is gone is an error, never an absence', async () => {
    const path = await freshPath()
    const store = await open(path)
    await writeImage(store, 'app', imageOf('gone'), ['1'])
    await rm(join(path, 'index.json'))
    await expect(store.tags('app')).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('keeps what others wrote', async () => {
    const path = await freshPath()
    const store = await open(path)
    const [one, two] = [imageOf('one'), imageOf('two')]
    await writeImage(store, 'app', one, ['1'])
    await writeImage(store, 'app', two, [])
    const [entry] = (await readIndex(path)).manifests
    const foreign = { ...two.content, annotations: { other: 'x' }, data: 'eA==', 'x-any': [1] }
    await writeIndex(path, {
      'x-first': { a: 1 },
      schemaVersion: 2,
      manifests: [foreign, entry],
      annotations: { of: 'index' },
    })
    await writeImage(store, 'app', two, ['1', '2'])
    expect(await readIndex(path)).toEqual({
      'x-first': { a: 1 },
      schemaVersion: 2,
      manifests: [foreign, named(two.content, 'app:1'), named(two.content, 'app:2')],
      annotations: { of: 'index' },
    })
  })

  it('is left alone when it says everything already', async () => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('again')
    await writeImage(store, 'app', image, ['1'])
    const before = await stat(join(path, 'index.json'), { bigint: true })
    await writeImage(store, 'app', image, ['1'])
    await store.write('app', async () => {})
    const after = await stat(join(path, 'index.json'), { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
  })

  it('gets all tags of a session, or none', async () => {
    const path = await freshPath()
    const store = await open(path)
    const write = store.write('app', async session => {
      await putImage(session, imageOf('good'), ['1'])
      await putImage(session, imageOf('bad'), ['not a tag'])
    })
    await expect(write).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
    expect(await store.tags('app')).toBeUndefined()
    expect((await readIndex(path)).manifests).toEqual([])
  })

  it('takes what another store of the same folder wrote', async () => {
    const path = await freshPath()
    const [one, two] = [await open(path), await open(path)]
    await writeImage(one, 'app', imageOf('1'), ['1'])
    await writeImage(two, 'app', imageOf('2'), ['2'])
    await writeImage(one, 'lib', imageOf('3'), ['3'])
    expect(await one.tags('app')).toEqual(['1', '2'])
    expect(await two.tags('lib')).toEqual(['3'])
  })

  it('lists a referrer once, without a name', async () => {
    const path = await freshPath()
    const store = await open(path)
    const subject = imageOf('subject')
    const signature = imageOf('signature', { subject: subject.content })
    await writeImage(store, 'app', subject, ['1'])
    await writeImage(store, 'app', signature, [])
    await writeImage(store, 'app', signature, [])
    expect(namesIn(await readIndex(path))).toEqual(['app:1', undefined])
  })
})

function named(content: object, name: string): object {
  return { ...content, annotations: { 'org.opencontainers.image.ref.name': name } }
}

describe('names that other tools wrote', () => {
  const image = imageOf('named')

  async function layoutWith(...names: (string | undefined)[]) {
    const path = await freshPath()
    const store = await open(path)
    await writeImage(store, 'x', image, [])
    const manifests = names.map(name =>
      name === undefined ? image.content : named(image.content, name),
    )
    await writeIndex(path, { schemaVersion: 2, manifests })
    return store
  }

  it.each([
    ['a bare tag, in any repository', ['1.0'], 'app', ['1.0']],
    ['a bare tag, beside full names of one repository', ['1.0', 'app:2'], 'app', ['2', '1.0']],
    ['no bare tag in another repository', ['1.0', 'app:2'], 'lib', undefined],
    ['no bare tag among several repositories', ['1.0', 'app:2', 'lib:3'], 'app', ['2']],
    ['full names with hosts', ['docker.io/library/app:1'], 'docker.io/library/app', ['1']],
    ['nothing without a name', [undefined], 'app', undefined],
    ['nothing by names of no use', ['host:5000/app:1', 'A:1', 'app:', ':1'], 'app', undefined],
  ])('gives %s', async (_, names, repository, tags) => {
    const store = await layoutWith(...names)
    expect(await store.tags(repository)).toEqual(tags)
    for (const tag of tags ?? []) {
      expect(await store.resolve(repository, tag)).toEqual(image.content)
    }
    expect(await store.resolve(repository, image.content.digest)).toEqual(image.content)
  })

  it('that stand for several images are an error', async () => {
    const path = await freshPath()
    const store = await open(path)
    const [one, two] = [imageOf('one'), imageOf('two')]
    await writeImage(store, 'x', one, [])
    await writeImage(store, 'x', two, [])
    const manifests = [named(one.content, 'latest'), named(two.content, 'latest')]
    await writeIndex(path, { schemaVersion: 2, manifests })
    await expect(store.resolve('app', 'latest')).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      hint: expect.stringContaining(one.content.digest),
    })
    expect(await store.resolve('app', two.content.digest)).toEqual(two.content)
  })
})

describe('a blob', () => {
  it('that is cut short is not there, and is put again', async () => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('short')
    await writeImage(store, 'app', image, ['1'])
    for (const { content } of [...image.blobs, image]) {
      await truncate(blobFile(path, content.digest), 3)
      expect(await store.holds('app', content)).toBe(false)
      const fetched = store.fetch('app', content)
      await expect(fetched).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    }
    expect(await store.resolve('app', '1')).toBeUndefined()
    await writeImage(store, 'app', image, ['1'])
    expect((await store.manifest('app', '1'))?.bytes).toEqual(image.bytes)
    expect(await buffer(await store.fetch('app', image.blobs[0]!.content))).toEqual(
      image.blobs[0]!.bytes,
    )
  })

  it('with other bytes of the same length is an error as a manifest', async () => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('rotten')
    await writeImage(store, 'app', image, ['1'])
    await writeFile(blobFile(path, image.content.digest), Buffer.alloc(image.bytes.length, ' '))
    await expect(store.manifest('app', '1')).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('that is gone takes its names with it until it is put again', async () => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('gone')
    await writeImage(store, 'app', image, ['1'])
    await rm(blobFile(path, image.content.digest))
    expect(await store.resolve('app', '1')).toBeUndefined()
    expect(await store.manifest('app', '1')).toBeUndefined()
    await writeImage(store, 'app', image, ['1'])
    expect(await store.resolve('app', '1')).toEqual(image.content)
  })

  it('that is a link is never read', async () => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('linked')
    await writeImage(store, 'app', image, ['1'])
    const secret = join(dirname(path), 'secret')
    for (const { content, bytes } of [...image.blobs, image]) {
      await writeFile(secret, bytes)
      await rm(blobFile(path, content.digest))
      await symlink(secret, blobFile(path, content.digest))
      await expect(store.fetch('app', content)).rejects.toMatchObject({
        code: 'CONTENT_CORRUPT',
        message: expect.stringContaining('link'),
      })
      expect(await store.holds('app', content)).toBe(false)
    }
    const found = store.manifest('app', image.content.digest)
    await expect(found).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    await writeFile(secret, 'kept')
    await writeImage(store, 'app', image, ['1'])
    expect(await readFile(secret, 'utf8')).toBe('kept')
    expect((await store.manifest('app', '1'))?.bytes).toEqual(image.bytes)
  })

  it.each(['blobs', 'blobs/sha256'])('is not read through %s that is a link', async name => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('below')
    await writeImage(store, 'app', image, ['1'])
    const elsewhere = join(dirname(path), 'elsewhere')
    execFileSync('mv', [join(path, name), elsewhere])
    await symlink(elsewhere, join(path, name))
    for (const verb of [
      () => store.fetch('app', image.content),
      () => store.resolve('app', '1'),
      () => store.holds('app', image.content),
      () => writeImage(store, 'app', imageOf('more'), ['2']),
    ]) {
      await expect(verb()).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    }
  })

  it('that is a pipe or a folder is never read', async () => {
    const path = await freshPath()
    const store = await open(path)
    const [pipe, folder] = [blobOf('pipe'), blobOf('folder')]
    await writeImage(store, 'app', imageOf('any'), ['1'])
    execFileSync('mkfifo', [blobFile(path, pipe.content.digest)])
    await mkdir(blobFile(path, folder.content.digest))
    for (const { content } of [pipe, folder]) {
      const fetched = store.fetch('app', content)
      await expect(fetched).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
      expect(await store.holds('app', content)).toBe(false)
    }
  })

  it('left half-written by a killed process does no harm', async () => {
    const path = await freshPath()
    const store = await open(path)
    const image = imageOf('half')
    await writeImage(store, 'app', imageOf('any'), ['1'])
    const { digest } = image.blobs[1]!.content
    const left = join(path, 'blobs', 'sha256', `.${digest.slice(7)}.4711.00ff00ff00ff00ff.tmp`)
    await writeFile(left, 'lay')
    await writeImage(store, 'app', image, ['2'])
    expect(await store.resolve('app', '2')).toEqual(image.content)
    expect(await store.tags('app')).toEqual(['1', '2'])
  })

  it('is not asked for when the layout has it, whatever the repository', async () => {
    const store = await open(await freshPath())
    const { content, bytes } = blobOf('shared')
    await store.write('one', session => session.put(content, async () => bytes))
    const how = await store.write('two', session =>
      session.put(content, () => Promise.reject(new Error('asked'))),
    )
    expect(how).toBe('mounted')
  })
})

describe('links', () => {
  it.each(['index.json', 'oci-layout'])('%s is never followed', async file => {
    const path = await freshPath()
    await writeImage(await open(path), 'app', imageOf('any'), ['1'])
    execFileSync('mv', [join(path, file), join(dirname(path), file)])
    await symlink(join(dirname(path), file), join(path, file))
    const looking = open(path).then(store => store.tags('app'))
    await expect(looking).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
      message: expect.not.stringContaining(dirname(path)),
    })
  })
})

describe('a manifest', () => {
  it('whose parts are missing is refused', async () => {
    const store = await open(await freshPath())
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
    const store = await open(await freshPath())
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
    const store = await open(await freshPath())
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

it('finds referrers that another tool listed under a tag of the subject', async () => {
  const path = await freshPath()
  const store = await open(path)
  const subject = imageOf('subject')
  const own = imageOf('own', { subject: subject.content })
  const listed = { ...imageOf('listed'), artifactType: 'application/vnd.example' }
  await writeImage(store, 'app', subject, ['1'])
  await writeImage(store, 'app', listed, [])
  await writeImage(store, 'app', own, [])
  const index = indexOf([listed, own])
  const tag = subject.content.digest.replace(':', '-')
  await store.write('app', session => session.putManifest(index, [tag]))
  const found = await store.referrers('app', subject.content.digest)
  expect(found.map(({ digest }) => digest)).toEqual([own.content.digest, listed.content.digest])
  await store.write('app', session => session.putManifest(indexOf([]), [tag]))
  expect(await store.referrers('app', subject.content.digest)).toHaveLength(1)
})

it.each([
  ['Upper', '1'],
  ['../etc', '1'],
  ['app', '../1'],
])('refuses to name anything %s:%s', async (repository, tag) => {
  const store = await open(await freshPath())
  const write = writeImage(store, repository, imageOf('bad'), [tag])
  await expect(write).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
})
