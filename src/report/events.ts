import type { Outcome, Plan, Step, StepPlace } from '../plan/types.ts'

/** What happens while a run goes on, in order. Renderers fold over it; nothing else prints. */
export type RunEvent =
  | {
      readonly kind: 'look'
      /** Places and sources looked at so far. */ readonly done: number
      readonly total: number
    }
  | {
      readonly kind: 'notice'
      /** What stops nothing, and is worth a word. */ readonly text: string
    }
  | { readonly kind: 'planned'; /** About to be carried out. */ readonly plan: Plan }
  | { readonly kind: 'step-start'; readonly step: Step }
  | {
      readonly kind: 'bytes'
      readonly step: string
      /** Read from the source since the last. */ readonly count: number
    }
  | {
      readonly kind: 'place-done'
      readonly step: Step
      readonly place: StepPlace
      readonly outcome: Outcome
    }
  | {
      readonly kind: 'build-line'
      readonly step: Step
      readonly line: { readonly text: string; readonly step?: string }
    }
  | { readonly kind: 'step-done'; readonly step: Step; readonly outcome: Outcome }

export type OnEvent = (event: RunEvent) => void
