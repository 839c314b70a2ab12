/** What retention says of everything it was shown, and why. */

import type { Digest } from '../oci/digest.ts'
import type { Match } from './matches.ts'

export interface Verdicts {
  /** By store, repository and name. */
  readonly tags: readonly TagVerdict[]
  /** By store and digest. */
  readonly manifests: readonly ManifestVerdict[]
  /** All that goes, in the order in which it has to. */
  readonly removals: readonly Removal[]
  /** Repositories of which nothing goes, since too much would. */
  readonly refusals: readonly Refusal[]
  /** Repositories of which nothing goes, since not all of them could be seen. */
  readonly leftAlone: readonly LeftAlone[]
  /** Rules and entries that match nothing. */
  readonly unmatched: readonly Unmatched[]
}

interface Judged {
  readonly store: string
  readonly digest: Digest
  readonly because: Because
  /** `keep semver *, newest 3 per minor: 2nd newest of minor 3.20` */
  readonly reason: string
  /** What would let it go, where it stays. */
  readonly frees?: string
  /** Every entry that takes it by name, those too whose other conditions it does not meet. */
  readonly matched: readonly Match[]
}

export interface TagVerdict extends Judged {
  readonly repository: string
  readonly tag: string
  /** `untagged`: the name goes, and what it names stays for others. */
  readonly verdict: 'kept' | 'untagged' | 'deleted'
}

export interface ManifestVerdict extends Judged {
  /** Absent where the store's repositories share it. */
  readonly repository?: string
  readonly verdict: 'kept' | 'deleted'
}

export type Because =
  | 'protected'
  /** An entry of `keep`, or something besides rules. */
  | 'kept'
  /** No rule names it. */
  | 'unnamed'
  | 'young'
  | 'undated'
  /** Its store would take what a kept tag names as well. */
  | 'shared digest'
  /** Something kept needs it, names it, or is what it refers to. */
  | 'needed'
  /** It is not known what it is, or what may need it. */
  | 'uncertain'
  | 'left alone'
  | 'refused'
  /** An entry of `delete`, or what else lets it go. */
  | 'released'
  /** What it belonged to goes. */
  | 'follows'

/** What is to be done, by store and repository; in a store whose repositories share, by store. */
export type Removal = {
  readonly store: string
  readonly digest: Digest
  readonly why: string
  /** Places in the list of what has to be gone before. */
  readonly needs: readonly number[]
} & (
  | { readonly kind: 'untag'; readonly repository: string; readonly tag: string }
  | {
      readonly kind: 'delete'
      readonly repository?: string
      /** Tags that go with it, where the store cannot take them away alone. */
      readonly tags: readonly string[]
    }
)

export interface Refusal {
  readonly store: string
  /** Absent for images that a store's repositories share. */
  readonly repository?: string
  /** Which limit it is that stands against it. */
  readonly limit: 'maxDelete' | 'maxDeleteCount' | 'minKeep' | '--max-deletes'
  readonly deletes: number
  /** How many tags there are. */
  readonly tags: number
  readonly message: string
  readonly hint: string
}

export interface LeftAlone {
  readonly store: string
  readonly repository: string
  readonly kind: 'blind' | 'empty'
  readonly why: string
}

/** A whole rule where no entry is told. */
export interface Unmatched {
  readonly rule: number
  readonly entry?: Pick<Match, 'list' | 'entry'>
  readonly message: string
}
