/** What a build comes to: the stages that its target needs, with the instructions of their bases. */

import { quote } from '../yaml/words.ts'
import { parseInstruction } from './parse.ts'
import { referencesOf, refuseBadFrom, type Reference } from './references.ts'
import type { SourceText } from './source.ts'
import type { PlannedStage, StagePlan } from './stages.ts'
import type { StageInstruction } from './types.ts'

export interface Step {
  readonly instruction: StageInstruction
  /** What the places in the instruction are about: the Dockerfile, or what a base put off. */
  readonly source: SourceText
  readonly references: readonly Reference[]
}

export interface NeededStage extends PlannedStage {
  /** What the base put off with ONBUILD, and then the stage's own. */
  readonly steps: readonly Step[]
}

/** What ONBUILD stored in the images that stages stand on, by the index of the stage. */
export type Triggers = ReadonlyMap<number, readonly string[]>

/**
 * The stages that the target needs, in the order they stand in the file. What stands in `triggers`
 * may need more stages and images than were known without it.
 */
export function neededStages(plan: StagePlan, triggers: Triggers): readonly NeededStage[] {
  const needed = new Map<number, NeededStage>()
  const waiting = [plan.target]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    const planned = plan.stages[index]
    if (planned === undefined || needed.has(index)) continue
    const steps = [
      ...putOff(plan, planned, triggers).map((text, number) =>
        triggerStep(plan, planned, { text, number }),
      ),
      ...planned.stage.instructions.map(instruction =>
        stepOf(plan, instruction, plan.dockerfile.source),
      ),
    ]
    refuseLater(planned, steps)
    needed.set(index, { ...planned, steps })
    const origins = [planned.base, ...steps.flatMap(step => step.references.map(one => one.origin))]
    waiting.push(...origins.flatMap(origin => (origin.kind === 'stage' ? [origin.index] : [])))
  }
  return [...needed.values()].toSorted((a, b) => a.stage.index - b.stage.index)
}

/** A stage that another stands on puts off what it says itself, and not what it was handed. */
function putOff(plan: StagePlan, { stage, base }: PlannedStage, triggers: Triggers) {
  if (base.kind === 'image') return triggers.get(stage.index) ?? []
  const below = base.kind === 'stage' ? plan.stages[base.index]?.stage.instructions : undefined
  return (below ?? []).flatMap(one => (one.kind === 'onbuild' ? [one.expression] : []))
}

function triggerStep(
  plan: StagePlan,
  { stage }: PlannedStage,
  { text, number }: { readonly text: string; readonly number: number },
): Step {
  const { source } = plan.dockerfile
  const { line } = source.locate(stage.from.at.start)
  const file = `${source.file}:${line}, ONBUILD ${number + 1} of ${stage.from.image.text}`
  const { instruction, source: own } = parseInstruction(text, file)
  return stepOf(plan, instruction, own)
}

function stepOf(
  { dockerfile }: StagePlan,
  instruction: StageInstruction,
  source: SourceText,
): Step {
  refuseBadFrom(instruction, dockerfile, source)
  return { instruction, source, references: referencesOf(instruction, dockerfile) }
}

function refuseLater({ stage }: PlannedStage, steps: readonly Step[]): void {
  for (const { references, source } of steps) {
    for (const { from, origin } of references) {
      if (origin.kind !== 'stage' || origin.index < stage.index) continue
      const message = `the stage ${quote(from.text)} comes only later`
      throw source.error(from.at, { message, hint: 'move it before this one' })
    }
  }
}
