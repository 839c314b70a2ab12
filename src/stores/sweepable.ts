import type { Digest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

export interface SweepOptions {
  /** Only these, however young: the caller knows that they were named until now. */
  readonly among?: ReadonlySet<Digest>
  /** What is younger than this stays: somebody may be about to name it. */
  readonly graceMs: number
  /** Looks, and removes nothing. */
  readonly dryRun?: boolean
}

export interface Blob {
  readonly digest: Digest
  readonly size: number
}

export interface Swept {
  /** What went, or would go; sorted by digest. */
  readonly removed: readonly Blob[]
  /** What nothing reaches, and is too young, or others are writing. */
  readonly left: readonly Blob[]
}

/** Stores that keep blobs which nothing reaches any more, until they are swept. */
export interface Sweepable {
  sweep(options: SweepOptions, call?: Call): Promise<Swept>
}

export function isSweepable(store: Store): store is Store & Sweepable {
  return 'sweep' in store
}

export function sizeOf(blobs: readonly Blob[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0)
}
