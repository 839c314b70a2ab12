import { expect } from 'vitest'
import type { Manifested, Store } from '../../../src/stores/store.ts'
import { isReferring } from '../../../src/stores/store.ts'
import { imageOf, indexOf, putImage, writeImage, type Image } from '../../stores/content.ts'
import type { Keeps } from './cases.ts'

/** Either it goes, or it is refused with `STORE_CONFLICT` and everything stays. */
async function attempt(
  store: Store,
  repository: string,
  reference: string,
): Promise<'removed' | 'refused'> {
  try {
    await store.remove(repository, reference)
    return 'removed'
  } catch (error) {
    expect(error).toMatchObject({ code: 'STORE_CONFLICT', hint: expect.any(String) })
    return 'refused'
  }
}

/** The tags of a repository, which may be gone with its last one. */
async function tagsIn(store: Store, repository: string): Promise<readonly string[]> {
  return ((await store.tags(repository)) ?? []).toSorted()
}

async function writeIndex(
  store: Store,
  repository: string,
  {
    images,
    indexes,
  }: { images: readonly Image[]; indexes: readonly (readonly [Manifested, string?])[] },
): Promise<void> {
  await store.write(repository, async session => {
    for (const image of images) await putImage(session, image, [])
    for (const [index, tag] of indexes) await session.putManifest(index, tag ? [tag] : [])
  })
}

export function removing(
  keeps: Keeps,
  { sweptLater, staysListed }: { readonly sweptLater: boolean; readonly staysListed: boolean },
): void {
  removingTags(keeps, staysListed)
  removingManifests(keeps, sweptLater)

  keeps('removes nothing when told to stop before', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1'])
    for (const reference of ['1', image.content.digest]) {
      const removal = store.remove(repository, reference, { signal: AbortSignal.abort() })
      await expect(removal).rejects.toMatchObject({ name: 'AbortError' })
    }
    expect(await store.resolve(repository, '1')).toMatchObject(sees.named(image))
  })

  keeps('takes nothing that is no name', async ({ store, repository }) => {
    for (const [where, what] of [
      [repository, '../1'],
      [repository, 'sha256:12'],
      ['Upper', '1'],
    ] as const) {
      await expect(store.remove(where, what)).rejects.toMatchObject({ code: 'BAD_REFERENCE' })
    }
  })
}

function removingTags(keeps: Keeps, staysListed: boolean): void {
  keeps('removes the only name of a manifest', async ({ store, repository, seed, sees }) => {
    const [gone, kept] = [imageOf(`${seed} gone`), imageOf(`${seed} kept`)]
    await writeImage(store, repository, gone, ['gone'])
    await writeImage(store, repository, kept, ['kept'])
    await store.remove(repository, 'gone')
    expect(await store.resolve(repository, 'gone')).toBeUndefined()
    expect(await store.manifest(repository, 'gone')).toBeUndefined()
    expect(await tagsIn(store, repository)).toEqual(['kept'])
    expect(await store.resolve(repository, 'kept')).toMatchObject(sees.named(kept))
    await sees.whole(store, repository, kept)
  })

  keeps('removes one of two names alone, or none', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1', '2'])
    const left = (await attempt(store, repository, '1')) === 'removed' ? ['2'] : ['1', '2']
    expect(await tagsIn(store, repository)).toEqual(left)
    for (const tag of left) {
      expect(await store.resolve(repository, tag)).toMatchObject(sees.named(image))
    }
    await sees.whole(store, repository, image)
  })

  keeps('removes the last name of a repository', async ({ store, repository, seed }) => {
    await writeImage(store, repository, imageOf(seed), ['1'])
    await store.remove(repository, '1')
    expect(await tagsIn(store, repository)).toEqual([])
    expect(await store.resolve(repository, '1')).toBeUndefined()
  })

  keeps('takes again what was removed', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    for (const _ of [1, 2]) {
      await writeImage(store, repository, image, ['1'])
      expect(await store.resolve(repository, '1')).toMatchObject(sees.named(image))
      await sees.whole(store, repository, image)
      await store.remove(repository, '1')
      expect(await tagsIn(store, repository)).toEqual([])
    }
  })

  keeps('removes what is not there without a word', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    const { digest } = imageOf(`${seed} absent`).content
    for (const reference of ['1', digest]) await store.remove(repository, reference)
    await writeImage(store, repository, image, ['1'])
    for (const reference of ['2', digest]) {
      await store.remove(repository, reference)
      await store.remove(`${repository}-other`, reference)
    }
    expect(await tagsIn(store, repository)).toEqual(['1'])
    await sees.whole(store, repository, image)
  })

  keeps('leaves an index whole when a tag of its child goes', async given => {
    const { store, repository, seed, sees } = given
    const images = [imageOf(`${seed} 1`), imageOf(`${seed} 2`)]
    const inner = indexOf(images.slice(0, 1))
    const outer = indexOf([inner, ...images.slice(1)])
    await writeIndex(store, repository, { images, indexes: [[inner], [outer, 'multi']] })
    for (const [at, image] of images.entries()) {
      await writeImage(store, repository, image, [`child${at}`])
    }
    const left = ['multi']
    for (const tag of ['child0', 'child1']) {
      if ((await attempt(store, repository, tag)) === 'refused') left.push(tag)
    }
    expect(await tagsIn(store, repository)).toEqual(left.toSorted())
    expect(await store.resolve(repository, 'multi')).toMatchObject(outer.content)
    expect(await store.resolve(repository, inner.content.digest)).toMatchObject(inner.content)
    for (const image of images) await sees.whole(store, repository, image)
  })

  keeps('removes an index, and nothing that has a name of its own', async given => {
    const { store, repository, seed, sees } = given
    const images = [imageOf(`${seed} 1`), imageOf(`${seed} 2`)]
    await writeIndex(store, repository, { images, indexes: [[indexOf(images), 'multi']] })
    await writeImage(store, repository, images[0]!, ['child'])
    await store.remove(repository, 'multi')
    expect(await tagsIn(store, repository)).toEqual(['child'])
    await sees.whole(store, repository, images[0]!)
  })

  keeps('takes removals and writes side by side', async ({ store, repository, seed, sees }) => {
    const images = Array.from({ length: 8 }, (_, at) => imageOf(`${seed} ${at}`))
    await Promise.all(images.map((image, at) => writeImage(store, repository, image, [`v${at}`])))
    await Promise.all(
      images.map((image, at) =>
        at < 4
          ? store.remove(repository, `v${at}`)
          : writeImage(store, repository, image, [`w${at}`]),
      ),
    )
    const left = ['v4', 'v5', 'v6', 'v7', 'w4', 'w5', 'w6', 'w7']
    const listed = await tagsIn(store, repository)
    const named = await Promise.all(listed.map(tag => store.resolve(repository, tag)))
    expect(staysListed ? listed.filter((_, at) => named[at] !== undefined) : listed).toEqual(left)
    for (const image of images.slice(4)) await sees.whole(store, repository, image)
  })
}

