/** What the embedded builder leaves to others: the words for it, and where it is asked for. */
import { BuildError } from '../../errors.ts'
import type { NeededStage, Step } from '../../dockerfile/needed.ts'
import type { StagePlan } from '../../dockerfile/stages.ts'
import type { Dockerfile } from '../../dockerfile/types.ts'
import type { Span } from '../../yaml/tree.ts'
import type { SourceText } from '../../dockerfile/source.ts'

export interface Beyond {
  /** `RUN`, `ADD from git` */
  readonly what: string
  /** `Dockerfile:12` */
  readonly at: string
  /** What would help besides another builder. */
  readonly hint?: string
}

/** All of it that the instructions show before any of them is done. */
export function beyondIn(plan: StagePlan, stages: readonly NeededStage[]): readonly Beyond[] {
  const { dockerfile } = plan
  const runs = stages.flatMap(({ steps }) =>
    steps.flatMap(step => (step.instruction.kind === 'run' ? [beyondAt('RUN', step)] : [])),
  )
  return [...otherLanguage(dockerfile), ...otherSystem(dockerfile, stages), ...runs]
}

export function beyondAt(what: string, step: Step, hint?: string): Beyond {
  const at = placeOf(step.source, step.instruction.at)
  return { what, at, ...(hint !== undefined && { hint }) }
}

/** `Dockerfile:12`; what a base image put off has no lines. */
export function placeOf(source: SourceText, { start }: Span): string {
  return /, ONBUILD \d+ of /.test(source.file)
    ? source.file
    : `${source.file}:${source.locate(start).line}`
}

/** `# syntax=`: what docker/dockerfile:1 means is known here. */
function otherLanguage({ directives, source }: Dockerfile): readonly Beyond[] {
  return directives.flatMap(({ name, value }) =>
    name !== 'syntax' || KNOWN_SYNTAX.test(value.text)
      ? []
      : [{ what: `the language of ${value.text}`, at: placeOf(source, value.at) }],
  )
}

const KNOWN_SYNTAX =
  /^(?:docker\.io\/)?docker\/dockerfile(?::1(?:[.-][\w.-]*)?)?(?:@sha256:[0-9a-f]{64})?$/

function otherSystem({ source }: Dockerfile, stages: readonly NeededStage[]): readonly Beyond[] {
  return stages.flatMap(({ platform, stage }) =>
    platform.os === 'windows'
      ? [{ what: 'images for windows', at: placeOf(source, stage.from.at) }]
      : [],
  )
}

export function unsupported({ what, at, hint }: Beyond): BuildError {
  const others = 'buildx, buildah, podman and docker can'
  return new BuildError('BUILD_UNSUPPORTED', `${at}: the embedded builder cannot do ${what}`, {
    hint: hint === undefined ? others : `${hint}; ${others}`,
  })
}
