import { access, unlink, writeFile } from 'node:fs/promises'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Digest } from '../../../src/oci/digest.ts'
import { acquireLock } from '../../../src/stores/lock.ts'
import { show } from '../../../src/stores/layout/presence.ts'
import { openLayout } from '../../../src/stores/layout/store.ts'
import { identify, markOf } from '../../../src/util/holder.ts'
import { OWNER } from '../../support/owner.ts'
import { blobOf, imageOf, indexOf, putImage, writeImage, type Image } from '../content.ts'
import { blobFile, freshPath, openLocal, readIndex, strayFiles, writeIndex } from './folder.ts'

const HOUR_MS = 3_600_000
const graceMs = HOUR_MS

/** The same layout, looked at when everything in it is older than `graceMs`. */
const openLater = (path: string, now = () => new Date(Date.now() + 2 * HOUR_MS)) =>
  openLayout({ name: 'local', path, owner: { ...OWNER, now } })

const digestsOf = ({ content, blobs }: Image): Digest[] =>
  [content, ...blobs.map(blob => blob.content)].map(({ digest }) => digest)

async function areThere(path: string, digests: readonly Digest[]): Promise<boolean[]> {
  return Promise.all(
    digests.map(digest =>
      access(blobFile(path, digest)).then(
        () => true,
        () => false,
      ),
    ),
  )
}

/** An image that was named once, and one that is still. */
async function swept() {
  const path = await freshPath()
  const [kept, gone] = [imageOf('kept'), imageOf('gone')]
  const store = await openLocal(path)
  await writeImage(store, 'app', kept, ['1'])
  await writeImage(store, 'app', gone, ['2'])
  await store.remove('app', '2')
  return { path, store, kept, gone }
}

