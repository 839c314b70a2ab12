/** A Dockerfile and its base images, read before any program sees them. */
import { neededStages, type NeededStage } from '../dockerfile/needed.ts'
import { parseDockerfile } from '../dockerfile/parse.ts'
import type { Origin } from '../dockerfile/references.ts'
import { planStages, type StagePlan } from '../dockerfile/stages.ts'
import { BuildError } from '../errors.ts'
import type { Platform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import { openBase, type OpenBase } from './base-image.ts'
import type { BuildRequest } from './builder.ts'

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
  const {
    dockerfile: { text, file },
    target,
    platform,
    args: buildArgs,
  } = request
  const parsed = parseDockerfile(text, file)
  const plan = planStages(parsed, { target, platform, buildPlatform, buildArgs })
  const bases = new Map<string, OpenBase>()
  const triggers = new Map<number, readonly string[]>()
  // what a base puts off may need more bases
  for (;;) {
    const stages = neededStages(plan, triggers)
    const missing = imagesOf(stages).filter(name => !bases.has(name))
    if (missing.length === 0) return { plan, stages, bases }
    for (const name of missing) bases.set(name, await openBase(resolved(request, name), call))
    takeTriggers(plan, bases, triggers)
  }
}

function imagesOf(stages: readonly NeededStage[]): readonly string[] {
  const nameOf = (origin: Origin) => (origin.kind === 'image' ? [origin.name] : [])
  const names = stages.flatMap(({ base, steps }) => [
    ...nameOf(base),
    ...steps.flatMap(step => step.references.flatMap(({ origin }) => nameOf(origin))),
  ])
  return [...new Set(names)]
}

function resolved({ bases, dockerfile }: BuildRequest, name: string) {
  const found = bases.get(name)
  if (found) return found
  throw new BuildError('BUILD_FAILED', `${dockerfile.file} needs ${name}, which nobody resolved`, {
    hint: 'it may be named only by ONBUILD of a base image: name it in a FROM of the Dockerfile',
  })
}

function takeTriggers(
  { stages }: StagePlan,
  bases: ReadonlyMap<string, OpenBase>,
  triggers: Map<number, readonly string[]>,
): void {
  for (const { stage, base } of stages) {
    const open = base.kind === 'image' ? bases.get(base.name) : undefined
    if (open && open.onbuild.length > 0) triggers.set(stage.index, open.onbuild)
  }
}
