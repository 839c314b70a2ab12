import type { Diagnostic, Held } from '../plan/types.ts'
import type { Location } from '../yaml/issue.ts'
import type { Sighted } from './held.ts'
import type { Resolved } from './memory.ts'
import type { Unseen } from './notes.ts'

/** Everything that a manifest comes to wish for. */
export interface Resolution {
  /** Sorted by place; no two are for one place. */
  readonly wishes: readonly Resolved[]
  readonly unseen: readonly Unseen[]
  readonly diagnostics: readonly Diagnostic[]
  readonly held: readonly Held[]
  /** What is locked and no longer there. */
  readonly gone: readonly GoneReference[]
  /** First sights, those that are not over. */
  readonly sights: readonly Sighted[]
  /** Images of which not all could be told: what the lock has of them stays. */
  readonly stuck: readonly string[]
}

export interface GoneReference {
  readonly image: string
  /** Full name of the source as it was. */
  readonly reference: string
  readonly location: Location
}

export const NOTHING: Resolution = {
  wishes: [],
  unseen: [],
  diagnostics: [],
  held: [],
  gone: [],
  sights: [],
  stuck: [],
}