describe('a sweep', () => {
  it('removes what nothing reaches, and leaves no other trace', async () => {
    const { path, kept, gone } = await swept()
    const { removed, left } = await (await openLater(path)).sweep({ graceMs })
    expect(removed.map(({ digest }) => digest)).toEqual(digestsOf(gone).toSorted())
    expect(removed.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(gone.content.size)
    expect(left).toEqual([])
    expect(await areThere(path, digestsOf(gone))).toEqual([false, false, false])
    expect(await areThere(path, digestsOf(kept))).toEqual([true, true, true])
    expect(await strayFiles(path)).toEqual([])
  })

  it('leaves what is younger than the grace', async () => {
    const { path, store, gone } = await swept()
    const { removed, left } = await store.sweep({ graceMs })
    expect(removed).toEqual([])
    expect(left.map(({ digest }) => digest)).toEqual(digestsOf(gone).toSorted())
    expect(await areThere(path, digestsOf(gone))).toEqual([true, true, true])
  })

  it('takes what the caller knows, and nothing else, however young', async () => {
    const { path, store, kept, gone } = await swept()
    const among = new Set([gone.content.digest, kept.content.digest])
    const { removed } = await store.sweep({ graceMs, among })
    expect(removed.map(({ digest }) => digest)).toEqual([gone.content.digest])
    expect(await areThere(path, digestsOf(gone))).toEqual([false, true, true])
    expect(await areThere(path, digestsOf(kept))).toEqual([true, true, true])
  })

  it('only looks, when told to', async () => {
    const { path, gone } = await swept()
    const { removed } = await (await openLater(path)).sweep({ graceMs, dryRun: true })
    expect(removed).toHaveLength(3)
    expect(await areThere(path, digestsOf(gone))).toEqual([true, true, true])
  })

  it('makes no folder where there is none', async () => {
    const path = await freshPath()
    expect(await (await openLocal(path)).sweep({ graceMs })).toEqual({ removed: [], left: [] })
    await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('keeps what is in an index, what refers to an image, and what is not known', async () => {
    const { path, store, kept } = await swept()
    const [child, about] = [imageOf('child'), imageOf('about', { subject: kept.content })]
    const index = indexOf([child])
    await store.write('multi', async session => {
      await putImage(session, child, [])
      await session.putManifest(index, ['1'])
    })
    await writeImage(store, 'app', about, [])
    const part = blobOf('a part of something new')
    const strange = blobOf(JSON.stringify({ blobs: [part.content] }), { mediaType: 'x/strange' })
    for (const { content, bytes } of [part, strange])
      await writeFile(blobFile(path, content.digest), bytes)
    const raw = await readIndex(path)
    await writeIndex(path, { ...raw, manifests: [...raw.manifests, strange.content] })

    await (await openLater(path)).sweep({ graceMs })
    const all = [
      ...digestsOf(child),
      ...digestsOf(about),
      index.content.digest,
      part.content.digest,
      strange.content.digest,
    ]
    expect(await areThere(path, all)).toEqual(all.map(() => true))
  })

  it('leaves files alone that are no blobs', async () => {
    const { path } = await swept()
    const strange = join(path, 'blobs/sha256/notes.txt')
    await writeFile(strange, 'mine')
    await (await openLater(path)).sweep({ graceMs })
    await expect(access(strange)).resolves.toBeUndefined()
  })

  it('removes nothing where what something needs cannot be told', async () => {
    const { path, kept, gone } = await swept()
    await writeFile(blobFile(path, kept.content.digest), 'x'.repeat(kept.content.size))
    await expect((await openLater(path)).sweep({ graceMs })).rejects.toMatchObject({
      code: 'CONTENT_CORRUPT',
    })
    expect(await areThere(path, digestsOf(gone))).toEqual([true, true, true])
    await unlink(blobFile(path, kept.content.digest))
    // what is not there needs nothing
    expect((await (await openLater(path)).sweep({ graceMs })).removed).toHaveLength(5)
  })

  it('is refused when another tool writes index.json meanwhile', async () => {
    const { path, gone } = await swept()
    const file = join(path, 'index.json')
    let asked = 0
    const store = await openLater(path, () => {
      // asked after index.json was read
      const raw = JSON.parse(readFileSync(file, 'utf8'))
      writeFileSync(file, JSON.stringify({ ...raw, annotations: { asked: `${asked++}` } }))
      return new Date(Date.now() + 2 * HOUR_MS)
    })
    await expect(store.sweep({ graceMs })).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      message: expect.stringContaining('another tool wrote index.json'),
    })
    expect(await areThere(path, digestsOf(gone))).toEqual([true, true, true])
    expect(await strayFiles(path)).toEqual([])
  })
})

describe('beside writers, a sweep', () => {
  it('leaves everything while a session goes on, which then finds it there', async () => {
    const { path, store, gone } = await swept()
    await store.write('app', async session => {
      expect(await session.has(gone.content)).toBe(true)
      const { removed, left } = await (await openLater(path)).sweep({ graceMs })
      expect(removed).toEqual([])
      expect(left).toHaveLength(3)
      await session.putManifest(gone, ['again'])
    })
    expect((await store.resolve('app', 'again'))?.digest).toBe(gone.content.digest)
    expect(await strayFiles(path)).toEqual([])
  })

  it('is not held up by a session that was killed', async () => {
    const { path } = await swept()
    const self = await identify(OWNER)
    const dead = markOf({ ...self, pid: 4_194_305 })
    await writeFile(join(path, `.index.json.session.${dead}.0123456789abcdef.tmp`), '')
    expect((await (await openLater(path)).sweep({ graceMs })).removed).toHaveLength(3)
  })

  it('is waited for by a session that begins', async () => {
    const { path, store, gone } = await swept()
    const self = await identify(OWNER)
    const folder = { name: 'local', path, mark: markOf(self) }
    const held = await acquireLock({ path: join(path, 'index.json.lock'), store: 'local', self })
    const sweeping = await show(folder, 'sweep')
    const stop = new AbortController()
    const begun = store.write('app', session => session.has(gone.content), { signal: stop.signal })
    stop.abort(new Error('waited for'))
    await expect(begun).rejects.toThrow('waited for')
    await sweeping?.[Symbol.asyncDispose]()
    await held[Symbol.asyncDispose]()
    expect(await store.write('app', session => session.has(gone.content))).toBe(true)
    expect(await strayFiles(path)).toEqual([])
  })

  it('goes on after a sweep that was killed', async () => {
    const { path, store, gone } = await swept()
    const dead = markOf({ ...(await identify(OWNER)), pid: 4_194_305 })
    await writeFile(join(path, `.index.json.sweep.${dead}.0123456789abcdef.tmp`), '')
    expect(await store.write('app', session => session.has(gone.content))).toBe(true)
    await writeImage(await openLocal(path), 'app', gone, ['3'])
    expect(await strayFiles(path)).toEqual([])
  })
})

it('whatever is named and unnamed, all that is named stays whole, and nothing else stays', async () => {
  const tag = fc.constantFrom('a', 'b', 'c')
  const steps = fc.array(fc.tuple(tag, fc.option(fc.integer({ min: 0, max: 4 }))), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(steps, async changes => {
      const path = await freshPath()
      const store = await openLocal(path)
      const named = new Map<string, Image>()
      for (const [name, seed] of changes) {
        if (seed === null) {
          await store.remove('app', name)
          named.delete(name)
        } else {
          const image = imageOf(`${seed}`)
          await writeImage(store, 'app', image, [name])
          named.set(name, image)
        }
      }
      await (await openLater(path)).sweep({ graceMs })
      const wanted = new Set([...named.values()].flatMap(digestsOf))
      const all = [0, 1, 2, 3, 4].flatMap(seed => digestsOf(imageOf(`${seed}`)))
      expect(await areThere(path, all)).toEqual(all.map(digest => wanted.has(digest)))
    }),
    { numRuns: 25 },
  )
})
