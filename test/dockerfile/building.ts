import { applyInstruction } from '../../src/dockerfile/apply.ts'
import { expandTransfer, recordTransfer } from '../../src/dockerfile/expand-transfer.ts'
import { neededStages, type NeededStage, type Triggers } from '../../src/dockerfile/needed.ts'
import { parseDockerfile } from '../../src/dockerfile/parse.ts'
import { formatRuntimeConfig, type RuntimeConfig } from '../../src/dockerfile/runtime-config.ts'
import {
  SCRATCH_CONFIG,
  stageOnImage,
  stageOnStage,
  type StageContext,
  type StageState,
} from '../../src/dockerfile/stage-state.ts'
import { planStages, type StagePlan } from '../../src/dockerfile/stages.ts'
import type { Platform } from '../../src/oci/platform.ts'

export interface BuildInit {
  readonly target?: string
  readonly args?: Readonly<Record<string, string>>
  readonly platform?: Platform
  readonly buildPlatform?: Platform
  /** What images hold, by name; all others hold nothing. */
  readonly images?: Readonly<Record<string, RuntimeConfig>>
}

const AMD64: Platform = { os: 'linux', architecture: 'amd64' }

export function plan(text: string, init: BuildInit = {}): StagePlan {
  const { target, args = {}, platform = AMD64, buildPlatform = AMD64 } = init
  const buildArgs = new Map(Object.entries(args))
  const dockerfile = parseDockerfile(text, 'Dockerfile')
  return planStages(dockerfile, { target, platform, buildPlatform, buildArgs })
}

export function needed(text: string, init: BuildInit = {}): readonly NeededStage[] {
  const planned = plan(text, init)
  return neededStages(planned, triggersOf(planned, init))
}

function triggersOf({ stages }: StagePlan, { images = {} }: BuildInit): Triggers {
  return new Map(
    stages.map(({ base }, index) => [
      index,
      (base.kind === 'image' ? images[base.name]?.onbuild : undefined) ?? [],
    ]),
  )
}

/** What becomes of the target, with all files left out. */
export function built(text: string, init: BuildInit = {}): StageState {
  const planned = plan(text, init)
  const { dockerfile, globals, target } = planned
  const states = new Map<number, StageState>()
  for (const { stage, base, platform, steps } of neededStages(planned, triggersOf(planned, init))) {
    let state =
      base.kind === 'stage'
        ? stageOnStage(states.get(base.index)!, platform)
        : stageOnImage({ config: configOf(base, init) }, platform)
    for (const { instruction, source } of steps) {
      const buildArgs = new Map(Object.entries(init.args ?? {}))
      const { escape } = dockerfile
      const context: StageContext = { source, escape, platform, globals, buildArgs }
      if (instruction.kind === 'run') throw new Error('RUN is for others')
      else if (instruction.kind === 'copy' || instruction.kind === 'add') {
        const transfer = expandTransfer(state, instruction, context)
        state = recordTransfer(state, transfer, instruction, context)
      } else state = applyInstruction(state, instruction, context)
    }
    states.set(stage.index, state)
  }
  return states.get(target)!
}

function configOf(base: NeededStage['base'], { images = {} }: BuildInit): RuntimeConfig {
  return base.kind === 'image' ? (images[base.name] ?? {}) : SCRATCH_CONFIG
}

export function config(text: string, init: BuildInit = {}): Readonly<Record<string, unknown>> {
  return formatRuntimeConfig(built(text, init).config)
}

/** As `created_by` has it; what made a layer is marked with `*`. */
export function history(text: string, init: BuildInit = {}): readonly string[] {
  return built(text, init).history.map(
    ({ createdBy, emptyLayer }) => `${emptyLayer ? '' : '*'}${createdBy}`,
  )
}
