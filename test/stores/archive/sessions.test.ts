import { mkdir, readdir, readFile, utimes, watch, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { fallbackTag } from '../../../src/oci/referrers.ts'
import { identify, markOf } from '../../../src/util/holder.ts'
import { makeImage } from '../../support/images.ts'
import { OWNER } from '../../support/owner.ts'
import { blobOf, imageOf, indexOf, putImage, streamOf, writeImage } from '../content.ts'
import { IMAGE, OTHER } from './forms.ts'
import { putTestImage, writeTestImage as put } from './images.ts'
import { freshPath, openAt } from './opening.ts'

describe('several sessions', () => {
  it('of several repositories are there at one moment, and not before', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'first', IMAGE, ['1'])
    const before = await readFile(path)
    const result = await store.together(async bundle => {
      await put(bundle, 'second', OTHER, ['1'])
      await put(bundle, 'third', IMAGE, ['1'])
      expect((await readFile(path)).equals(before)).toBe(true)
      expect(await bundle.tags('second')).toBeUndefined()
      expect(await store.tags('second')).toBeUndefined()
      return 42
    })
    expect(result).toBe(42)
    for (const repository of ['first', 'second', 'third']) {
      expect(await store.tags(repository)).toEqual(['1'])
    }
  })

  it('leave nothing when what they are in fails', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    const failing = store.together(async bundle => {
      await put(bundle, 'app', IMAGE, ['1'])
      throw new Error('cut')
    })
    await expect(failing).rejects.toThrow('cut')
    expect(await store.tags('app')).toBeUndefined()
    await store.close()
    expect(await readdir(dirname(path))).toEqual([])
  })

  it('of two programs lose nothing of each other', async () => {
    const path = await freshPath()
    const stores = await Promise.all([1, 2, 3].map(() => openAt(path)))
    await Promise.all(
      stores.flatMap((store, at) =>
        [1, 2, 3].map(n => writeImage(store, 'app', imageOf(`${at} ${n}`), [`v${at}-${n}`])),
      ),
    )
    for (const store of stores) expect(await store.tags('app')).toHaveLength(9)
  })

  it('keep what another one counts on while it lasts', async () => {
    const store = await openAt(await freshPath())
    const [old, other] = [imageOf('old'), imageOf('other')]
    const layer = old.blobs[1]!
    await writeImage(store, 'app', old, ['1'])
    const image = imageOf('next', { layers: [layer.content] })
    await store.write('app', async session => {
      expect(await session.has(layer.content)).toBe(true)
      // takes the last name away from the image that has the layer
      await writeImage(store, 'app', other, ['1'])
      for (const { content, bytes } of image.blobs) await session.put(content, async () => bytes)
      await session.putManifest(image, ['2'])
    })
    expect(await buffer(await store.fetch('app', layer.content))).toEqual(layer.bytes)
    await store.remove('app', '2')
    expect(await store.holds('app', layer.content)).toBe(false)
  })

  it('refuse a manifest whose parts went while they lasted', async () => {
    const path = await freshPath()
    const [one, two] = [await openAt(path), await openAt(path)]
    const old = imageOf('old')
    await writeImage(one, 'app', old, ['1'])
    const image = imageOf('next', { layers: [old.blobs[1]!.content] })
    const write = one.write('app', async session => {
      for (const { content, bytes } of image.blobs) await session.put(content, async () => bytes)
      await session.putManifest(image, ['2'])
      await two.remove('app', '1')
    })
    await expect(write).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
    expect(await one.tags('app')).toBeUndefined()
  })
})

describe('a fresh archive', () => {
  it('leaves what was there until something takes its place', async () => {
    const path = await freshPath()
    await put(await openAt(path), 'old', IMAGE, ['1'])
    const before = await readFile(path)
    const store = await openAt(path, { fresh: true })
    expect(await store.images()).toBeUndefined()
    expect(await store.tags('old')).toBeUndefined()
    const failing = store.write('new', async session => {
      await putTestImage(session, OTHER, ['1'])
      throw new Error('cut')
    })
    await expect(failing).rejects.toThrow('cut')
    expect((await readFile(path)).equals(before)).toBe(true)

    await put(store, 'new', OTHER, ['1'])
    await put(store, 'more', OTHER, ['1'])
    expect(await store.tags('old')).toBeUndefined()
    expect((await store.images())?.map(({ repository }) => repository)).toEqual(['more', 'new'])
  })

  it('may take the place of what cannot be read', async () => {
    const path = await freshPath()
    await writeFile(path, 'no archive')
    await put(await openAt(path, { fresh: true }), 'app', IMAGE, ['1'])
    expect(await (await openAt(path)).tags('app')).toEqual(['1'])
  })
})

