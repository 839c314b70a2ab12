import type { Digest } from '../oci/digest.ts'
import type { Traffic } from '../util/traffic.ts'

/**
 * The plan and the report as people and programs get them (schemas/plan.schema.json). They name
 * stores and registries, never a credential, URL or path of the planning machine.
 */
export interface Plan {
  readonly formatVersion: '1.0'
  readonly tool: { readonly name: 'waybill'; readonly version: string }
  readonly operation: 'plan'
  /** False where something could not be looked at or does not exist. */
  readonly complete: boolean
  readonly exitCode: number
  readonly summary: Summary
  readonly steps: readonly Step[]
  readonly drift: readonly Drift[]
  readonly held: readonly Held[]
  readonly gone: readonly Gone[]
  readonly prunable: readonly Released[]
  readonly unmanaged: readonly Released[]
  readonly unknown: readonly Unknown[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface Report extends Omit<Plan, 'operation' | 'steps'> {
  readonly operation: 'apply' | 'reconcile'
  readonly steps: readonly StepReport[]
  /** Of all hosts together: what was sent, what of it again, and how long requests were held back. */
  readonly requests: number
  readonly retries: number
  readonly waitedMs: number
  /** The same of each host, in the order of their names. */
  readonly hosts: readonly Traffic[]
}

export interface Summary {
  readonly copy: number
  readonly tag: number
  readonly untag: number
  readonly build: number
  readonly delete: number
  readonly sweep: number
  /** Places that are as wanted. */
  readonly unchanged: number
  readonly drift: number
  readonly held: number
  readonly gone: number
  readonly prunable: number
  readonly unmanaged: number
  readonly unknown: number
  /** To be read from sources, each blob counted once. */
  readonly bytes: number
}

export interface SourceLine {
  readonly file: string
  readonly line: number
  readonly column: number
}

interface StepShared {
  /** 20 hex digits: same operands, same id, on every machine and every run. */
  readonly id: string
  /** Full name of the source: `docker.io/library/mysql:5.7`, `seed/hello@sha256:…`, `build:worker`. */
  readonly from: string
  /** What the source named when planned, or the key of a build: the digest of all that goes into it. */
  readonly source: Digest
  readonly to: readonly StepPlace[]
  /** Ids of steps that must be done first. */
  readonly needs: readonly string[]
  readonly why: string
  /** To be read from the source for this step, what earlier steps bring not counted. */
  readonly bytes: number
  readonly destructive: boolean
  readonly location: SourceLine
}

interface MoveShared extends StepShared {
  /** What every place of `to` will name, unless it says otherwise. */
  readonly digest: Digest
  /** The source index is cut to these; absent: all that it has. */
  readonly platforms?: readonly string[]
  /**
   * The source keeps neither the manifest nor the packed layers that the image once had: `source`
   * is its configuration, and `digest` what was made for it.
   */
  readonly repacked?: true
}

/** Content comes from one source to one or more places. */
export interface CopyStep extends MoveShared {
  readonly kind: 'copy'
  /** How it is shown: into a local store, out of one, or between registries. */
  readonly verb: 'pull' | 'push' | 'copy'
  /** Manifests that refer to `digest` and come with it. */
  readonly referrers: readonly Digest[]
}

/** The repository has the content already: only a name is written. */
export interface TagStep extends MoveShared {
  readonly kind: 'tag'
}

/** An image is made, and comes to one or more places. What they will name shows when it is there. */
export interface BuildStep extends StepShared {
  readonly kind: 'build'
  /** What builds it, and why that. */
  readonly builder: { readonly kind: string; readonly why: string }
  readonly platforms: readonly string[]
  /** What FROM and the like name, with what that stands for. */
  readonly bases: readonly { readonly name: string; readonly digest: Digest }[]
  /** Every command is run again, whatever the builder remembers. */
  readonly fresh?: true
  /** What was made, once it was. */
  readonly made?: Made
}

export interface Made {
  readonly digest: Digest
  /** ISO 8601, UTC. */
  readonly at: string
}

/** A step that brings what is there already. */
export type MoveStep = CopyStep | TagStep

export type Step = MoveStep | BuildStep

export interface StepPlace {
  /** `registry.internal/mirror/alpine:3.20` */
  readonly at: string
  /** What the tag named when planned; null where there was none. */
  readonly replaces: Digest | null
  /** What it will name, where the store knows the image by another digest: its configuration's. */
  readonly names?: Digest
  /** Where a lock is kept: whether it is ours what is replaced, as against moved by others. */
  readonly ours?: boolean
  /** What the lock will have of the place, where one is kept. */
  readonly lock?: PlaceLock
}

/** How the lock has a place. */
export interface PlaceLock {
  readonly image: string
  /** The source that it is of there, where that is not the one of the step: `build:worker`. */
  readonly from?: string
  readonly prune: PruneMode
}

/** What may become of a place of ours that the manifest no longer asks for. */
export type PruneMode = 'off' | 'owned'

export type Result = 'done' | 'unchanged' | 'failed' | 'blocked' | 'stale'

export interface Outcome {
  readonly result: Result
  /** Bytes read from the source (on a step) or written to the store (on a place). */
  readonly transferred: number
  readonly milliseconds: number
  readonly error?: Problem
}

export type StepReport = Step & Outcome & { readonly to: readonly (StepPlace & Outcome)[] }

export interface Problem {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** A place that differs and is left alone. */
export interface Drift {
  readonly at: string
  readonly found: Digest
  readonly wanted: Digest
  readonly why: string
  readonly location: SourceLine
}

/** What is wanted, and held back: an image by a person, or a tag by a guard. */
export interface Held {
  /** `docker.io/library/nginx:1.29.1`, or the image's name where all of it is held. */
  readonly reference: string
  readonly image: string
  /** `minAge 7d`, `held at 1.28.0: CVE-2026-1` */
  readonly why: string
  /** ISO 8601, UTC; absent where time does not end it. */
  readonly until?: string
  readonly location: SourceLine
}

/** Locked, and no longer there upstream. Its places are kept. */
export interface Gone {
  readonly reference: string
  readonly image: string
  readonly places: readonly string[]
  readonly location: SourceLine
}

/** A place of ours that the manifest no longer asks for. */
export interface Released {
  readonly at: string
  /** What we put there, and what it holds. */
  readonly digest: Digest
  readonly why: string
}

/** Something could not be looked at: its places are neither in place nor missing. */
export interface Unknown {
  /** What could not be looked at. */
  readonly reference: string
  readonly side: 'source' | 'destination'
  /** The places that were not evaluated for it. */
  readonly places: readonly string[]
  readonly problem: Problem
  readonly location: SourceLine
}

/** A wish that cannot be met as it stands: no such tag, no such platform. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  readonly reference: string
  readonly problem: Problem
  readonly location: SourceLine
}

/** What becomes of every tag of one image, and why. */
export interface Explanation {
  /** The image's name. */
  readonly image: string
  /** Full name of the source repository. */
  readonly from: string
  /** What the lock holds all of it at, and why. */
  readonly hold?: string
  /** By tag. */
  readonly tags: readonly {
    readonly tag: string
    /** `taken`, `excluded`, `older`, `not matched`, … */
    readonly verdict: string
    /** `matches semver >=3.18 <4, 2nd newest of minor 3.20` */
    readonly reason: string
    /** Where it comes to. */
    readonly places?: readonly string[]
  }[]
  /** Why something is not taken although it looks so: what an entry has problems with, it leaves. */
  readonly problems: readonly Diagnostic[]
}

/** What `waybill update` came to. */
export interface LockReport {
  readonly formatVersion: '1.0'
  /** The lock, as it was named or found. */
  readonly lockFile: string
  /** Whether it was written. */
  readonly isChanged: boolean
  readonly changes: readonly LockChange[]
  readonly held: readonly Held[]
  readonly gone: readonly Gone[]
  readonly unknown: readonly Unknown[]
  readonly diagnostics: readonly Diagnostic[]
  readonly exitCode: number
}

/** A reference that came, went, or names something else now. */
export interface LockChange {
  /** The image's name. */
  readonly image: string
  /** Tag or short digest; absent where there was none. */
  readonly from?: string
  readonly to?: string
}
