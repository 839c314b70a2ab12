import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openArchive, type ArchiveStore } from '../../../src/stores/archive/store.ts'
import { OWNER } from '../../support/owner.ts'
import { fileOf, rawTar, type RawMember } from '../../tar/making.ts'

/** A path in a folder of its own, which goes with the test. Nothing is there yet. */
export async function freshPath(name = 'images.tar'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-archive-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, name)
}

/** Closed when the test ends. */
export async function openAt(
  path: string,
  options: { readonly format?: 'docker' | 'oci'; readonly fresh?: boolean } = {},
): Promise<ArchiveStore> {
  const format = options.format ?? 'docker'
  const store = await openArchive({
    name: 'archive',
    path,
    temporary: tmpdir(),
    owner: OWNER,
    ...options,
    format,
  })
  onTestFinished(() => store.close())
  return store
}

export async function openTar(...members: readonly RawMember[]): Promise<ArchiveStore> {
  return openAt(await fileOf(rawTar(...members)))
}

/** Of all its images, as `repository:tag`, with nothing for what they lack. */
export async function namesIn(store: ArchiveStore): Promise<readonly string[]> {
  const images = (await store.images()) ?? []
  return images.map(({ repository = '', tag = '' }) => `${repository}:${tag}`)
}