describe('nothing is left', () => {
  it('of a commit that is stopped, and the file stays', async () => {
    const path = await freshPath()
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['1'])
    const before = await readFile(path)
    const big = blobOf('x'.repeat(64 * 1024 * 1024))
    const image = imageOf('big', { layers: [big.content] })
    const stop = new AbortController()
    const { signal } = stop
    const write = store.write(
      'app',
      async session => {
        await session.put(big.content, async () => big.bytes)
        await putImage(session, image, ['2'])
        void untilWriting(path).then(() => stop.abort())
      },
      { signal },
    )
    await expect(write).rejects.toMatchObject({ name: 'AbortError' })
    expect((await readFile(path)).equals(before)).toBe(true)
    expect(await store.tags('app')).toEqual(['1'])
    await store.close()
    expect(await readdir(dirname(path))).toEqual([basename(path)])
  })

  it('of a dead process, and what a live one writes stays', async () => {
    const path = await freshPath()
    const self = await identify(OWNER)
    const leftBy = (mark: string, hex: string) =>
      join(dirname(path), `.${basename(path)}.${mark}.${hex.repeat(16)}.tmp`)
    // above the greatest id that Linux gives
    const dead = markOf({ ...self, pid: 4_194_305 })
    const gone = [leftBy(dead, 'a'), leftBy(dead, 'b')]
    const kept = [leftBy(markOf(self), 'c'), leftBy(markOf({ ...self, host: 'elsewhere' }), 'd')]
    const silent = leftBy(markOf({ ...self, host: 'elsewhere' }), 'e')
    await mkdir(gone[0]!)
    await writeFile(join(gone[0]!, 'blob'), 'half')
    for (const file of [gone[1]!, ...kept, silent]) await writeFile(file, 'half')
    const yesterday = new Date(Date.now() - 25 * 3_600_000)
    await utimes(silent, yesterday, yesterday)
    const store = await openAt(path)
    await put(store, 'app', IMAGE, ['1'])
    await store.close()
    const left = (await readdir(dirname(path))).map(name => join(dirname(path), name))
    expect(left.filter(name => name.endsWith('.tmp')).toSorted()).toEqual(kept.toSorted())
  })
})

/** Resolves when the next file has begun to be written. */
async function untilWriting(path: string): Promise<void> {
  const isNext = /^\.images\.tar\.[^.]+\.[0-9a-f]{16}\.tmp$/
  for await (const { filename } of watch(dirname(path))) if (isNext.test(filename ?? '')) return
}

it('referrers are found by their subject, and where other tools list them', async () => {
  const store = await openAt(await freshPath())
  const subject = imageOf('subject')
  const signature = imageOf('signature', { subject: subject.content })
  const listed = imageOf('listed')
  await writeImage(store, 'app', subject, ['1'])
  await writeImage(store, 'app', signature, [])
  await writeImage(store, 'app', listed, [])
  const tag = fallbackTag(subject.content.digest)
  await store.write('app', session => session.putManifest(indexOf([listed]), [tag]))
  const found = await store.referrers('app', subject.content.digest)
  expect(found.map(({ digest }) => digest)).toEqual([
    signature.content.digest,
    listed.content.digest,
  ])
  expect((await store.images())?.map(image => image.tag)).toEqual(['1', tag])
})

it('a stream that is put is not in memory', async () => {
  const store = await openAt(await freshPath())
  const size = 64 * 1024 * 1024
  const image = await makeImage({ seed: 'large', layers: [{ size }] })
  let most = 0
  const sample = () => (most = Math.max(most, process.memoryUsage().arrayBuffers))
  const before = process.memoryUsage().arrayBuffers
  await store.write('app', async session => {
    await putTestImage(session, image, ['1'])
    sample()
  })
  const [digest, layer] = [...image.large][0]!
  const content = { mediaType: 'x/y', digest, size: layer.size }
  const read = await store.fetch('app', content)
  let total = 0
  for await (const chunk of read) {
    total += (chunk as Buffer).length
    sample()
  }
  expect(total).toBe(layer.size)
  expect(most - before).toBeLessThan(size / 2)
})

it('a put that fails leaves no file', async () => {
  const path = await freshPath()
  const store = await openAt(path)
  const { content } = blobOf('right')
  await store
    .write('app', session => session.put(content, async () => streamOf(['wrong'])))
    .catch(() => undefined)
  const [folder, ...more] = await readdir(dirname(path))
  expect(more).toEqual([])
  expect(await readdir(join(dirname(path), folder!))).toEqual([])
})
