/** Contexts on disk, base images in memory, and recipes of both. */
import { chmod, link, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'
import type { BaseImage } from '../../src/builders/builder.ts'
import { readRecipe, type Recipe, type RecipeInit } from '../../src/builders/recipe.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-types.ts'
import type { Platform } from '../../src/oci/platform.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import type { Manifested, Store } from '../../src/stores/store.ts'
import { tar, type Member } from './embedded/making.ts'

export type ContextFile =
  | string
  | { readonly text?: string | Buffer; readonly mode?: number; readonly seconds?: number }
  | { readonly link: string }
  | { readonly sameAs: string }

/** By path; one that ends in a slash is a folder. */
export type ContextFiles = Readonly<Record<string, ContextFile>>

export async function temporaryFolder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'waybill-build-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

export async function makeContext(files: ContextFiles): Promise<string> {
  const folder = await temporaryFolder()
  await writeContext(folder, files)
  return folder
}

/** Permissions are as they are said, whatever the mask of this process is. */
export async function writeContext(folder: string, files: ContextFiles): Promise<void> {
  for (const [path, file] of Object.entries(files)) {
    const whole = join(folder, path)
    await mkdir(path.endsWith('/') ? whole : dirname(whole), { recursive: true, mode: 0o755 })
    if (typeof file === 'object' && 'link' in file) await symlink(file.link, whole)
    else if (typeof file === 'object' && 'sameAs' in file)
      await link(join(folder, file.sameAs), whole)
    else await writeOne(whole, path.endsWith('/'), typeof file === 'string' ? { text: file } : file)
  }
}

async function writeOne(
  whole: string,
  isFolder: boolean,
  {
    text = '',
    mode,
    seconds,
  }: Exclude<ContextFile, string | { link: string } | { sameAs: string }>,
): Promise<void> {
  if (!isFolder) await writeFile(whole, text)
  await chmod(whole, mode ?? (isFolder ? 0o755 : 0o644))
  if (seconds !== undefined) await utimes(whole, seconds, seconds)
}

export interface MadeBase {
  readonly layers?: readonly (readonly (Member | string)[])[]
  /** What containers of it are started with. */
  readonly config?: Readonly<Record<string, unknown>>
  readonly platform?: Platform
  readonly author?: string
  readonly history?: readonly Readonly<Record<string, unknown>>[]
}

export const AMD64: Platform = { os: 'linux', architecture: 'amd64' }
export const ARM64: Platform = { os: 'linux', architecture: 'arm64' }

export interface MadeImage {
  readonly manifest: Manifested
  readonly blobs: readonly { readonly mediaType: string; readonly bytes: Buffer }[]
}

export function makeBase(made: MadeBase): MadeImage {
  const { layers = [], config = {}, platform = AMD64, author, history } = made
  const created = '2020-01-01T00:00:00Z'
  const tars = layers.map(members => tar(...members))
  const document = {
    ...platform,
    ...(author !== undefined && { author }),
    created,
    config,
    rootfs: { type: 'layers', diff_ids: tars.map(bytes => digestOf(bytes)) },
    history: history ?? tars.map((_, at) => ({ created, created_by: `layer ${at}` })),
  }
  const configBlob = { mediaType: OCI_CONFIG, bytes: Buffer.from(JSON.stringify(document)) }
  const blobs = tars.map(bytes => ({ mediaType: OCI_LAYER_GZIP, bytes: gzipSync(bytes) }))
  const describe = ({ mediaType, bytes }: { mediaType: string; bytes: Buffer }) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  })
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: describe(configBlob),
      layers: blobs.map(describe),
    }),
  )
  const content = { mediaType: OCI_MANIFEST, digest: digestOf(bytes), size: bytes.length }
  return { manifest: { content, bytes }, blobs: [configBlob, ...blobs] }
}

export async function putBase(
  store: Store,
  repository: string,
  { manifest, blobs }: MadeImage,
  tags: readonly string[] = [],
): Promise<BaseImage> {
  await store.write(repository, async session => {
    for (const { mediaType, bytes } of blobs) {
      const content = { mediaType, digest: digestOf(bytes), size: bytes.length }
      await session.put(content, () => Promise.resolve(bytes))
    }
    await session.putManifest(manifest, tags)
  })
  const { digest } = manifest.content
  return { store, repository, digest, pinned: `${repository}@${digest}` }
}

export interface RecipeOptions extends Partial<Omit<RecipeInit, 'context'>> {
  readonly files: ContextFiles | string
  /** By name, or by name and platform as `base linux/arm64`. */
  readonly images?: Readonly<Record<string, MadeBase>>
}

export interface MadeRecipe {
  readonly recipe: Recipe
  readonly folder: string
  /** What was asked for, in order. */
  readonly asked: readonly string[]
}

export async function makeRecipe(options: RecipeOptions): Promise<MadeRecipe> {
  const { files, images = {}, ...init } = options
  const folder = typeof files === 'string' ? files : await makeContext(files)
  const store = await openMemory({ name: 'bases' })
  const asked: string[] = []
  const recipe = await readRecipe(
    {
      name: 'app',
      dockerfile: 'Dockerfile',
      args: new Map(),
      platform: AMD64,
      buildPlatform: AMD64,
      async resolveBase(name, { os, architecture }) {
        asked.push(`${name} ${os}/${architecture}`)
        const made = images[`${name} ${os}/${architecture}`] ?? images[name]
        if (!made) throw new Error(`no image ${name} for ${os}/${architecture}`)
        return putBase(store, 'base', makeBase(made))
      },
      ...init,
      context: { name: '.', folder },
    },
    {},
  )
  return { recipe, folder, asked }
}
