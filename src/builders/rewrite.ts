/**
 * A Dockerfile as a program takes it that may ask no registry: images have the names that they have
 * there, and every line is where it was.
 */
import type { NeededStage } from '../dockerfile/needed.ts'
import type { Origin } from '../dockerfile/references.ts'
import type { Dockerfile, From, Word } from '../dockerfile/types.ts'
import { formatPlatform, type Platform } from '../oci/platform.ts'
import type { Span } from '../yaml/tree.ts'
import { baseFor } from './builder.ts'
import type { NeededBase, OpenStages } from './open-stages.ts'

interface Edit {
  readonly at: Span
  readonly text: string
  /** In the middle of an instruction, which goes on. */
  readonly isPart?: true
}

/** The name that a program knows a base image by. */
export type NameOf = (base: NeededBase) => string

/** For programs that know less than BuildKit: what the target does not need is gone. */
export function rewriteDockerfile(prepared: OpenStages, nameOf: NameOf): string {
  const { plan, stages } = prepared
  const { source, stages: all } = plan.dockerfile
  const needed = new Map(stages.map(stage => [stage.stage.index, stage]))
  const edits = all.flatMap(({ index, from }): readonly Edit[] => {
    const end = all[index + 1]?.from.at.start ?? source.text.length
    const stage = needed.get(index)
    if (index > plan.target) return [{ at: { start: from.at.start, end }, text: '' }]
    // it stays as one without anything, since stages are also named by their number
    if (!stage) return [{ at: { start: from.at.start, end }, text: fromLine(from, 'scratch') }]
    const line = fromLine(from, baseIn(prepared, stage, nameOf), flagOf(stage))
    return [{ at: from.at, text: line }, ...referenceEdits(prepared, stage, nameOf)]
  })
  return edited(plan.dockerfile, edits)
}

function fromLine({ as }: From, image: string, flag = ''): string {
  return as ? `FROM ${flag}${image} AS ${as.text}` : `FROM ${flag}${image}`
}

/** Always, since buildah takes what one stage says for the next one too. */
function flagOf({ base, platform }: NeededStage): string {
  return base.kind === 'image' ? `--platform=${formatPlatform(platform)} ` : ''
}

function baseIn(prepared: OpenStages, { base, platform }: NeededStage, nameOf: NameOf): string {
  switch (base.kind) {
    case 'scratch':
      return 'scratch'
    case 'stage':
      return prepared.plan.dockerfile.stages[base.index]?.from.as?.text ?? String(base.index)
    case 'image':
      return imageIn(prepared, base, { platform, nameOf })
  }
}

function imageIn(
  { bases }: OpenStages,
  { name }: Extract<Origin, { kind: 'image' }>,
  { platform, nameOf }: { readonly platform: Platform; readonly nameOf: NameOf },
): string {
  const found = baseFor(bases, name, platform)
  return found ? nameOf(found) : name
}

/** What instructions of the file itself name; those that a base image put off are not in it. */
function referenceEdits(
  prepared: OpenStages,
  { stage, steps }: NeededStage,
  nameOf: NameOf,
): readonly Edit[] {
  const { platform, dockerfile } = prepared.plan
  const own = new Set<unknown>(stage.instructions)
  return steps
    .filter(({ instruction }) => own.has(instruction))
    .flatMap(({ instruction, references }) =>
      references.flatMap(({ from, origin }): readonly Edit[] => {
        if (origin.kind !== 'image') return []
        const text = imageIn(prepared, origin, { platform, nameOf })
        const at = spanOf(dockerfile, from, instruction.kind === 'run' ? 'from=' : '')
        // one that is there in pieces stays, and is not found
        return at ? [{ at, text, isPart: true }] : []
      }),
    )
}

/** Of a name in a flag, which may have more in it, and quotes. */
function spanOf({ source }: Dockerfile, { text, at }: Word, before: string): Span | undefined {
  const raw = source.text.slice(at.start, at.end)
  const found = raw.lastIndexOf(`${before}${text}`)
  if (found < 0) return before === '' && !raw.startsWith('-') ? at : undefined
  const start = at.start + found + before.length
  return { start, end: start + text.length }
}

/**
 * For BuildKit, which finds base images by the names they have: as it is, without the address of a
 * language, which it would ask a registry for. `nameOf` gives those names that are not as written.
 */
export function renameBases(
  prepared: OpenStages,
  nameOf: (base: NeededBase) => string | undefined,
): string {
  const { plan, stages } = prepared
  const edits = stages.flatMap(({ stage, base, platform }): readonly Edit[] => {
    const found = base.kind === 'image' ? baseFor(prepared.bases, base.name, platform) : undefined
    const name = found && nameOf(found)
    return name === undefined ? [] : [{ at: stage.from.image.at, text: name, isPart: true }]
  })
  return edited(plan.dockerfile, [...syntaxEdits(plan.dockerfile), ...edits])
}

function syntaxEdits({ source, directives }: Dockerfile): readonly Edit[] {
  const lines = source.text.split('\n')
  const spans = directives.map(({ value }) => lineAt(source.text, value.at.start))
  const kept = directives.flatMap(({ name, value }) =>
    name === 'syntax' ? [] : [lines[source.locate(value.at.start).line - 1] ?? ''],
  )
  // an empty line would end the directives, so what stays comes first
  return spans.map((at, index) => ({ at, text: kept[index] ?? '' }))
}

function lineAt(text: string, offset: number): Span {
  const end = text.indexOf('\n', offset)
  return { start: text.lastIndexOf('\n', offset - 1) + 1, end: end < 0 ? text.length : end }
}

/** With as many lines as before: those that a part loses come after it, with nothing in them. */
function edited({ source, escape }: Dockerfile, edits: readonly Edit[]): string {
  const { text } = source
  let result = text
  for (const { at, text: own, isPart } of edits.toSorted((a, b) => b.at.start - a.at.start)) {
    const lost = linesIn(text.slice(at.start, at.end)) - linesIn(own)
    const rest = (isPart ? `${escape}\n` : '\n').repeat(lost)
    result = `${result.slice(0, at.start)}${own}${rest}${result.slice(at.end)}`
  }
  return result
}

function linesIn(text: string): number {
  return text.split('\n').length
}