function removingManifests(keeps: Keeps, sweptLater: boolean): void {
  keeps('removes a manifest that nothing names', async ({ store, repository, seed, sees }) => {
    const [gone, kept] = [imageOf(`${seed} gone`), imageOf(`${seed} kept`)]
    await writeImage(store, repository, gone, [])
    await writeImage(store, repository, kept, ['kept'])
    await store.remove(repository, gone.content.digest)
    const found = await store.resolve(repository, gone.content.digest)
    expect(found === undefined || sweptLater).toBe(true)
    expect(await tagsIn(store, repository)).toEqual(['kept'])
    await sees.whole(store, repository, kept)
    await writeImage(store, repository, gone, ['again'])
    expect(await store.resolve(repository, 'again')).toMatchObject(sees.named(gone))
  })

  keeps('removes no manifest that a tag names', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    await writeImage(store, repository, image, ['1', '2'])
    expect(await attempt(store, repository, image.content.digest)).toBe('refused')
    expect(await tagsIn(store, repository)).toEqual(['1', '2'])
    await sees.whole(store, repository, image)
  })

  keeps('removes no manifest that an index needs', async ({ store, repository, seed, sees }) => {
    const image = imageOf(seed)
    const inner = indexOf([image])
    const outer = indexOf([inner])
    await writeIndex(store, repository, { images: [image], indexes: [[inner], [outer, 'multi']] })
    for (const { content } of [image, inner]) {
      expect(await attempt(store, repository, content.digest)).toBe('refused')
    }
    expect(await store.resolve(repository, inner.content.digest)).toMatchObject(inner.content)
    await sees.whole(store, repository, image)
  })

  keeps('removes a referrer from what is told of its subject, or not at all', async given => {
    const { store, repository, seed, sees } = given
    if (!isReferring(store)) throw new Error(`${store.name} tells of no referrers`)
    const subject = imageOf(seed)
    const signature = imageOf(`${seed} sig`, { subject: subject.content })
    await writeImage(store, repository, subject, ['1'])
    await writeImage(store, repository, signature, [])
    const { digest } = signature.content
    const left = (await attempt(store, repository, digest)) === 'removed' ? [] : [digest]
    const found = await store.referrers(repository, subject.content.digest)
    expect(found.map(content => content.digest)).toEqual(left)
    await sees.whole(store, repository, subject)
  })
}
