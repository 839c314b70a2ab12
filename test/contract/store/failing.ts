import { once } from 'node:events'
import { Readable } from 'node:stream'
import { expect } from 'vitest'
import { blobOf, imageOf, putImage, streamOf } from '../../stores/content.ts'
import { has, type Keeps } from './cases.ts'

export function failing(keeps: Keeps, tagsAtOnce: boolean): void {
  keeps('shows no tag from a session that threw', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    const write = store.write(repository, async session => {
      await putImage(session, image, tagsAtOnce ? [] : ['1.0'])
      throw new Error('cut')
    })
    await expect(write).rejects.toThrow('cut')
    expect(await store.resolve(repository, '1.0')).toBeUndefined()
    expect((await store.tags(repository)) ?? []).toEqual([])
  })

  const wrong: readonly [string, (seed: string) => readonly string[]][] = [
    ['other bytes', seed => [seed.toUpperCase()]],
    ['too few bytes', seed => [seed.slice(1)]],
    ['no bytes', () => []],
    ['too many bytes', seed => [seed, '!']],
  ]
  for (const [what, chunks] of wrong) {
    keeps(`refuses ${what} and keeps nothing`, async ({ store, repository, seed }) => {
      const text = `x${seed}`
      const { content } = blobOf(text)
      const asStream = async () => streamOf(chunks(text))
      const asBuffer = async () => Buffer.from(chunks(text).join(''))
      for (const source of [asStream, asBuffer]) {
        const write = store.write(repository, session => session.put(content, source))
        await expect(write).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
      }
      expect(await has(store, repository, content)).toBe(false)
    })
  }

  keeps('refuses a manifest that is not what it is said to be', async given => {
    const { store, repository, seed } = given
    const image = imageOf(seed)
    const write = store.write(repository, async session => {
      for (const { content, bytes } of image.blobs) await session.put(content, async () => bytes)
      const bytes = Buffer.from(`${image.bytes.toString()} `)
      await session.putManifest({ content: image.content, bytes }, ['1.0'])
    })
    await expect(write).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
    expect(await store.resolve(repository, '1.0')).toBeUndefined()
  })

  keeps('passes on the error of a stream and keeps nothing', async given => {
    const { store, repository, seed } = given
    const { content } = blobOf(`${seed}${seed}`)
    const error = new Error('the source broke')
    const write = store.write(repository, session =>
      session.put(content, async () => streamOf([seed], error)),
    )
    await expect(write).rejects.toBe(error)
    expect(await has(store, repository, content)).toBe(false)
  })

  keeps('passes on the error of a source that does not come', async given => {
    const { store, repository, seed } = given
    const error = new Error('no source')
    const write = store.write(repository, session =>
      session.put(blobOf(seed).content, () => Promise.reject(error)),
    )
    await expect(write).rejects.toBe(error)
  })

  keeps('stops when told to and keeps nothing', async ({ store, repository, seed }) => {
    const { content } = blobOf(`${seed}${seed}`)
    const stop = new AbortController()
    const endless = new Readable({ read() {} })
    endless.push(seed)
    const closed = once(endless, 'close').catch(() => undefined)
    const write = store.write(
      repository,
      session => {
        const put = session.put(content, async () => {
          setImmediate(() => stop.abort())
          return endless
        })
        return put
      },
      { signal: stop.signal },
    )
    await expect(write).rejects.toMatchObject({ name: 'AbortError' })
    await closed
    expect(await has(store, repository, content)).toBe(false)
  })

  keeps('shows no tag that was not put before the session was stopped', async given => {
    const { store, repository, seed } = given
    const stop = new AbortController()
    const { signal } = stop
    const write = store.write(
      repository,
      async session => {
        if (tagsAtOnce) stop.abort()
        await putImage(session, imageOf(seed), ['1.0'])
        stop.abort()
      },
      { signal },
    )
    await expect(write).rejects.toMatchObject({ name: 'AbortError' })
    expect(await store.resolve(repository, '1.0')).toBeUndefined()
  })

  keeps('begins nothing when told to stop before', async ({ store, repository }) => {
    const write = store.write(repository, async () => 42, { signal: AbortSignal.abort() })
    await expect(write).rejects.toMatchObject({ name: 'AbortError' })
  })
}
