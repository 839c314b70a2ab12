import type { Digest } from '../oci/digest.ts'
import type {
  BuildStep,
  Diagnostic,
  Gone,
  Held,
  PlaceLock,
  PruneMode,
  Released,
  SourceLine,
  Unknown,
} from './types.ts'

/** One wished place, with nothing moving left in it, and what was seen there. */
export interface DesiredPlace {
  readonly store: string
  readonly repository: string
  readonly tag: string
  /** What the tag named; `undefined` where it is definitely not there. */
  readonly found: Digest | undefined
  /**
   * What it names when it is as wanted: the image's digest, unless the store knows it by another
   * one, or has the same image under another one.
   */
  readonly wanted: Digest
  /** Referrers of the wanted digest that the repository was seen to lack. */
  readonly lacks: readonly Digest[]
  /**
   * `owned`: only what is ours; `immutable`: never, since the registry's `immutableTags` say so;
   * `hearsay`: not on a mirror's word.
   */
  readonly overwrite: 'always' | 'owned' | 'never' | 'immutable' | 'hearsay'
  /** What the lock says of it; absent where none is kept. */
  readonly kept?: PlaceKept
  readonly location: SourceLine
}

export interface PlaceKept extends PlaceLock {
  /** Digests that are ours where the place names them. */
  readonly ours: readonly Digest[]
}

/** What one source should be at one or more places. */
export interface DesiredImage {
  /** `docker.io/library/mysql:5.7` */
  readonly from: string
  /** What the source names. */
  readonly source: Digest
  /** What is to be brought: `source`, the cut index, or the manifest that was made for it. */
  readonly digest: Digest
  /** The platforms kept, where the source was cut. */
  readonly platforms?: readonly string[]
  /** Whether the source keeps no manifest, so that `digest` is one that was made for it. */
  readonly isRepacked?: boolean
  readonly places: readonly DesiredPlace[]
  /** Everything there is to move, where anything is out of place: manifests and blobs. */
  readonly contents: readonly { readonly digest: string; readonly size: number }[]
}

/** A place that a build should be at. */
export interface BuildPlace extends Omit<DesiredPlace, 'wanted' | 'lacks'> {
  /** Whether what it names is what this very build came to. */
  readonly isMade: boolean
}

/** One build, with nothing moving left in it. */
export interface DesiredBuild extends Pick<BuildStep, 'builder' | 'platforms' | 'bases'> {
  readonly name: string
  /** Digest of all that goes into it. */
  readonly key: Digest
  /** Why it is built though some place may have it: it is too old. */
  readonly stale?: string
  readonly places: readonly BuildPlace[]
}

/** All that planning needs to know. Equal inputs, equal plans. */
export interface PlanInput {
  readonly version: string
  readonly desired: readonly DesiredImage[]
  readonly builds: readonly DesiredBuild[]
  readonly unknown: readonly Unknown[]
  readonly diagnostics: readonly Diagnostic[]
  readonly held: readonly Held[]
  readonly gone: readonly Gone[]
  /** Each a place that still holds what we put there. */
  readonly released: readonly (Released & { readonly prune: PruneMode })[]
  /** Stores that are on this machine: into one is a pull, out of one a push. */
  readonly local: ReadonlySet<string>
  /** How many immutable places are there, and were believed to be as wanted. */
  readonly settled: number
  /** Content that local stores have already: `store digest`. */
  readonly stocked: ReadonlySet<string>
}
