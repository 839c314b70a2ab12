/** What a run's events add up to so far. */

import type { Step } from '../plan/types.ts'
import type { RunEvent } from './events.ts'

export interface Running {
  readonly step: Step
  readonly since: number
  readonly bytes: number
}

export interface TallyState {
  readonly looked: { readonly done: number; readonly total: number } | undefined
  /** Places and bytes of the whole plan, once there is one. */
  readonly planned: { readonly places: number; readonly bytes: number } | undefined
  readonly places: number
  readonly failed: number
  readonly bytes: number
  /** In the order they began. */
  readonly running: readonly Running[]
  /** Over the last seconds; absent until there is something to tell. */
  readonly bytesPerSecond: number | undefined
}

export interface Tally {
  add(event: RunEvent, now: number): void
  /** Notes how far things are at `now`: what speed is reckoned from. */
  sample(now: number): void
  state(): TallyState
}

const WINDOW_MS = 5000
const LEAST_WINDOW_MS = 500

export function createTally(): Tally {
  const running = new Map<string, Running>()
  let samples: readonly { readonly at: number; readonly bytes: number }[] = []
  let state: Omit<TallyState, 'running' | 'bytesPerSecond'> = {
    looked: undefined,
    planned: undefined,
    places: 0,
    failed: 0,
    bytes: 0,
  }
  return {
    add(event, now) {
      state = next(state, event)
      if (event.kind === 'step-start') {
        running.set(event.step.id, { step: event.step, since: now, bytes: 0 })
      } else if (event.kind === 'step-done') running.delete(event.step.id)
      else if (event.kind === 'bytes') {
        const known = running.get(event.step)
        if (known) running.set(event.step, { ...known, bytes: known.bytes + event.count })
      }
    },
    sample(now) {
      const fresh = samples.filter(({ at }) => at >= now - WINDOW_MS)
      samples = [...fresh, { at: now, bytes: state.bytes }]
    },
    state: () => ({ ...state, running: [...running.values()], bytesPerSecond: speedOf(samples) }),
  }
}

function next<S extends Omit<TallyState, 'running' | 'bytesPerSecond'>>(
  state: S,
  event: RunEvent,
): S {
  switch (event.kind) {
    case 'look':
      return { ...state, looked: { done: event.done, total: event.total } }
    case 'build-line':
      return state
    case 'planned': {
      const { steps, summary } = event.plan
      const places = steps.reduce((sum, { to }) => sum + to.length, 0)
      return { ...state, planned: { places, bytes: summary.bytes } }
    }
    case 'bytes':
      return { ...state, bytes: state.bytes + event.count }
    case 'place-done': {
      const { result } = event.outcome
      const good = result === 'done' || result === 'unchanged'
      if (result === 'blocked') return state
      return good ? { ...state, places: state.places + 1 } : { ...state, failed: state.failed + 1 }
    }
    case 'notice':
    case 'step-start':
    case 'step-done':
      return state
  }
}

function speedOf(
  samples: readonly { readonly at: number; readonly bytes: number }[],
): number | undefined {
  const [first] = samples
  const last = samples.at(-1)
  if (!first || !last || last.at - first.at < LEAST_WINDOW_MS) return undefined
  return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000
}
