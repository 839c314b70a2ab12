import type { PatternKeys, TagPattern } from './types.ts'

/** Which tags of an image are wanted, in the words of the manifest. */
export interface TagPolicy {
  /** What any of them selects is selected. A text is that tag. */
  readonly tags: readonly (string | RuleKeys)[]
  readonly exclude?: readonly TagPattern[]
  /** For all rules that have none of their own. */
  readonly as?: readonly string[]
  readonly guards?: Guards
}

export interface RuleKeys extends PatternKeys {
  /** What follows the version and a `-`; `{n}` stands for a number such as `3` or `3.19`. */
  readonly flavor?: string
  /** `semver`, `number`, `text`, `created`, or `capture:kind`. */
  readonly order?: readonly string[]
  /** How many tags, of each group. */
  readonly newest?: number
  /** What makes the groups: a capture of the regex, or `major`, `minor` or `patch`. */
  readonly per?: string
  readonly as?: readonly string[]
}

/** What holds a tag back although it is wanted. */
export interface Guards {
  readonly minAgeMs?: number
  /** How many majors above the greatest one locked. */
  readonly maxMajorJump?: number
  readonly allowDowngrade?: boolean
}
