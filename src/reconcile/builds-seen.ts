/** What looking at builds comes to. */
import type { DesiredBuild } from '../plan/desired.ts'
import type { Diagnostic, Held } from '../plan/types.ts'
import type { KnownBuild } from './keep-builds.ts'
import type { Resolved } from './memory.ts'
import type { Unseen } from './notes.ts'

export interface BuildsSeen {
  readonly builds: readonly DesiredBuild[]
  /** What was built, from a place that has it to those that lack it. */
  readonly copies: readonly Resolved[]
  readonly unseen: readonly Unseen[]
  readonly diagnostics: readonly Diagnostic[]
  readonly held: readonly Held[]
  readonly known: readonly KnownBuild[]
  /** Builds of which not all could be told. */
  readonly stuck: readonly string[]
}

export const NOTHING: BuildsSeen = {
  builds: [],
  copies: [],
  unseen: [],
  diagnostics: [],
  held: [],
  known: [],
  stuck: [],
}
