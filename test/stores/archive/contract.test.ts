import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openArchive } from '../../../src/stores/archive/store.ts'
import { storeContract } from '../../contract/store.ts'
import { OWNER } from '../../support/owner.ts'

for (const format of ['docker', 'oci'] as const) {
  storeContract(`an archive of format ${format}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waybill-archive-'))
    const path = join(folder, 'images.tar')
    const store = await openArchive({ name: 'a', path, format, temporary: tmpdir(), owner: OWNER })
    const dispose = async () => {
      await store.close()
      const left = await readdir(folder)
      await rm(folder, { recursive: true })
      expect(left.filter(name => name !== 'images.tar')).toEqual([])
    }
    return { store, dispose }
  })
}
