/** Retention in the words of the manifest, its times in milliseconds. Nothing in it was looked up. */

import type { PatternKeys } from '../select/types.ts'

export interface RetentionRule {
  /** Repositories by full name, the store first: `registry.internal/mirror/**`. */
  readonly in: string
  readonly protect?: readonly ProtectEntry[]
  readonly keep?: readonly KeepEntry[]
  readonly delete?: readonly DeleteEntry[]
  /** What it says goes before what is said for all. */
  readonly limits?: Partial<Limits>
}

/** A text is that tag. */
export type ProtectEntry = string | RetentionPattern | LockedImages
export type KeepEntry = string | KeepKeys
export type DeleteEntry = string | DeleteKeys

/** Tags that all of the keys given take. */
export interface RetentionPattern extends PatternKeys {
  /** What follows the version and a `-`; `{n}` stands for a number such as `3` or `3.19`. */
  readonly flavor?: string
}

/** Whatever the lock names. */
export interface LockedImages {
  readonly lock: true
}

/** Tags that meet all of it. Without a pattern it is about every tag. */
export interface KeepKeys extends RetentionPattern {
  /** `semver`, `number`, `text`, or `capture:kind`; without it, and without versions, by time. */
  readonly order?: readonly string[]
  /** How many tags, of each group. */
  readonly newest?: number
  /** What makes the groups: a capture of the regex, or `major`, `minor` or `patch`. */
  readonly per?: string
  /** Pushed, or tagged, no longer ago than this. */
  readonly pushedWithinMs?: number
  /** Pushed, tagged or pulled no longer ago than this. */
  readonly activeWithinMs?: number
}

/** Tags that meet all of it, or images without a tag. */
export interface DeleteKeys extends RetentionPattern {
  /** Instead of a pattern: images that nothing names, needs or refers to. */
  readonly untagged?: true
  readonly olderThanMs?: number
}

/** What one run may delete of one repository. */
export interface Limits {
  /** Of the tags that are there, in whole percent, rounded up; for five deletions and more. */
  readonly maxDeletePercent: number
  /** Tags, and images that a rule finds untagged. */
  readonly maxDeleteCount: number
  /** How many tags have to be left. */
  readonly minKeep: number
}

export const DEFAULT_LIMITS: Limits = {
  maxDeletePercent: 25,
  maxDeleteCount: 500,
  minKeep: 1,
}
