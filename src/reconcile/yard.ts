/** Where builds are prepared and run: their files, their base images, and the builders there are. */
import { readFile, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Builder, BuilderKind, BaseImage, BuildSecret } from '../builders/builder.ts'
import { openBuilder, type BuildersInit } from '../builders/open.ts'
import { readBases, readRecipe, type StagesInit } from '../builders/recipe.ts'
import { readSecret } from '../credentials/sources.ts'
import { SourceError, StoreError } from '../errors.ts'
import { candidatesFor, type Builders } from '../execute/choose-builder.ts'
import { prepareBuild, unknownBuild, type PreparedBuild } from '../execute/prepare-build.ts'
import type { Build } from '../manifest/types.ts'
import type { Platform } from '../oci/platform.ts'
import { buildNamed, formatReference, type Reference } from '../oci/reference.ts'
import { checkOut, resolveRevision } from '../sources/open.ts'
import type { Manifests } from '../transfer/manifests.ts'
import { readImageFor } from '../transfer/image.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { unless } from '../util/errno.ts'
import { machinePlatform } from '../util/machine.ts'
import { makeScratchFolder } from '../util/scratch-folder.ts'
import { sourceDate } from '../util/source-date.ts'
import { buildCache } from './build-cache.ts'
import type { Stores } from './stores.ts'

export interface YardInit extends Omit<BuildersInit, 'http'> {
  readonly builds: readonly Build[]
  readonly stores: Stores
  readonly manifests: Manifests
  /** What is worth a word, and stops nothing. */
  readonly onNotice: (text: string) => void
}

export interface Yard extends AsyncDisposable {
  /** One of the manifest's; once for each. */
  prepare(from: string, call: Call): Promise<PreparedBuild>
  prepareBuild(build: Build, call: Call): Promise<PreparedBuild>
  /** The images that it is made of, by what its Dockerfile and these images call them. */
  basesOf(build: Build, call: Call): Promise<readonly Reference[]>
}

export function openYard(init: YardInit): Yard {
  const byName = new Map(init.builds.map(build => [build.name, build]))
  const prepared = new Map<string, Promise<PreparedBuild>>()
  const folders: string[] = []
  const opened = new Map<BuilderKind, Promise<Builder>>()
  const builders: Builders = {
    candidates: candidatesFor,
    open(kind) {
      const builder = opened.get(kind) ?? openBuilder(kind, { ...init, http: init.stores.http })
      opened.set(kind, builder)
      return builder
    },
  }

  /** What is built, for each platform. */
  async function stagesOf(build: Build, call: Call): Promise<readonly StagesInit[]> {
    const context = await contextOf(build, init, folders, call)
    const machine = machinePlatform()
    const platforms = build.platforms.length > 0 ? build.platforms : [machine]
    return platforms.map(platform => ({
      context,
      dockerfile: build.dockerfile,
      ...(build.target !== undefined && { target: build.target }),
      args: build.args,
      platform,
      buildPlatform: machine,
      resolveBase: (name, wanted, call) => resolveBase(name, wanted, init, call),
    }))
  }

  async function prepare(build: Build, call: Call): Promise<PreparedBuild> {
    const cache = buildCache(build, init.env, init.owner)
    const recipes = await mapLimit(await stagesOf(build, call), 1, async stages => {
      const recipe = await readRecipe(
        { ...stages, name: build.name, ...(cache && { cache }) },
        call,
      )
      return [stages.platform, recipe] as const
    })
    const secrets = build.secrets.map(secret => secretOf(build, secret, init))
    return prepareBuild(
      { build, recipes, builders, secrets, epoch: sourceDate(init.env) ?? 0 },
      call,
    )
  }

  return {
    prepareBuild: prepare,
    async basesOf(build, call) {
      const stages = await stagesOf(build, call)
      const names = await mapLimit(stages, 1, one => readBases(one, call))
      return names.flat().map(name => init.stores.parse(name))
    },
    async prepare(from, call) {
      const build = byName.get(buildNamed(from) ?? '')
      if (build === undefined) throw unknownBuild(from)
      const made = prepared.get(from) ?? prepare(build, call)
      prepared.set(from, made)
      return made
    },
    async [Symbol.asyncDispose]() {
      for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The folder itself, or the files of a commit. */
async function contextOf(
  { name, context }: Build,
  { env, scratch, owner, onNotice }: YardInit,
  folders: string[],
  call: Call,
): Promise<{ readonly name: string; readonly folder: string }> {
  if ('folder' in context) {
    const found = await unless('ENOENT', stat(context.folder))
    if (found?.isDirectory()) return { name: context.named, folder: context.folder }
    const what = found ? 'is no folder' : 'does not exist'
    throw new SourceError('SOURCE_MISSING', `the context of ${name}, ${context.named}, ${what}`, {
      hint: 'a context is relative to the manifest that names it',
    })
  }
  const { git: url, ref, path, submodules } = context
  const into = await makeScratchFolder({ scratch, owner }, 'waybill-context-')
  folders.push(into)
  const revision = await resolveRevision({ url, ref, into }, { env }, call)
  const { folder, commit, unfiltered } = await checkOut(
    { url, commit: revision.commit, ref: revision.ref, path, submodules, into },
    { env },
    call,
  )
  const [first] = unfiltered
  if (first) {
    const more = unfiltered.length > 1 ? ` and ${unfiltered.length - 1} more` : ''
    onNotice(
      `the context of ${name} has ${first.path}${more} as committed: ${first.filter} is not run`,
    )
  }
  return { name: `${url} at ${commit.slice(0, 12)}`, folder }
}

/** By digest, for one platform: builders ask nobody what a name stands for. */
async function resolveBase(
  name: string,
  platform: Platform,
  { stores, manifests }: YardInit,
  call: Call,
): Promise<BaseImage> {
  const { store: host, repository, tag = 'latest', digest } = stores.parse(name)
  const store = await stores.openSource(host)
  const content = digest ? { digest } : await store.resolve(repository, tag, call)
  if (content === undefined) {
    throw new StoreError('CONTENT_MISSING', `there is no base image ${name}`, {
      hint: `${host} has no ${repository}:${tag}`,
    })
  }
  const origin = { store, repository, manifests, call }
  const image = await readImageFor(origin, content.digest, platform)
  return {
    store,
    repository,
    digest: image.content.digest,
    pinned: formatReference({ store: host, repository, digest: image.content.digest }),
  }
}

function secretOf(
  build: Build,
  { id, from }: Build['secrets'][number],
  { env }: YardInit,
): BuildSecret {
  const key = `secrets.${id} of the build ${build.name}`
  return {
    id,
    async read() {
      if ('env' in from) return Buffer.from(await readSecret(from, { key, env }))
      // every byte counts in a file: a key ends in a line end
      try {
        return await readFile(resolve(from.file))
      } catch (cause) {
        throw new StoreError('CREDENTIALS_UNUSABLE', `${key} cannot be read: ${from.file}`, {
          cause,
          hint: 'make it a file that this user may read',
        })
      }
    },
  }
}
