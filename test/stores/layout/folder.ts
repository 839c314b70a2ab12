import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Digest } from '../../../src/oci/digest.ts'
import { openLayout } from '../../../src/stores/layout/store.ts'
import { OWNER } from '../../support/owner.ts'

/** A path in a folder of its own, which goes with the test. Nothing is there yet. */
export async function freshPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-layout-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return join(folder, 'store')
}

export function openLocal(path: string): ReturnType<typeof openLayout> {
  return openLayout({ name: 'local', path, owner: OWNER })
}

export function blobFile(path: string, digest: Digest): string {
  return join(path, 'blobs', ...digest.split(':'))
}

export interface RawEntry {
  readonly digest: string
  readonly annotations?: Record<string, string>
}

export type RawIndex = Record<string, unknown> & { manifests: RawEntry[] }

export async function readIndex(path: string): Promise<RawIndex> {
  const index: RawIndex = JSON.parse(await readFile(join(path, 'index.json'), 'utf8'))
  return index
}

export function writeIndex(path: string, index: unknown): Promise<void> {
  return writeFile(join(path, 'index.json'), JSON.stringify(index))
}

export function namesIn({ manifests }: RawIndex): (string | undefined)[] {
  return manifests.map(entry => entry.annotations?.['org.opencontainers.image.ref.name'])
}

/** Everything but the three things a layout is made of. */
export async function strayFiles(path: string): Promise<string[]> {
  const all = await readdir(path, { recursive: true })
  return all.filter(
    name => !/^(?:oci-layout|index\.json|blobs(?:\/sha(?:256|512)(?:\/[0-9a-f]+)?)?)$/.test(name),
  )
}
