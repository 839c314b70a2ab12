/**
 * A Dockerfile for a program that may ask no registry and knows less than BuildKit: images have the
 * names they have there, what the target does not need is gone, and every line is where it was.
 */
import type { NeededStage } from '../dockerfile/needed.ts'
import type { Origin } from '../dockerfile/references.ts'
import type { Dockerfile, From, Mount } from '../dockerfile/types.ts'
import type { Span } from '../yaml/tree.ts'
import type { Prepared } from './prepared.ts'

interface Edit {
  readonly at: Span
  readonly text: string
  /** In the middle of an instruction, which goes on. */
  readonly isPart?: true
}

/** `nameOf` gives the name that the program knows an image by. */
export function rewriteDockerfile(
  { plan, stages }: Prepared,
  nameOf: (image: string) => string,
): string {
  const { source, stages: all } = plan.dockerfile
  const needed = new Map(stages.map(stage => [stage.stage.index, stage]))
  const edits = all.flatMap(({ index, from }): readonly Edit[] => {
    const end = all[index + 1]?.from.at.start ?? source.text.length
    const stage = needed.get(index)
    if (index > plan.target) return [{ at: { start: from.at.start, end }, text: '' }]
    // it stays as one without anything, since stages are also named by their number
    if (!stage) return [{ at: { start: from.at.start, end }, text: fromLine(from, 'scratch') }]
    const image = imageOf(stage.base, plan.dockerfile.stages, nameOf)
    return [{ at: from.at, text: fromLine(from, image) }, ...referenceEdits(stage, nameOf)]
  })
  return edited(plan.dockerfile, edits)
}

function fromLine({ as }: From, image: string): string {
  return as ? `FROM ${image} AS ${as.text}` : `FROM ${image}`
}

function imageOf(
  base: Origin,
  stages: readonly { readonly from: From }[],
  nameOf: (image: string) => string,
): string {
  switch (base.kind) {
    case 'scratch':
      return 'scratch'
    case 'stage':
      return stages[base.index]?.from.as?.text ?? String(base.index)
    case 'image':
      return nameOf(base.name)
  }
}

/** What instructions of the file itself name; those that a base image put off are not in it. */
function referenceEdits(
  { stage, steps }: NeededStage,
  nameOf: (image: string) => string,
): readonly Edit[] {
  const own = new Set<unknown>(stage.instructions)
  return steps
    .filter(({ instruction }) => own.has(instruction))
    .flatMap(({ instruction, references }) =>
      references.flatMap(({ from, origin }): readonly Edit[] => {
        if (origin.kind !== 'image') return []
        const mounts = instruction.kind === 'run' ? instruction.mounts : []
        const mount = mounts.find(one => one.from === from)
        const text = nameOf(origin.name)
        return [{ at: from.at, text: mount ? mountText(mount, text) : text, isPart: true }]
      }),
    )
}

/** The `--mount` again, with another image; a field with commas is in quotes (RFC 4180). */
function mountText({ fields }: Mount, image: string): string {
  const texts = fields.map(({ key, value }) => {
    const field = key === 'from' ? `from=${image}` : value === undefined ? key : `${key}=${value}`
    return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
  })
  return texts.join(',')
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

/** Without the address of a language, which BuildKit would ask a registry for. */
export function withoutSyntax({ source, directives }: Dockerfile): string {
  const lines = source.text.split('\n')
  const at = directives.map(({ value }) => source.locate(value.at.start).line - 1)
  const kept = directives.flatMap(({ name }, index) =>
    name === 'syntax' ? [] : [lines[at[index] ?? 0] ?? ''],
  )
  // an empty line would end the directives, so what stays comes first
  for (const [index, line] of at.entries()) lines[line] = kept[index] ?? ''
  return lines.join('\n')
}
