import { isAbort } from '../errors.ts'
import type { Made, Step, StepReport } from '../plan/types.ts'
import type { Call } from '../util/call.ts'
import { mapLimit } from '../util/concurrency.ts'
import { applyBuild } from './build-step.ts'
import { applyCopy } from './copy-step.ts'
import { blockedBy, stepOutcome, stoppedBefore, type PlaceOutcome } from './outcome.ts'
import { applyTag } from './tag-step.ts'
import type { Workshop } from './workshop.ts'

/** How many steps are under way at once; each host has its own limit below this. */
const STEPS_AT_ONCE = 32

/**
 * Carries out the steps of a plan, in the plan's order as far as there is room. A failure blocks
 * nothing else, unless `failFast`; a stop leaves what has not been done `blocked`.
 */
export function runSteps(
  steps: readonly Step[],
  workshop: Workshop,
  { failFast }: { readonly failFast: boolean },
  call: Call,
): Promise<readonly StepReport[]> {
  let failed: string | undefined
  return mapLimit(steps, STEPS_AT_ONCE, async step => {
    if (failFast && failed !== undefined) {
      return close(step, workshop, blocked(step, `not begun, because ${failed} failed`))
    }
    const report = await runStep(step, workshop, call)
    if (report.result === 'failed' || report.result === 'stale')
      failed ??= step.to[0]?.at ?? step.id
    return report
  })
}

export interface Applied {
  /** What was built. */
  readonly made?: Made
  readonly places: readonly PlaceOutcome[]
  readonly transferred: number
  readonly milliseconds: number
}

async function runStep(step: Step, workshop: Workshop, call: Call): Promise<StepReport> {
  if (call.signal?.aborted)
    return close(step, workshop, blocked(step, stoppedBefore('it began', call)))
  const started = workshop.now()
  workshop.onEvent({ kind: 'step-start', step })
  try {
    const applied = await apply(step, workshop, call)
    return close(step, workshop, { ...applied, milliseconds: workshop.now() - started })
  } catch (error) {
    if (!isAbort(error) && !call.signal?.aborted) throw error
    return close(step, workshop, blocked(step, stoppedBefore('it was done', call)))
  }
}

function apply(step: Step, workshop: Workshop, call: Call): Promise<Omit<Applied, 'milliseconds'>> {
  switch (step.kind) {
    case 'copy':
      return applyCopy(step, workshop, call)
    case 'tag':
      return applyTag(step, workshop, call)
    case 'build':
      return applyBuild(step, workshop, call)
  }
}

function blocked(step: Step, why: string): Applied {
  const places = step.to.map(place => ({ ...place, ...blockedBy(why) }))
  return { places, transferred: 0, milliseconds: 0 }
}

function close(step: Step, workshop: Workshop, applied: Applied): StepReport {
  const outcome = stepOutcome(applied.places, applied)
  for (const place of applied.places) {
    workshop.onEvent({ kind: 'place-done', step, place, outcome: place })
  }
  workshop.onEvent({ kind: 'step-done', step, outcome })
  return { ...step, ...outcome, ...(applied.made && { made: applied.made }), to: applied.places }
}
