import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imageOf, indexOf, putImage, writeImage } from '../content.ts'
import { freshPath, namesIn, openLocal, readIndex, strayFiles, writeIndex } from './folder.ts'

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
    const store = await openLocal(path)
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
    const store = await openLocal(path)
    await writeImage(store, 'app', imageOf('gone'), ['1'])
    await rm(join(path, 'index.json'))
    await expect(store.tags('app')).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('keeps what others wrote', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
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
    const store = await openLocal(path)
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
    const store = await openLocal(path)
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
    const [one, two] = [await openLocal(path), await openLocal(path)]
    await writeImage(one, 'app', imageOf('1'), ['1'])
    await writeImage(two, 'app', imageOf('2'), ['2'])
    await writeImage(one, 'lib', imageOf('3'), ['3'])
    expect(await one.tags('app')).toEqual(['1', '2'])
    expect(await two.tags('lib')).toEqual(['3'])
  })

  it('lists a referrer once, without a name', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
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
    const store = await openLocal(path)
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
    const store = await openLocal(path)
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

it('finds referrers that another tool listed under a tag of the subject', async () => {
  const path = await freshPath()
  const store = await openLocal(path)
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
