import { execFileSync } from 'node:child_process'
import { mkdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { blobOf, imageOf, writeImage } from '../content.ts'
import { blobFile, freshPath, openLocal } from './folder.ts'

describe('a blob', () => {
  it('that is cut short is not there, and is put again', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
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
    const store = await openLocal(path)
    const image = imageOf('rotten')
    await writeImage(store, 'app', image, ['1'])
    await writeFile(blobFile(path, image.content.digest), Buffer.alloc(image.bytes.length, ' '))
    await expect(store.manifest('app', '1')).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('with other bytes of the same length is an error by its digest', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
    const image = imageOf('rotten')
    await writeImage(store, 'app', image, [])
    const { digest } = image.content
    await writeFile(blobFile(path, digest), image.bytes.toString().replace('layer', 'Layer'))
    await expect(store.resolve('app', digest)).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  })

  it('that is gone takes its names with it until it is put again', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
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
    const store = await openLocal(path)
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
    const store = await openLocal(path)
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
    const store = await openLocal(path)
    const [pipe, folder] = [blobOf('pipe'), blobOf('folder')]
    await writeImage(store, 'app', imageOf('any'), ['1'])
    execFileSync('mkfifo', [blobFile(path, pipe.content.digest)])
    await mkdir(blobFile(path, folder.content.digest))
    for (const { content } of [pipe, folder]) {
      const fetched = store.fetch('app', content)
      await expect(fetched).rejects.toThrow(/^local: blobs\/sha256\/[0-9a-f]{64} is not a file$/)
      expect(await store.holds('app', content)).toBe(false)
    }
  })

  it('left half-written by a killed process does no harm', async () => {
    const path = await freshPath()
    const store = await openLocal(path)
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
    const store = await openLocal(await freshPath())
    const { content, bytes } = blobOf('shared')
    await store.write('one', session => session.put(content, async () => bytes))
    const how = await store.write('two', session =>
      session.put(content, () => Promise.reject(new Error('asked'))),
    )
    expect(how).toBe('mounted')
  })
})
