import type { Workshop } from '../execute/workshop.ts'
import type { Diagnostic } from '../plan/types.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import type { Manifested } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Group } from './group.ts'
import type { Unseen } from './notes.ts'

/** What comes up on the way and is not about one image's plan. */
export interface Notes {
  readonly unseen: Unseen[]
  readonly diagnostics: Diagnostic[]
  readonly held: Set<string>
  /** Immutable places that are there, and need no look. */
  settled: number
  /** What sources that several groups share were asked, so that one tag costs one look. */
  readonly looks: Map<string, Promise<Descriptor | undefined>>
  readonly reads: Map<string, Promise<Manifested | undefined>>
  /** Tags of source repositories, listed where something is missing: `store/repository`. */
  readonly listings: Map<string, Promise<readonly string[] | undefined>>
}

/** The looking at one group. */
export interface Task {
  readonly group: Group
  /** How many groups each source repository has. */
  readonly subjects: ReadonlyMap<string, number>
  /** How many groups each source has, by its full name. */
  readonly sources: ReadonlyMap<string, number>
  readonly workshop: Workshop
  readonly notes: Notes
  readonly call: Call
}
