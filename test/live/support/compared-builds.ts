/** One Dockerfile built by several builders, each in its own way, and what came of it. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { BaseImage } from '../../../src/builders/builder.ts'
import { createEmbedded } from '../../../src/builders/embedded/builder.ts'
import { readRecipe } from '../../../src/builders/recipe.ts'
import { digestOf, parseDigest } from '../../../src/oci/digest.ts'
import { OCI_INDEX } from '../../../src/oci/media-types.ts'
import { formatPlatform, type Platform } from '../../../src/oci/platform.ts'
import { openLayout } from '../../../src/stores/layout/store.ts'
import type { Store } from '../../../src/stores/store.ts'
import { AMD64, makeBase, putBase, writeContext } from '../../builders/building.ts'
import type { BuildCase } from '../../builders/cases/case.ts'
import { BASES } from '../../builders/cases/bases.ts'
import { readImage, type ImageContent } from '../../support/image-tree.ts'
import { OWNER } from '../../support/owner.ts'

const run = promisify(execFile)

/** `SOURCE_DATE_EPOCH`: later than what is in archives and images, earlier than now. */
export const EPOCH = 1_700_000_000

/** All base images into `repository(name)` of a store, tagged; several platforms as an index. */
export async function putBases(
  store: Store,
  repositoryOf: (name: string) => string,
): Promise<void> {
  for (const [name, made] of Object.entries(BASES)) {
    const repository = repositoryOf(name)
    const images = made.map(one => ({ image: makeBase(one), platform: one.platform ?? AMD64 }))
    const [only, ...others] = images
    if (only && others.length === 0) await putBase(store, repository, only.image, ['latest'])
    else await putIndex(store, repository, images)
  }
}

async function putIndex(
  store: Store,
  repository: string,
  images: readonly { readonly image: ReturnType<typeof makeBase>; readonly platform: Platform }[],
): Promise<void> {
  for (const { image } of images) await putBase(store, repository, image)
  const manifests = images.map(({ image, platform }) => ({ ...image.manifest.content, platform }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
  const content = { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length }
  await store.write(repository, session => session.putManifest({ content, bytes }, ['latest']))
}

export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'waybill-compare-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function writeCase(
  folder: string,
  { dockerfile, files = {} }: BuildCase,
): Promise<void> {
  await writeContext(folder, files)
  await writeFile(join(folder, 'Dockerfile'), dockerfile)
}

export async function buildEmbedded(
  folder: string,
  { target, platform = AMD64, args = {} }: BuildCase,
  resolve: (name: string, platform: Platform) => Promise<BaseImage>,
): Promise<ImageContent> {
  return inFolder(async scratch => {
    const init = {
      name: 'case',
      context: { name: '.', folder },
      dockerfile: 'Dockerfile',
      args: new Map(Object.entries(args)),
      platform,
      buildPlatform: AMD64,
      resolveBase: resolve,
      ...(target !== undefined && { target }),
    }
    const recipe = await readRecipe(init, {})
    const fetch = () => Promise.reject(new Error('nothing is fetched here'))
    const builder = createEmbedded({ scratch, owner: OWNER, version: '1', fetch })
    const request = { ...recipe.request, secrets: [], epoch: EPOCH }
    await using built = await builder.build(request, { onLine: () => {} })
    return await readImage(built.store, built.repository, built.digest)
  })
}

export async function buildWithBuildkit(
  folder: string,
  { target, platform = AMD64, args = {} }: BuildCase,
  env: NodeJS.ProcessEnv,
): Promise<ImageContent> {
  return inFolder(async out => {
    await run(
      'docker-buildx',
      [
        'build',
        '--provenance=false',
        `--platform=${formatPlatform(platform)}`,
        `--output=type=oci,tar=false,rewrite-timestamp=true,dest=${out}`,
        ...(target === undefined ? [] : [`--target=${target}`]),
        ...argsFor({ ...args, SOURCE_DATE_EPOCH: String(EPOCH) }),
        folder,
      ],
      { env },
    )
    return await readLayout(out)
  })
}

export interface BuildahSettings {
  readonly env: NodeJS.ProcessEnv
  /** Of its storage. */
  readonly folder: string
}

export async function buildWithBuildah(
  folder: string,
  { target, platform = AMD64, args = {} }: BuildCase,
  settings: BuildahSettings,
): Promise<ImageContent> {
  const { env } = settings
  const storage = ['root', 'runroot'].map(name => `--${name}=${join(settings.folder, name)}`)
  return inFolder(async out => {
    const image = join(out, 'id')
    await run(
      'buildah',
      [
        ...storage,
        '--storage-driver=vfs',
        'bud',
        '--isolation=chroot',
        '--layers=true',
        `--timestamp=${EPOCH}`,
        `--platform=${formatPlatform(platform)}`,
        `--iidfile=${image}`,
        ...(target === undefined ? [] : [`--target=${target}`]),
        ...argsFor(args),
        folder,
      ],
      { env },
    )
    const id = (await readFile(image, 'utf8')).trim()
    const to = join(out, 'layout')
    await run('buildah', [...storage, '--storage-driver=vfs', 'push', id, `oci:${to}:image`], {
      env,
    })
    return await readLayout(to)
  })
}

function argsFor(args: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`)
}

async function readLayout(path: string): Promise<ImageContent> {
  const index: unknown = JSON.parse(await readFile(join(path, 'index.json'), 'utf8'))
  const { manifests } = index as { manifests: readonly { digest: string }[] }
  const store = await openLayout({ name: 'layout', path, owner: OWNER })
  try {
    return await readImage(store, 'image', parseDigest(manifests[0]?.digest ?? ''))
  } finally {
    await store.close()
  }
}
