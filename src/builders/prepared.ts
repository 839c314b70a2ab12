/** A Dockerfile and its base images, read before any program sees them. */
import { parseDockerfile } from '../dockerfile/parse.ts'
import type { NeededStage } from '../dockerfile/needed.ts'
import type { StagePlan } from '../dockerfile/stages.ts'
import { BuildError } from '../errors.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import type { OpenBase } from './base-image.ts'
import { baseFor, type BuildRequest } from './builder.ts'
import { openStages, type NeededBase } from './open-stages.ts'

export interface Prepared {
  readonly plan: StagePlan
  /** Those that the target needs. */
  readonly stages: readonly NeededStage[]
  /** The base images that these need, by the names the Dockerfile has for them. */
  readonly bases: ReadonlyMap<string, OpenBase>
}

/** `buildPlatform`: what the builder itself runs on. */
export async function prepare(
  request: BuildRequest,
  buildPlatform: Platform,
  call: Call,
): Promise<Prepared> {
  const { dockerfile, target, args, platform } = request
  const { plan, stages, bases } = await openStages(
    {
      dockerfile: parseDockerfile(dockerfile.text, dockerfile.file),
      target,
      args,
      platform,
      buildPlatform,
      resolve: async (name, wanted) => resolved(request, name, wanted),
    },
    call,
  )
  return { plan, stages, bases: byName(bases, dockerfile.file) }
}

function resolved({ bases, dockerfile }: BuildRequest, name: string, platform: Platform) {
  const found = baseFor(bases, name, platform)
  if (found) return found
  const wanted = `${name} for ${formatPlatform(platform)}`
  throw new BuildError('BUILD_FAILED', `${dockerfile.file} needs ${wanted}, which nobody resolved`)
}

/** Programs know an image by the one name that they find it under. */
function byName(bases: readonly NeededBase[], file: string): ReadonlyMap<string, OpenBase> {
  const named = new Map<string, OpenBase>()
  for (const { name, digest, open } of bases) {
    const other = named.get(name)
    if (other && other.base.digest !== digest) {
      throw new BuildError('BUILD_UNSUPPORTED', `${file} names ${name} for two platforms`, {
        hint: 'name one of them by its digest',
      })
    }
    named.set(name, open)
  }
  return named
}
