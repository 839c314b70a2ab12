/** What every kind of store keeps to. A kind joins with one call of `storeContract`. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { isReferring, type Store } from '../../src/stores/store.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_MANIFEST } from '../../src/oci/media-types.ts'
import {
  blobOf,
  imageOf,
  indexOf,
  manifestOf,
  putImage,
  streamOf,
  writeImage,
  type Blob,
} from '../stores/content.ts'

export interface OpenStore {
  readonly store: Store
  readonly dispose: () => Promise<void>
}

export interface Exceptions {
  /** The store names a manifest when it is put, not when the session ends. */
  readonly tagsAtOnce?: boolean
  /** By the title of a test, why this kind cannot run it. */
  readonly skips?: Readonly<Record<string, string>>
}

interface Given {
  readonly store: Store
  /** Its own, as is all content with `seed` in it: a store may be shared. */
  readonly repository: string
  readonly seed: string
  readonly skip: (reason: string) => void
}

type Body = (given: Given) => Promise<void>

export function storeContract(
  kind: string,
  open: () => Promise<OpenStore>,
  { tagsAtOnce = false, skips = {} }: Exceptions = {},
): void {
  const cases: { readonly title: string; readonly body: Body }[] = []
  const keeps: Keeps = (title, body) => cases.push({ title, body })
  looking(keeps)
  writing(keeps)
  failing(keeps, tagsAtOnce)
  sharing(keeps)
  referring(keeps)

  describe(`${kind} keeps the store contract`, () => {
    it.for(cases)('$title', async ({ title, body }, { skip }) => {
      const reason = skips[title]
      if (reason !== undefined) skip(reason)
      expect.hasAssertions()
      const { store, dispose } = await open()
      try {
        const seed = randomBytes(6).toString('hex')
        await body({ store, repository: `contract/r${seed}`, seed, skip })
      } finally {
        await dispose()
      }
    })
  })
}

type Keeps = (title: string, body: Body) => unknown

function looking(keeps: Keeps): void {
  keeps('gives back what was put', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1.0'])
    expect(await store.resolve(repository, '1.0')).toMatchObject(image.content)
    expect(await store.resolve(repository, image.content.digest)).toMatchObject(image.content)
    for (const reference of ['1.0', image.content.digest]) {
      const found = await store.manifest(repository, reference)
      expect(found?.content).toMatchObject(image.content)
      expect(found?.bytes.equals(image.bytes)).toBe(true)
    }
    for (const { content, bytes } of image.blobs) {
      expect(await buffer(await store.fetch(repository, content))).toEqual(bytes)
    }
  })

  keeps('says nothing of what is not there', async ({ store, repository, seed }) => {
    const absent = imageOf(`${seed} absent`).content
    expect(await store.tags(repository)).toBeUndefined()
    expect(await store.resolve(repository, '1.0')).toBeUndefined()
    expect(await store.manifest(repository, '1.0')).toBeUndefined()

    await writeImage(store, repository, imageOf(seed), ['1.0'])
    expect(await store.tags(`${repository}-other`)).toBeUndefined()
    for (const reference of ['1.1', absent.digest]) {
      expect(await store.resolve(repository, reference)).toBeUndefined()
      expect(await store.manifest(repository, reference)).toBeUndefined()
    }
  })

  keeps('does not take a blob for a manifest', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1.0'])
    for (const { content } of image.blobs) {
      expect(await store.resolve(repository, content.digest)).toBeUndefined()
    }
  })

  keeps('refuses to give a blob that it lacks', async ({ store, repository, seed }) => {
    await writeImage(store, repository, imageOf(seed), ['1.0'])
    const { content } = blobOf(`${seed} absent`)
    const fetched = store.fetch(repository, content)
    await expect(fetched).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
  })

  keeps('stops giving a blob when told to', async ({ store, repository, seed }) => {
    const big = blobOf(seed.repeat(100_000))
    await putBlobs(store, repository, [big])
    const stop = new AbortController()
    const stream = await store.fetch(repository, big.content, { signal: stop.signal })
    const ended = buffer(stream)
    stop.abort()
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' })
  })

  keeps('lists every tag', async ({ store, repository, seed }) => {
    const tags = Array.from({ length: 40 }, (_, index) => `v${(index * 7) % 40}`)
    await writeImage(store, repository, imageOf(seed), tags)
    expect(new Set(await store.tags(repository))).toEqual(new Set(tags))
    expect(await store.tags(repository)).toHaveLength(tags.length)
  })
}

