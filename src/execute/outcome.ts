import { RunError, WaybillError } from '../errors.ts'
import type { Call } from '../util/call.ts'
import type { MoveStep, Outcome, Problem, Result, StepPlace } from '../plan/types.ts'
import { namedAt } from '../plan/identity.ts'
import { problemOf } from './problem.ts'

/** What became of one place of a step. */
export type PlaceOutcome = StepPlace & Outcome

export function outcomeOf(
  result: Result,
  { transferred = 0, milliseconds = 0, error }: Partial<Omit<Outcome, 'result'>> = {},
): Outcome {
  return { result, transferred, milliseconds, ...(error && { error }) }
}

/** A failure as an outcome. What is not a `WaybillError` is a bug and goes on up. */
export function failureOf(error: unknown): Outcome {
  if (!(error instanceof WaybillError)) throw error
  const stale = error instanceof RunError && error.code === 'PLAN_STALE'
  return outcomeOf(stale ? 'stale' : 'failed', { error: problemOf(error) })
}

export function blockedBy(message: string): Outcome {
  const error: Problem = { code: 'STEP_BLOCKED', message }
  return outcomeOf('blocked', { error })
}

/** Says why, where it was no wish of the caller's: a limit on the run's time has words of its own. */
export function stoppedBefore(what: string, { signal }: Call): string {
  const reason: unknown = signal?.reason
  const why = reason instanceof WaybillError ? `: ${reason.message}` : ''
  return `stopped before ${what}${why}`
}

const WORST: readonly Result[] = ['failed', 'stale', 'blocked', 'done', 'unchanged']

/** A step is as good as the worst of its places, and done if any place was changed. */
export function stepOutcome(
  places: readonly PlaceOutcome[],
  { transferred, milliseconds }: { readonly transferred: number; readonly milliseconds: number },
): Outcome {
  const result = WORST.find(worst => places.some(place => place.result === worst)) ?? 'unchanged'
  const error = places.find(place => place.result === result)?.error
  return outcomeOf(result, { transferred, milliseconds, ...(error && { error }) })
}

/** Checks that a place still is what the plan saw; `undefined`: go on. */
export function precheck(
  step: MoveStep,
  place: StepPlace,
  current: string | undefined,
): Outcome | undefined {
  const complete = step.kind === 'tag' || step.referrers.length === 0
  const wanted = namedAt(step, place)
  if (current === wanted && complete) return outcomeOf('unchanged')
  if (current === wanted || (current ?? null) === place.replaces) return undefined
  return failureOf(
    new RunError('PLAN_STALE', `${place.at} is now ${current ?? 'absent'}, not as planned`, {
      hint: 'plan again to see the change before applying it',
    }),
  )
}
