/**
 * A build as it is read before anything is built: from the Dockerfile and the context, what every
 * builder needs, what goes into the image, and what is wrong with it that can be known already.
 */
import { posix } from 'node:path'
import { parseIgnoreFile } from '../dockerfile/ignore.ts'
import { parseDockerfile } from '../dockerfile/parse.ts'
import { createPathMatcher } from '../dockerfile/path-matcher.ts'
import { digestOf, type Digest } from '../oci/digest.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import type { Issue } from '../yaml/issue.ts'
import type { BaseImage, BuildContext, BuildRequest } from './builder.ts'
import type { Beyond } from './embedded/beyond.ts'
import { contextDigest } from './embedded/context-digest.ts'
import { sha256Of } from './context/disk-file.ts'
import { openHashCache, type HashCacheOptions } from './embedded/context/hash-cache.ts'
import { contextTree } from './embedded/context-tree.ts'
import { rehearse, type Rehearsal } from './embedded/rehearse.ts'
import { openStages, type OpenStages } from './open-stages.ts'
import { ignoreOf } from './recipe/ignore.ts'
import { readDockerfile, readIgnoreFile, type ContextFolder } from './recipe/read-files.ts'
import { stageFacts } from './recipe/stage-facts.ts'

export interface StagesInit {
  /** Not yet filtered. */
  readonly context: ContextFolder
  /** A path in the context. */
  readonly dockerfile: string
  readonly target?: string
  readonly args: ReadonlyMap<string, string>
  readonly platform: Platform
  readonly buildPlatform: Platform
  /** The image that a name stands for, for a platform; throws with the reason it cannot be had. */
  resolveBase(name: string, platform: Platform, call: Call): Promise<BaseImage>
}

export interface RecipeInit extends StagesInit {
  readonly name: string
  /** Spares reading files that have not changed; its file may be deleted at any time. */
  readonly cache?: HashCacheOptions
}

export interface Recipe {
  /** All that a builder needs but secrets and the epoch. */
  readonly request: Omit<BuildRequest, 'secrets' | 'epoch'>
  /** Why the embedded builder cannot do it. Empty: it can. */
  readonly beyond: readonly Beyond[]
  readonly bases: readonly {
    readonly name: string
    readonly platform: Platform
    readonly digest: Digest
  }[]
  readonly warnings: readonly Issue[]
  /**
   * Digest of all that goes into the build, which times, owners, ignored and unused files are not;
   * base images by digest, or by name alone.
   */
  inputs(options: InputsOptions, call: Call): Promise<Digest>
}

export interface InputsOptions {
  readonly bases: 'digest' | 'name'
}

/** What counts as an input, and how it is told, may change with versions of this program. */
const VERSION = 1

/**
 * Throws a `DocumentError` for what is wrong with the Dockerfile, and for what it names and is not
 * there.
 */
export async function readRecipe(init: RecipeInit, call: Call): Promise<Recipe> {
  const { name, target, args, platform, buildPlatform } = init
  const { file, text, dockerfile, opened } = await readStages(init, call)
  const context = await filtered(init, file)
  const rehearsal = await rehearse({ opened, args, context: contextTree(context, call) }, call)
  const bases = opened.bases.map(({ open: _, ...base }) => base)
  return {
    request: {
      name,
      dockerfile: { file: dockerfile.source.file, text },
      context,
      ...(target !== undefined && { target }),
      args,
      platform,
      buildPlatform,
      labels: new Map(),
      bases,
    },
    beyond: rehearsal.beyond,
    bases: bases.map(({ name, platform, digest }) => ({ name, platform, digest })),
    warnings: dockerfile.warnings,
    inputs: (options, call) => inputsOf(init, { opened, rehearsal }, options, call),
  }
}

/** The names of the images that a build is made of; throws as `readRecipe` does. */
export async function readBases(init: StagesInit, call: Call): Promise<readonly string[]> {
  const { opened } = await readStages(init, call)
  return [...new Set(opened.bases.map(({ name }) => name))]
}

async function readStages(init: StagesInit, call: Call) {
  const { path: file, text } = await readDockerfile(init.context, init.dockerfile)
  const dockerfile = parseDockerfile(text, shownIn(init.context, file))
  const { target, args, platform, buildPlatform } = init
  const resolve: StagesInit['resolveBase'] = (...wanted) => init.resolveBase(...wanted)
  const wanted = { target, args, platform, buildPlatform, dockerfile, resolve }
  return { file, text, dockerfile, opened: await openStages(wanted, call) }
}

/** A path for whoever looks for it from where the context was named; in git, from there on. */
function shownIn({ name }: ContextFolder, file: string): string {
  return name.includes('://') ? file : posix.join(name, file)
}

async function filtered({ context }: RecipeInit, dockerfile: string): Promise<BuildContext> {
  const found = await readIgnoreFile(context, dockerfile)
  const matcher = found
    ? parseIgnoreFile(found.text, shownIn(context, found.path)).matcher
    : createPathMatcher([])
  return { ...context, ignore: ignoreOf(matcher) }
}

async function inputsOf(
  { args, cache }: RecipeInit,
  { opened, rehearsal }: { readonly opened: OpenStages; readonly rehearsal: Rehearsal },
  { bases: by }: InputsOptions,
  call: Call,
): Promise<Digest> {
  const { plan, stages, bases } = opened
  const hashes = cache && (await openHashCache(cache))
  const context = await contextDigest(rehearsal.uses, hashes ?? { sha256: sha256Of }, call)
  await hashes?.save()
  const images = bases.map(({ name, platform, digest }) => [
    name,
    formatPlatform(platform),
    ...(by === 'digest' ? [digest] : []),
  ])
  const facts = [VERSION, stageFacts(plan, stages, args), images, context]
  return digestOf(Buffer.from(JSON.stringify(facts)))
}
