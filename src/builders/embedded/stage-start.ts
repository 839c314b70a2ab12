/** What stages begin with. */
import type { Variables } from '../../dockerfile/expand.ts'
import type { NeededStage, Step } from '../../dockerfile/needed.ts'
import { parseRuntimeConfig } from '../../dockerfile/runtime-config.ts'
import {
  SCRATCH_CONFIG,
  stageOnImage,
  stageOnStage,
  type StageContext,
  type StageState,
} from '../../dockerfile/stage-state.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { parseDocument } from '../../oci/document.ts'
import { baseFor } from '../builder.ts'
import type { NeededBase, OpenStages } from '../open-stages.ts'

/** `below`: what the stages that stand before it came to. */
export function stageStart(
  { base, platform }: NeededStage,
  { bases }: Pick<OpenStages, 'bases'>,
  below: (index: number) => StageState | undefined,
): StageState {
  if (base.kind === 'scratch') return stageOnImage({ config: SCRATCH_CONFIG }, platform)
  if (base.kind === 'image') {
    const found = baseFor(bases, base.name, platform)
    if (!found) throw new Error(`${base.name} was not opened`)
    return stageOnImage(saidBy(found), platform)
  }
  const state = below(base.index)
  if (!state) throw new Error(`stage ${base.index} was not built before those on it`)
  return stageOnStage(state, platform)
}

function saidBy({ open, pinned }: NeededBase) {
  const document = parseDocument(open.config, `the configuration of the base image ${pinned}`)
  const { config, author } = document
  return {
    config: parseRuntimeConfig(isRecord(config) ? config : {}),
    ...(typeof author === 'string' && author !== '' && { author }),
  }
}

export function contextOf(
  { plan: { dockerfile, globals } }: Pick<OpenStages, 'plan'>,
  { platform }: NeededStage,
  { source }: Step,
  buildArgs: Variables,
): StageContext {
  return { source, escape: dockerfile.escape, platform, globals, buildArgs }
}
