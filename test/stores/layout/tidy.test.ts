import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { identify, markOf } from '../../../src/util/holder.ts'
import { OWNER } from '../../support/owner.ts'
import { imageOf, writeImage } from '../content.ts'
import { freshPath, openLocal, strayFiles } from './folder.ts'

const HEX = '0123456789abcdef'
const BLOB = `blobs/sha256/.${'a'.repeat(64)}`
const HOUR_MS = 3_600_000

const self = await identify(OWNER)
/** Above the greatest id that Linux gives. */
const dead = markOf({ ...self, pid: 4_194_305 })
const elsewhere = markOf({ ...self, host: 'elsewhere', pid: 4_194_305 })

/** What is left, of these files in a layout, once something was written to it. */
async function leftOf(files: readonly string[], silentHours = 0): Promise<readonly string[]> {
  const path = await freshPath()
  await writeImage(await openLocal(path), 'app', imageOf('1'), ['1'])
  const beat = new Date(Date.now() - silentHours * HOUR_MS)
  for (const file of files) {
    await writeFile(join(path, file), 'half')
    await utimes(join(path, file), beat, beat)
  }
  await writeImage(await openLocal(path), 'app', imageOf('2'), ['2'])
  return (await strayFiles(path)).toSorted()
}

it.each([
  `${BLOB}.${dead}.${HEX}.tmp`,
  `.index.json.${dead}.${HEX}.tmp`,
  `.oci-layout.${dead}.${HEX}.tmp`,
  `.index.json.lock.${dead}.${HEX}.tmp`,
  `index.json.lock.${'a'.repeat(24)}.${'b'.repeat(24)}`,
])('the next to write removes what a dead process left: %s', async file => {
  const holder = JSON.stringify({ ...self, pid: 4_194_305, id: 'c'.repeat(24) })
  const path = await freshPath()
  await writeImage(await openLocal(path), 'app', imageOf('1'), ['1'])
  await writeFile(join(path, file), holder)
  await writeImage(await openLocal(path), 'app', imageOf('2'), ['2'])
  expect(await strayFiles(path)).toEqual([])
})

it('leaves alone what is not known to be dead, until it was silent for a day', async () => {
  const files = [`${BLOB}.${elsewhere}.${HEX}.tmp`, `.index.json.${HEX}.tmp`].toSorted()
  expect(await leftOf(files, 23)).toEqual(files)
  expect(await leftOf(files, 25)).toEqual([])
})

it('leaves alone what a live process writes, however silent', async () => {
  const files = [`${BLOB}.${markOf(self)}.${HEX}.tmp`]
  expect(await leftOf(files, 48)).toEqual(files)
})

it('leaves alone what others call theirs', async () => {
  const files = ['.notes.tmp', `.notes.${dead}.${HEX}.tmp`, 'oci-put-blob123', `blobs/.${HEX}.tmp`]
  expect(await leftOf(files, 48)).toEqual(files.toSorted())
})

it('leaves alone a folder of such a name', async () => {
  const path = await freshPath()
  await writeImage(await openLocal(path), 'app', imageOf('1'), ['1'])
  const name = `${BLOB}.${dead}.${HEX}.tmp`
  await mkdir(join(path, name))
  await writeImage(await openLocal(path), 'app', imageOf('2'), ['2'])
  expect(await strayFiles(path)).toEqual([name])
})

it('removes nothing behind a link', async () => {
  const path = await freshPath()
  const other = await freshPath()
  await mkdir(other)
  const name = `.${'a'.repeat(64)}.${dead}.${HEX}.tmp`
  await writeFile(join(other, name), 'theirs')
  await writeImage(await openLocal(path), 'app', imageOf('1'), ['1'])
  await symlink(other, join(path, 'blobs/sha512'))
  const writing = writeImage(await openLocal(path), 'app', imageOf('2'), ['2'])
  await expect(writing).rejects.toMatchObject({ code: 'CONTENT_CORRUPT' })
  expect(await readdir(other)).toEqual([name])
})
