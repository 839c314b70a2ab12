/** What a build needs of a repository: a commit, and the files of one. */

export interface RevisionWanted {
  /** `https://…`, `ssh://…`, `git@host:path`, or the absolute path of a repository, bare or not. */
  readonly url: string
  /** A branch, a tag, a commit, whole or short, or a name such as `refs/pull/1/head`. Absent: HEAD. */
  readonly ref?: string | undefined
  /** A folder to work in, which is left as it was. */
  readonly into: string
}

export interface Revision {
  readonly commit: string
  /** The whole name that stands for it now; none where it is a commit that was asked for. */
  readonly ref?: string
}

export interface CheckoutWanted {
  readonly url: string
  /** Whole, as `resolveRevision` gives it. */
  readonly commit: string
  /** A whole name that had the commit: some servers give no commit by itself. */
  readonly ref?: string | undefined
  /** The folder that is wanted, with `/`; empty: all of it. */
  readonly path: string
  /** Whether to have those in that folder too. Without it they are an error. */
  readonly submodules: boolean
  /** Everything is written below, and nothing of it stays where this fails. */
  readonly into: string
  /** More than this are an error, those of submodules counted. */
  readonly maxFiles?: number
}

export interface Checkout {
  /** The files of `path`, below `into`. Links are as committed: they may lead anywhere. */
  readonly folder: string
  readonly commit: string
  /** When it was committed, in seconds, as `SOURCE_DATE_EPOCH` has it. */
  readonly epoch: number
  readonly files: number
  /** Files that a program would turn into others, as git-lfs does with its pointers; none was run. */
  readonly unfiltered: readonly Unfiltered[]
}

export interface Unfiltered {
  /** In `folder`, with `/`. */
  readonly path: string
  /** What `.gitattributes` calls the program: `lfs`. */
  readonly filter: string
}
