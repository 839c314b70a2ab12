import { expect, it } from 'vitest'
import { openMemory } from '../../../src/stores/memory/store.ts'
import { storeContract } from '../../contract/store.ts'
import { blobOf, imageOf, writeImage } from '../content.ts'

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