function writing(keeps: Keeps): void {
  keeps('names a manifest without any tag by its digest', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, [])
    expect(await store.resolve(repository, image.content.digest)).toMatchObject(image.content)
    expect((await store.tags(repository)) ?? []).toEqual([])
  })

  keeps('moves a tag', async ({ store, repository, seed }) => {
    const [one, two] = [imageOf(`${seed} 1`), imageOf(`${seed} 2`)]
    await writeImage(store, repository, one, ['latest', '1'])
    await writeImage(store, repository, two, ['latest', '2'])
    expect(await store.resolve(repository, 'latest')).toMatchObject(two.content)
    expect(await store.resolve(repository, '1')).toMatchObject(one.content)
    expect((await store.tags(repository))?.toSorted()).toEqual(['1', '2', 'latest'])
  })

  keeps('names what is there already', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1'])
    const found = await store.manifest(repository, '1')
    await store.write(repository, session => session.putManifest(found!, ['2', '3']))
    for (const tag of ['1', '2', '3']) {
      expect(await store.resolve(repository, tag)).toMatchObject(image.content)
    }
  })

  keeps('keeps an index and its children', async ({ store, repository, seed }) => {
    const images = [imageOf(`${seed} 1`), imageOf(`${seed} 2`)]
    const index = indexOf(images)
    await store.write(repository, async session => {
      for (const image of images) await putImage(session, image, [])
      await session.putManifest(index, ['multi'])
    })
    expect(await store.resolve(repository, 'multi')).toMatchObject(index.content)
    for (const { content, bytes } of images) {
      const found = await store.manifest(repository, content.digest)
      expect(found?.content).toMatchObject(content)
      expect(found?.bytes.equals(bytes)).toBe(true)
    }
    expect(await store.tags(repository)).toEqual(['multi'])
  })

  keeps('keeps the bytes of a manifest as they are', async ({ store, repository, seed }) => {
    const { blobs } = imageOf(seed)
    const [config, layer] = blobs.map(({ content }) => JSON.stringify(content))
    const text = `{\n\t"layers" : [ ${layer}],"x-a":1.0,\r\n "config":${config} ,
      "mediaType":"${OCI_MANIFEST.replace('/', '\\/')}", "schemaVersion": 2, "annotations":{"é":"\\u00e9"}}\n\n`
    const odd = { ...manifestOf(text), blobs }
    await writeImage(store, repository, odd, ['odd'])
    expect((await store.manifest(repository, 'odd'))?.bytes.toString()).toBe(text)
  })

  keeps('knows what it has', async ({ store, repository, seed }) => {
    const image = imageOf(seed)
    const absent = blobOf(`${seed} absent`)
    await writeImage(store, repository, image, ['1'])
    await store.write(repository, async session => {
      expect(await session.has(image.content)).toBe(true)
      for (const { content } of image.blobs) expect(await session.has(content)).toBe(true)
      expect(await session.has(absent.content)).toBe(false)
      expect(await session.has(imageOf(`${seed} absent`).content)).toBe(false)
    })
  })

  keeps('takes a stream, and an empty blob', async ({ store, repository, seed }) => {
    const long = blobOf([seed, seed, seed].join(''))
    const empty = blobOf('')
    await store.write(repository, async session => {
      await session.put(long.content, async () => streamOf([seed, seed, seed]))
      await session.put(empty.content, async () => streamOf([]))
    })
    expect(await buffer(await store.fetch(repository, long.content))).toEqual(long.bytes)
    expect(await buffer(await store.fetch(repository, empty.content))).toEqual(empty.bytes)
  })

  keeps('takes more than fits into one chunk', async ({ store, repository, seed }) => {
    const chunk = seed.repeat(30_000)
    const chunks = [chunk, chunk, chunk, chunk]
    const big = blobOf(chunks.join(''))
    await store.write(repository, session => session.put(big.content, async () => streamOf(chunks)))
    expect((await buffer(await store.fetch(repository, big.content))).equals(big.bytes)).toBe(true)
  })

  keeps('keeps sha512 blobs', async ({ store, repository, seed }) => {
    const long = blobOf(seed, { algorithm: 'sha512' })
    await putBlobs(store, repository, [long])
    expect(await buffer(await store.fetch(repository, long.content))).toEqual(long.bytes)
    await store.write(repository, async session => {
      expect(await session.has(long.content)).toBe(true)
    })
  })

  keeps('gives what the session gives', async ({ store, repository }) => {
    expect(await store.write(repository, async () => 42)).toBe(42)
  })
}

