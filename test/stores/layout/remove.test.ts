import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { Manifested } from '../../../src/stores/store.ts'
import { acquireLock } from '../../../src/stores/lock.ts'
import { identify } from '../../../src/util/holder.ts'
import { OWNER } from '../../support/owner.ts'
import { imageOf, indexOf, putImage, writeImage } from '../content.ts'
import { blobFile, freshPath, namesIn, openLocal, readIndex, writeIndex } from './folder.ts'

const one = imageOf('one')
const two = imageOf('two')

const named = (name: string, { content }: Manifested) => ({
  ...content,
  annotations: { 'org.opencontainers.image.ref.name': name },
})

/** A layout with both images, whose `index.json` somebody else wrote. */
async function foreign(manifests: readonly unknown[]) {
  const path = await freshPath()
  const store = await openLocal(path)
  for (const image of [one, two]) await writeImage(store, 'any', image, ['1'])
  await writeIndex(path, { schemaVersion: 2, 'x-mine': true, manifests })
  return { path, store }
}

describe('a tag', () => {
  it('goes with its entry, what else is in the file and under blobs/ staying as it is', async () => {
    const kept = { ...named('app:2', two), 'x-more': [1] }
    const { path, store } = await foreign([named('app:1', one), kept])
    await store.remove('app', '1')
    expect(await readIndex(path)).toEqual({ schemaVersion: 2, 'x-mine': true, manifests: [kept] })
    expect(await store.resolve('app', one.content.digest)).toEqual(one.content)
    for (const { content, bytes } of one.blobs) {
      expect(await buffer(await store.fetch('app', content))).toEqual(bytes)
    }
  })

  it.each([
    ['every entry that says the same', ['app:1', 'app:1', 'app:2'], ['app:2']],
    ['a bare one, being of whichever repository is asked for', ['1', '2'], ['2']],
    ['a bare one of the only repository', ['1', 'app:2'], ['app:2']],
    ['a bare one that a full name hides', ['1', 'app:1', 'app:2'], ['app:2']],
    [
      'not a bare one that nobody can tell the owner of',
      ['1', 'app:2', 'lib:1'],
      ['1', 'app:2', 'lib:1'],
    ],
    ['not one of another repository', ['lib:1'], ['lib:1']],
  ])('takes %s', async (_, names, left) => {
    const { path, store } = await foreign(names.map(name => named(name, one)))
    await store.remove('app', '1')
    expect(namesIn(await readIndex(path))).toEqual(left)
    expect((await store.tags('app')) ?? []).not.toContain('1')
  })

  it.each([
    ['names two images', [named('app:1', one), named('app:1', two)]],
    ['hides another image', [named('app:1', one), named('1', two)]],
  ])('that %s stays', async (_, manifests) => {
    const { path, store } = await foreign(manifests)
    await expect(store.remove('app', '1')).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: 'local/app:1 names several images',
    })
    expect((await readIndex(path)).manifests).toEqual(manifests)
  })

  it('whose image is gone goes all the same', async () => {
    const { path, store } = await foreign([named('app:1', one)])
    await rm(blobFile(path, one.content.digest))
    await store.remove('app', '1')
    expect((await readIndex(path)).manifests).toEqual([])
  })

  it('that is not there makes no layout', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
    for (const reference of ['1', one.content.digest]) await store.remove('app', reference)
    await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('stays when told to stop while another process writes', async () => {
    const { path, store } = await foreign([named('app:1', one)])
    const lock = {
      path: join(path, 'index.json.lock'),
      store: 'local',
      self: await identify(OWNER),
    }
    await using _lock = await acquireLock(lock)
    const stop = new AbortController()
    const removal = store.remove('app', '1', { signal: stop.signal })
    setImmediate(() => stop.abort())
    await expect(removal).rejects.toMatchObject({ name: 'AbortError' })
    expect(namesIn(await readIndex(path))).toEqual(['app:1'])
  })
})

describe('a manifest', () => {
  it('loses the entry that only kept it, and can be read until the layout is swept', async () => {
    const { path, store } = await foreign([one.content, named('app:2', two)])
    await store.remove('app', one.content.digest)
    expect(namesIn(await readIndex(path))).toEqual(['app:2'])
    expect(await store.resolve('app', one.content.digest)).toEqual(one.content)
  })

  it.each([
    ['a tag of any repository', 'lib:1', 'lib:1 names it'],
    ['a name that is no tag', 'something else', 'something else names it'],
  ])('stays where it has %s', async (_, name, reason) => {
    const manifests = [one.content, named(name, one)]
    const { path, store } = await foreign(manifests)
    await expect(store.remove('app', one.content.digest)).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: `local/app@${one.content.digest} has to stay: ${reason}`,
    })
    expect((await readIndex(path)).manifests).toEqual(manifests)
  })

  it.each([
    [['multi'], 'app:multi'],
    [[], indexOf([one]).content.digest],
  ])('stays where an index named %j needs it', async (tags, shown) => {
    const path = await freshPath()
    const store = await openLocal(path)
    const index = indexOf([one])
    await store.write('app', async session => {
      await putImage(session, one, [])
      await session.putManifest(index, tags)
    })
    const { manifests } = await readIndex(path)
    const entries = [...manifests, one.content, ...(tags.length === 0 ? [index.content] : [])]
    await writeIndex(path, { schemaVersion: 2, manifests: entries })
    await expect(store.remove('app', one.content.digest)).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: expect.stringContaining(`it is part of ${shown}`),
    })
    expect((await readIndex(path)).manifests).toEqual(entries)
  })

  it.each([
    ['an index is gone', indexOf([two])],
    ['an index in an index is gone', indexOf([indexOf([two])])],
  ])('stays where %s, since that may need it', async (_, index) => {
    const { path, store } = await foreign([one.content])
    await store.write('app', session => session.putManifest(indexOf([two]), ['inner']))
    await store.write('app', session => session.putManifest(index, ['multi']))
    await rm(blobFile(path, indexOf([two]).content.digest))
    const before = await readIndex(path)
    await expect(store.remove('app', one.content.digest)).rejects.toMatchObject({
      code: 'CONTENT_MISSING',
      message: expect.stringMatching(/what sha256:\w+ needs cannot be told/),
    })
    expect(await readIndex(path)).toEqual(before)
  })
})
