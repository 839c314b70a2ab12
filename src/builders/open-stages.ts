/** The stages that a build needs, and the images that these need: what a base puts off included. */
import { neededStages, type NeededStage, type Triggers } from '../dockerfile/needed.ts'
import { planStages, type StagePlan } from '../dockerfile/stages.ts'
import type { Dockerfile } from '../dockerfile/types.ts'
import type { Platform } from '../oci/platform.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { openBase, type OpenBase } from './base-image.ts'
import { baseFor, type BaseImage, type NamedBase } from './builder.ts'

export interface NeededBase extends NamedBase {
  readonly open: OpenBase
}

export interface OpenStages {
  readonly plan: StagePlan
  /** In the order they stand in the file; the last is the one that is wanted. */
  readonly stages: readonly NeededStage[]
  /** In the order they are first needed in. */
  readonly bases: readonly NeededBase[]
}

export interface OpenStagesInit {
  readonly dockerfile: Dockerfile
  readonly target?: string | undefined
  readonly args: ReadonlyMap<string, string>
  readonly platform: Platform
  readonly buildPlatform: Platform
  resolve(name: string, platform: Platform, call: Call): Promise<BaseImage>
}

const AT_ONCE = 4

export async function openStages(init: OpenStagesInit, call: Call): Promise<OpenStages> {
  const { dockerfile, target, args: buildArgs, platform, buildPlatform } = init
  const plan = planStages(dockerfile, { target, platform, buildPlatform, buildArgs })
  const bases: NeededBase[] = []
  for (;;) {
    const stages = neededStages(plan, triggersIn(plan, bases))
    const missing = wishesOf(plan, stages).filter(
      ({ name, platform }) => !baseFor(bases, name, platform),
    )
    if (missing.length === 0) return { plan, stages, bases }
    const opened = await mapLimit(missing, AT_ONCE, async ({ name, platform }) => {
      const base = await init.resolve(name, platform, call)
      return { ...base, name, platform, open: await openBase(base, call) }
    })
    bases.push(...opened)
  }
}

type Wish = Pick<NamedBase, 'name' | 'platform'>

/** Each once. */
function wishesOf(plan: StagePlan, stages: readonly NeededStage[]): readonly Wish[] {
  const found: Wish[] = []
  const add = (name: string, platform: Platform) => {
    if (!baseFor(found, name, platform)) found.push({ name, platform })
  }
  for (const { base, platform, steps } of stages) {
    if (base.kind === 'image') add(base.name, platform)
    for (const { origin } of steps.flatMap(({ references }) => references)) {
      if (origin.kind === 'image') add(origin.name, plan.platform)
    }
  }
  return found
}

function triggersIn({ stages }: StagePlan, bases: readonly NeededBase[]): Triggers {
  const triggers = new Map<number, readonly string[]>()
  for (const { stage, base, platform } of stages) {
    const found = base.kind === 'image' ? baseFor(bases, base.name, platform) : undefined
    if (found) triggers.set(stage.index, found.open.onbuild)
  }
  return triggers
}
