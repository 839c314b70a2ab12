import { expect, it } from 'vitest'
import { openMemory } from '../../../src/stores/memory/store.ts'
import { storeContract } from '../../contract/store.ts'
import { blobOf, imageOf, indexOf, writeImage } from '../content.ts'

storeContract('memory', async () => {
  const store = await openMemory({ name: 'memory' })
  return { store, dispose: () => store.close() }
})

it('keeps repositories apart, as a registry does', async () => {
  const store = await openMemory({ name: 'memory' })
  const image = imageOf('apart')
  await writeImage(store, 'one', image, ['1'])
  expect(await store.resolve('two', image.content.digest)).toBeUndefined()
  expect(await store.holds('two', image.content)).toBe(false)
  expect(await store.holds('one', image.content)).toBe(true)
})

it('links without asking for bytes', async () => {
  const store = await openMemory({ name: 'memory' })
  const { content, bytes } = blobOf('linked')
  await store.write('one', session => session.put(content, async () => bytes))
  const how = await store.write('two', session =>
    session.put(content, () => Promise.reject(new Error('asked')), 'one'),
  )
  expect(how).toBe('mounted')
})

it('refuses a manifest whose parts are missing', async () => {
  const store = await openMemory({ name: 'memory' })
  const image = imageOf('parts')
  const write = store.write('one', session => session.putManifest(image, ['1']))
  await expect(write).rejects.toMatchObject({ code: 'CONTENT_MISSING' })
})

it.each([
  ['Upper', '1', /"Upper" is not a repository/],
  ['../etc', '1', /is not a repository/],
  ['one', '-1', /"-1" is not a tag/],
])('refuses %s:%s', async (repository, tag, message) => {
  const store = await openMemory({ name: 'memory' })
  const write = writeImage(store, repository, imageOf('bad'), [tag])
  await expect(write).rejects.toMatchObject({
    code: 'BAD_REFERENCE',
    message: expect.stringMatching(message),
  })
})

it('removes no manifest that an index needs, be it one without a tag', async () => {
  const store = await openMemory({ name: 'memory' })
  const image = imageOf('child')
  const index = indexOf([image])
  await writeImage(store, 'one', image, [])
  await store.write('one', session => session.putManifest(index, []))
  await expect(store.remove('one', image.content.digest)).rejects.toMatchObject({
    code: 'STORE_CONFLICT',
    message: `memory/one@${image.content.digest} has to stay: it is part of ${index.content.digest}`,
  })
  for (const { digest } of [index.content, image.content]) {
    await store.remove('one', digest)
    expect(await store.resolve('one', digest)).toBeUndefined()
    expect(await store.holds('one', index.content)).toBe(false)
  }
})
