import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createCommits } from '../../../src/stores/layout/commit.ts'
import { openIndexFile } from '../../../src/stores/layout/index-file.ts'
import { identify } from '../../../src/util/holder.ts'
import { OWNER } from '../../support/owner.ts'
import { imageOf } from '../content.ts'
import { freshPath, openLocal, strayFiles } from './folder.ts'

it('writes nothing once another has taken over the lock', async () => {
  const path = await freshPath()
  await mkdir(path)
  const folder = { name: 'local', path, mark: '' }
  const file = openIndexFile(folder)
  const lock = join(path, 'index.json.lock')
  let lose = false
  const read: typeof file.read = async () => {
    if (lose) {
      await rm(lock)
      await writeFile(lock, 'of another')
    }
    return file.read()
  }
  const commits = createCommits(folder, { ...file, read }, await identify(OWNER))
  await commits.prepare()
  const before = await readFile(file.path, 'utf8')
  lose = true
  const commit = commits.commit([{ content: imageOf('late').content, name: 'app:1' }])
  await expect(commit).rejects.toMatchObject({
    code: 'STORE_CONFLICT',
    message: expect.stringMatching(/^local: index\.json\.lock was taken over/),
  })
  expect(await readFile(file.path, 'utf8')).toBe(before)
  expect(await strayFiles(path)).toEqual(['index.json.lock'])
  await rm(lock)
  expect(await (await openLocal(path)).tags('app')).toBeUndefined()
})
