import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProject, type Project, type ProjectInit } from '../../src/reconcile/project.ts'
import type { FakeRegistry } from '../fakes/registry.ts'
import type { TestImage } from './images.ts'
import { OWNER } from './owner.ts'

/** A folder that goes away with its test. */
export async function openFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'waybill-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The project of a manifest, in `folder`, with nobody's credentials. */
export async function openTestProject(
  folder: string,
  manifest: string,
  init: Partial<ProjectInit> = {},
): Promise<Project> {
  await writeFile(join(folder, 'images.yaml'), manifest)
  return openProject({
    files: ['images.yaml'],
    cwd: folder,
    env: { HOME: folder },
    ...OWNER,
    version: '0.0.0-test',
    ...init,
  })
}

/** Puts an image straight into a fake registry's memory. */
export function seedFake(
  fake: FakeRegistry,
  repository: string,
  tag: string,
  image: TestImage,
): void {
  for (const child of image.children) seedFake(fake, repository, child.manifest.digest, child)
  for (const bytes of image.blobs.values()) fake.putBlob(repository, bytes)
  fake.putManifest(repository, tag, image.manifest)
}

export function isWrite({ method }: { readonly method: string }): boolean {
  return method !== 'GET' && method !== 'HEAD'
}
