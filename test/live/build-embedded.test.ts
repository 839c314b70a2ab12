/** The embedded builder beside BuildKit and buildah: the same images of the same Dockerfiles. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BaseImage } from '../../src/builders/builder.ts'
import { WaybillError } from '../../src/errors.ts'
import type { Platform } from '../../src/oci/platform.ts'
import { openMemory } from '../../src/stores/memory/store.ts'
import { AMD64, makeBase, putBase } from '../builders/building.ts'
import { ADDS } from '../builders/cases/add.ts'
import { BASES } from '../builders/cases/bases.ts'
import type { BuildCase } from '../builders/cases/case.ts'
import { COPIES } from '../builders/cases/copy.ts'
import { IGNORES } from '../builders/cases/ignore.ts'
import { REFUSED } from '../builders/cases/refused.ts'
import { STAGES } from '../builders/cases/stages.ts'
import { openRegistryStore } from '../support/registry-store.ts'
import type { ImageContent } from '../support/image-tree.ts'
import { startBuildkitd, whyNoBuildkitd, type Buildkitd } from './support/buildkitd.ts'
import {
  buildEmbedded,
  buildWithBuildah,
  buildWithBuildkit,
  inFolder,
  putBases,
  writeCase,
} from './support/compared-builds.ts'
import { describeLive } from './support/describe-live.ts'
import { startDockerRegistry, type LiveRegistry } from './support/registries.ts'

const CASES = [...COPIES, ...ADDS, ...STAGES, ...IGNORES]

/** What is compared, in an order that diffs can be read in; how tars are written is everyone's own. */
function comparable({ tree, times, config, bytes }: ImageContent) {
  const paths = [...tree].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const shown = ([path, what]: readonly [string, string]) =>
    // putting something into a folder changes its time, which nobody looks at
    what.startsWith('directory') ? `${path} ${what}` : `${path} ${what} @${times.get(path)}`
  return {
    tree: paths.map(shown),
    config: without(config, 'rootfs'),
    layers: bytes.length - 2,
  }
}

async function embedded(folder: string, one: BuildCase): Promise<ImageContent> {
  const store = await openMemory({ name: 'bases' })
  return buildEmbedded(
    folder,
    one,
    async (name: string, platform: Platform): Promise<BaseImage> => {
      const made = (BASES[name.replace(/:latest$/, '')] ?? []).find(
        ({ platform: own = AMD64 }) => own.architecture === platform.architecture,
      )
      if (!made) throw new Error(`no image ${name} for ${platform.architecture}`)
      return putBase(store, 'base', makeBase(made))
    },
  )
}

let registry: LiveRegistry
let folder: string

async function setUp(): Promise<void> {
  registry = await startDockerRegistry()
  folder = await mkdtemp(join(tmpdir(), 'waybill-embedded-'))
  await using bases = await openRegistryStore(registry.host)
  await putBases(bases.store, name => `library/${name}`)
}

async function tearDown(): Promise<void> {
  await registry[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}

describe('cases', () => {
  it('have names of their own', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(60)
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length)
  })
})

describeLive(
  'the embedded builder beside BuildKit',
  ['buildkitd', 'docker-buildx', 'runc', 'docker-registry'],
  () => {
    let buildkitd: Buildkitd
    beforeAll(async () => {
      await setUp()
      buildkitd = await startBuildkitd({ mirror: registry.host })
    })
    afterAll(async () => {
      await buildkitd[Symbol.asyncDispose]()
      await tearDown()
    })

    it.each(CASES.map(one => [one.name, one] as const))('%s', async (_, one) => {
      await inFolder(async context => {
        await writeCase(context, one)
        const theirs = await buildWithBuildkit(context, one, buildkitd.env)
        const ours = await embedded(context, one)
        expect(comparable(known(ours, one))).toEqual(comparable(known(theirs, one)))
      })
    })

    it.each(REFUSED.map(one => [one.name, one] as const))('refuses %s', async (_, one) => {
      await inFolder(async context => {
        await writeCase(context, one)
        expect(await endOf(buildWithBuildkit(context, one, buildkitd.env))).toContain('ERROR')
        expect(await endOf(embedded(context, one))).toContain('Error: ')
      })
    })
  },
  whyNoBuildkitd,
)

describeLive('the embedded builder beside buildah', ['buildah', 'docker-registry'], () => {
  let env: NodeJS.ProcessEnv
  beforeAll(async () => {
    await setUp()
    const registries = join(folder, 'registries.conf')
    const mirror = `prefix = "docker.io"\nlocation = "${registry.host}"\ninsecure = true\n`
    await writeFile(
      registries,
      `unqualified-search-registries = ["docker.io"]\n[[registry]]\n${mirror}`,
    )
    env = { ...process.env, CONTAINERS_REGISTRIES_CONF: registries }
  })
  afterAll(tearDown)

  /** What buildah makes of it, and what we do. */
  async function both(one: BuildCase) {
    return inFolder(async context => {
      await writeCase(context, one)
      const theirs = await buildWithBuildah(context, one, { env, folder })
      return { theirs: bare(theirs), ours: bare(await embedded(context, one)) }
    })
  }

  // each takes half a second: all of them are for "npm run soak"
  const share = process.env['ALL_CASES'] === undefined ? 4 : 1
  const some = CASES.filter((_, index) => index % share === 0)
  const isAlike = ({ notBuildah }: BuildCase) => notBuildah === undefined
  it.each(some.filter(isAlike).map(one => [one.name, one] as const))('%s', async (_, one) => {
    const { theirs, ours } = await both(one)
    expect(ours).toEqual(theirs)
  })

  const others = some.filter(one => !isAlike(one))
  it.each(others.map(one => [one.name, one] as const))('is another for %s', async (_, one) => {
    const made = await both(one).catch(() => ({ theirs: 'nothing', ours: 'something' }))
    expect(made.ours).not.toEqual(made.theirs)
  })
})

/** How it failed; what is a bug of ours is not told, but thrown. */
async function endOf(build: Promise<ImageContent>): Promise<string> {
  try {
    await build
    return 'it was built'
  } catch (error) {
    const isTold = error instanceof WaybillError || String(error).includes('docker-buildx')
    if (!isTold) throw error
    return String(error)
  }
}

/** What containers find, and what they are started with. */
function bare(image: ImageContent) {
  return { tree: comparable(image).tree.map(withoutTime), config: started(image.config) }
}

function withoutTime(line: string): string {
  return line.replace(/ @\d+$/, '')
}

/** Without what is known to be another. */
function known({ config, ...image }: ImageContent, { otherHistory }: BuildCase): ImageContent {
  return { ...image, config: otherHistory === undefined ? config : without(config, 'history') }
}

function without(config: ImageContent['config'], key: string): ImageContent['config'] {
  return Object.fromEntries(Object.entries(config).filter(([name]) => name !== key))
}

/** What containers are started with, which buildah has other words for where nothing depends on it. */
function started({ config }: ImageContent['config']): unknown {
  const { Labels = {}, WorkingDir = '/', ...rest } = Object(config)
  const labels = Object.entries(Labels).filter(([name]) => name !== 'io.buildah.version')
  return { ...rest, ArgsEscaped: undefined, WorkingDir, Labels: Object.fromEntries(labels) }
}
