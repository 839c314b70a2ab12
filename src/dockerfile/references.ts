/** Which stage or image an instruction names: FROM, COPY with `--from`, RUN with a mount. */

import { WaybillError } from '../errors.ts'
import { parseReference } from '../oci/reference.ts'

import { DocumentError } from '../yaml/errors.ts'
import type { Issue } from '../yaml/issue.ts'
import type { Span } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { expandWord } from './stage-state.ts'
import type { SourceText } from './source.ts'
import type { Dockerfile, Stage, StageInstruction, Word } from './types.ts'

/** What a stage stands on, or something is copied from. */
export type Origin =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  /** A name as docker takes it, for the caller to resolve. */
  | { readonly kind: 'image'; readonly name: string }

/** The stage that has a name, in any case; of several with one name, the last. */
export function stageNamed(stages: readonly Stage[], name: string): number | undefined {
  const index = stages.findLastIndex(({ from }) => from.as?.text === name.toLowerCase())
  return index < 0 ? undefined : index
}

/** One `from`, and where it stands. */
export interface Reference {
  readonly from: Word
  readonly origin: Origin
}

/** All that an instruction takes from elsewhere than the context and its own stage. */
export function referencesOf(
  instruction: StageInstruction,
  { stages }: Dockerfile,
): readonly Reference[] {
  if (instruction.kind === 'copy') {
    const { from } = instruction
    return from ? [{ from, origin: copyOrigin(from.text, stages) }] : []
  }
  if (instruction.kind !== 'run') return []
  return instruction.mounts.flatMap(({ from }) =>
    from ? [{ from, origin: namedOrigin(from.text, stages) }] : [],
  )
}

/** `COPY --from` takes numbers too; one that no stage has is refused before. */
function copyOrigin(text: string, stages: readonly Stage[]): Origin {
  return isNumber(text) ? { kind: 'stage', index: Number(text) } : namedOrigin(text, stages)
}

function namedOrigin(name: string, stages: readonly Stage[]): Origin {
  const index = stageNamed(stages, name)
  if (index !== undefined) return { kind: 'stage', index }
  return name === 'scratch' ? { kind: 'scratch' } : { kind: 'image', name }
}

function isNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text)
}

/** Throws where `name` cannot be an image's. */
export function refuseBadName(name: string, at: Span, source: SourceText): void {
  try {
    parseReference(name, new Set())
  } catch (error) {
    if (!(error instanceof WaybillError)) throw error
    const hint = error.hint ?? 'write the name of an image, or of a stage above'
    throw source.error(at, { message: error.message, hint })
  }
}

/** Throws for what `COPY --from` cannot be, in any stage, and for stages that need themselves. */
export function refuseBadReferences(dockerfile: Dockerfile): void {
  const issues: Issue[] = []
  for (const instruction of dockerfile.stages.flatMap(({ instructions }) => instructions)) {
    try {
      refuseBadFrom(instruction, dockerfile, dockerfile.source)
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error
      issues.push(...error.issues)
    }
  }
  if (issues.length > 0) throw new DocumentError(issues)
  refuseCircles(dockerfile)
}

export function refuseBadFrom(
  instruction: StageInstruction,
  dockerfile: Dockerfile,
  source: SourceText,
): void {
  if (instruction.kind === 'copy' && instruction.from) {
    refuseBadCopy(instruction.from, dockerfile, source)
  }
  for (const { from, origin } of referencesOf(instruction, dockerfile)) {
    if (origin.kind === 'image') refuseBadName(origin.name, from.at, source)
  }
}

function refuseBadCopy(from: Word, { stages, escape }: Dockerfile, source: SourceText): void {
  if (expandWord(from, new Map(), { source, escape }).text !== from.text) {
    const hint = 'name a stage for it: FROM … AS name, and --from=name'
    throw source.error(from.at, { message: '--from takes no variables, quotes or escapes', hint })
  }
  if (!isNumber(from.text)) return
  const index = Number(from.text)
  if (index >= 0 && index < stages.length) return
  const hint = `there are ${stages.length}, counted from 0`
  throw source.error(from.at, { message: `there is no stage ${from.text}`, hint })
}

function refuseCircles(dockerfile: Dockerfile): void {
  const { stages, source } = dockerfile
  const done = new Set<number>()
  const visit = (index: number, path: ReadonlySet<number>): void => {
    if (done.has(index)) return
    done.add(index)
    const here = new Set([...path, index])
    for (const instruction of stages[index]?.instructions ?? []) {
      for (const { from, origin } of referencesOf(instruction, dockerfile)) {
        if (origin.kind !== 'stage') continue
        if (here.has(origin.index))
          throw source.error(from.at, circle(from, origin.index === index))
        visit(origin.index, here)
      }
    }
  }
  for (const { index } of stages) visit(index, new Set())
}

function circle({ text }: Word, isItself: boolean) {
  const message = isItself
    ? `${quote(text)} is this stage itself`
    : `${quote(text)} needs this stage, which needs it`
  return { message, hint: 'copy from a stage that stands before this one' }
}
