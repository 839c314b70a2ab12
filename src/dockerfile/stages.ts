/**
 * The stages of a build: on what each stands, which one is wanted, and what all of them see.
 *
 * Names and references are checked in all stages, as in BuildKit, also in those that are not needed
 * (`needed.ts` says which are).
 */

import { InputError } from '../errors.ts'
import type { Platform } from '../oci/platform.ts'
import { DocumentError } from '../yaml/errors.ts'
import type { Issue } from '../yaml/issue.ts'
import { nearest } from '../yaml/suggest.ts'
import { quote } from '../yaml/words.ts'
import type { Variables } from './expand.ts'
import { normalized, platformArgs, readPlatform } from './platforms.ts'
import { refuseBadName, refuseBadReferences, stageNamed, type Origin } from './references.ts'
import { expandWord } from './stage-state.ts'
import type { Dockerfile, From, Stage, Word } from './types.ts'

export interface PlannedStage {
  readonly stage: Stage
  readonly base: Origin
  /** What FROM says, or what the build is for; a stage on a stage has that one's. */
  readonly platform: Platform
}

export interface StagePlan {
  readonly dockerfile: Dockerfile
  /** What FROM sees, and ARG where it has no default. */
  readonly globals: Variables
  /** What the build is for; also what images are that are only copied from. */
  readonly platform: Platform
  readonly stages: readonly PlannedStage[]
  /** The index of the stage that is wanted. */
  readonly target: number
}

export interface StageOptions {
  /** A stage by name, in any case; the last where it is absent. */
  readonly target?: string | undefined
  readonly platform: Platform
  readonly buildPlatform: Platform
  /** What was given with `--build-arg`. */
  readonly buildArgs: Variables
}

/** Throws a `DocumentError`, or an `InputError` where there is no such target. */
export function planStages(dockerfile: Dockerfile, options: StageOptions): StagePlan {
  const target = targetOf(dockerfile, options.target)
  const platform = normalized(options.platform)
  const stage = dockerfile.stages[target]?.from.as?.text ?? options.target ?? ''
  const build = normalized(options.buildPlatform)
  const given = platformArgs({ target: platform, build, stage }, options.buildArgs)
  const globals = withDeclared(dockerfile, given, options.buildArgs)
  refuseBadReferences(dockerfile)
  const stages = plannedStages(dockerfile, { globals, platform, build })
  return { dockerfile, globals, platform, stages, target }
}

function targetOf({ stages, source }: Dockerfile, target: string | undefined): number {
  if (target === undefined || target === '') return stages.length - 1
  const found = stageNamed(stages, target)
  if (found !== undefined) return found
  const names = stages.flatMap(({ from }) => from.as?.text ?? [])
  const near = nearest(target, names)
  const those = names.length > 0 ? `the stages are ${names.join(', ')}` : 'no stage has a name'
  const hint = near === undefined ? those : `did you mean "${near}"?`
  throw new InputError('BAD_ARGUMENT', `${source.file} has no stage ${quote(target)}`, { hint })
}

/** With what ARG declares before the first FROM. */
function withDeclared(
  { args, source, escape }: Dockerfile,
  given: Variables,
  buildArgs: Variables,
): Variables {
  const globals = new Map(given)
  for (const { key, value } of args.flatMap(({ args }) => args)) {
    const own = () => value && expandWord(value, globals, { source, escape }).text
    const result = buildArgs.get(key.text) ?? own()
    if (result !== undefined) globals.set(key.text, result)
  }
  return globals
}

interface Surroundings {
  readonly globals: Variables
  readonly platform: Platform
  readonly build: Platform
}

function plannedStages(
  dockerfile: Dockerfile,
  surroundings: Surroundings,
): readonly PlannedStage[] {
  const planned: PlannedStage[] = []
  const issues: Issue[] = []
  for (const stage of dockerfile.stages) {
    try {
      planned.push(plannedStage(stage, dockerfile, { ...surroundings, before: planned }))
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      issues.push(...error.issues)
      const { platform } = surroundings
      planned.push({ stage, base: { kind: 'scratch' }, platform })
    }
  }
  if (issues.length > 0) throw new DocumentError(issues)
  return planned
}

function plannedStage(
  stage: Stage,
  dockerfile: Dockerfile,
  { before, ...surroundings }: Surroundings & { readonly before: readonly PlannedStage[] },
): PlannedStage {
  const { image } = stage.from
  const name = expandedFrom(image, dockerfile, surroundings.globals)
  // the name of a stage is found as it is written, which an upper case letter prevents
  const index = before.findLastIndex(({ stage }) => stage.from.as?.text === name)
  const platform = platformOf(stage.from, dockerfile, surroundings)
  const below = before[index]
  if (below) return { stage, base: { kind: 'stage', index }, platform: below.platform }
  if (name === 'scratch') {
    return { stage, base: { kind: 'scratch' }, platform: surroundings.platform }
  }
  refuseBadName(name, image.at, dockerfile.source)
  return { stage, base: { kind: 'image', name }, platform }
}

function expandedFrom(word: Word, { source, escape }: Dockerfile, globals: Variables): string {
  const { text } = expandWord(word, globals, { source, escape })
  if (text !== '') return text
  const hint = 'give the ARG before the first FROM a default, or set it with --build-arg'
  throw source.error(word.at, { message: `${quote(word.text)} comes to nothing`, hint })
}

function platformOf(
  { platform }: From,
  dockerfile: Dockerfile,
  surroundings: Surroundings,
): Platform {
  if (platform === undefined) return surroundings.platform
  const text = expandedFrom(platform, dockerfile, surroundings.globals)
  const found = readPlatform(text, surroundings.build)
  if (found !== undefined) return found
  const hint = 'write os/architecture or os/architecture/variant, like linux/arm64'
  throw dockerfile.source.error(platform.at, { message: `${quote(text)} is no platform`, hint })
}