function failing(keeps: Keeps, tagsAtOnce: boolean): void {
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

  keeps('begins nothing when told to stop before', async ({ store, repository }) => {
    const write = store.write(repository, async () => 42, { signal: AbortSignal.abort() })
    await expect(write).rejects.toMatchObject({ name: 'AbortError' })
  })
}

function sharing(keeps: Keeps): void {
  keeps('links from another repository', async ({ store, repository, seed }) => {
    const blob = blobOf(seed)
    await putBlobs(store, `${repository}-from`, [blob])
    let asked = 0
    await store.write(repository, session =>
      session.put(
        blob.content,
        async () => {
          asked++
          return blob.bytes
        },
        `${repository}-from`,
      ),
    )
    expect(asked).toBeLessThanOrEqual(1)
    expect(await has(store, repository, blob.content)).toBe(true)
    expect(await buffer(await store.fetch(repository, blob.content))).toEqual(blob.bytes)
  })

  keeps('uploads where there is nothing to link', async ({ store, repository, seed }) => {
    const blob = blobOf(seed)
    await store.write(repository, session =>
      session.put(blob.content, async () => blob.bytes, `${repository}-not-there`),
    )
    expect(await has(store, repository, blob.content)).toBe(true)
  })

  keeps('takes sessions side by side', async ({ store, repository, seed }) => {
    const images = Array.from({ length: 12 }, (_, index) => imageOf(`${seed} ${index}`))
    await Promise.all(
      images.map((image, index) => writeImage(store, repository, image, [`v${index}`])),
    )
    expect(await store.tags(repository)).toHaveLength(images.length)
    for (const [index, image] of images.entries()) {
      expect(await store.resolve(repository, `v${index}`)).toMatchObject(image.content)
    }
  })

  keeps('takes one blob twice at once', async ({ store, repository, seed }) => {
    const blob = blobOf(seed.repeat(10_000))
    const halves = [blob.bytes.toString().slice(0, 7), blob.bytes.toString().slice(7)]
    await store.write(repository, session =>
      Promise.all([
        session.put(blob.content, async () => streamOf(halves)),
        session.put(blob.content, async () => streamOf(halves)),
        session.put(blob.content, async () => blob.bytes),
      ]),
    )
    expect((await buffer(await store.fetch(repository, blob.content))).equals(blob.bytes)).toBe(
      true,
    )
  })
}

function referring(keeps: Keeps): void {
  keeps('knows what refers to a manifest', async ({ store, repository, seed, skip }) => {
    if (!isReferring(store)) return skip('this kind does not tell what refers to what')
    const subject = imageOf(seed)
    const annotations = { 'org.example.seed': seed }
    const signature = imageOf(`${seed} sig`, {
      subject: subject.content,
      artifactType: 'application/vnd.example.signature',
      annotations,
    })
    const sbom = imageOf(`${seed} sbom`, { subject: subject.content })
    await writeImage(store, repository, subject, [])
    expect(await store.referrers(repository, subject.content.digest)).toEqual([])

    await writeImage(store, repository, signature, [])
    await writeImage(store, repository, sbom, ['sbom'])
    const found = await store.referrers(repository, subject.content.digest)
    expect(found.toSorted((a, b) => a.size - b.size)).toEqual([
      { ...sbom.content, artifactType: OCI_CONFIG },
      { ...signature.content, artifactType: 'application/vnd.example.signature', annotations },
    ])
    expect(await store.referrers(repository, sbom.content.digest)).toEqual([])
  })

  keeps('takes a referrer before its subject', async ({ store, repository, seed, skip }) => {
    if (!isReferring(store)) return skip('this kind does not tell what refers to what')
    const subject = imageOf(seed)
    const signature = imageOf(`${seed} sig`, { subject: subject.content })
    await writeImage(store, repository, signature, [])
    const found = await store.referrers(repository, subject.content.digest)
    expect(found.map(({ digest }) => digest)).toEqual([digestOf(signature.bytes)])
  })
}

function putBlobs(store: Store, repository: string, blobs: readonly Blob[]): Promise<void> {
  return store.write(repository, async session => {
    for (const { content, bytes } of blobs) await session.put(content, async () => bytes)
  })
}

function has(store: Store, repository: string, content: Blob['content']): Promise<boolean> {
  return store.write(repository, session => session.has(content))
}
