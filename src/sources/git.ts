import type { Call } from '../util/call.ts'

/** A git work tree: what `update --commit` and `hold --previous` need of it. Files are absolute paths. */
export interface Repository {
  /** The top folder, links resolved; absolute. */
  readonly root: string
  /** The commit that is checked out; none before the first. */
  head(call?: Call): Promise<string | undefined>
  /** None where a commit is checked out and no branch. */
  branch(call?: Call): Promise<string | undefined>
  /** Whether the history ends before its beginning. */
  isShallow(call?: Call): Promise<boolean>
  /** Those of `files` with changes, staged or not, that are in no commit. Files git does not know have none. */
  dirtyFiles(files: readonly string[], call?: Call): Promise<readonly string[]>
  /** Throws where one of `files` is dirty: what somebody else is at would get into our commit. */
  refuseDirty(files: readonly string[], call?: Call): Promise<void>
  /** The YAML files git knows that have a comment `# waybill: …`. */
  markedFiles(call?: Call): Promise<readonly string[]>
  /** Every committed version of a file that led to the one checked out, newest first. */
  fileHistory(file: string, call?: Call): AsyncIterable<FileVersion>
  /**
   * Goes on from the branch where it is, on the remote or here, or else begins it. All that is not
   * committed stays as it is, or it fails. Files may be others afterwards: read them again.
   */
  switchTo(branch: string, options?: RemoteChoice & Call): Promise<void>
  /**
   * Commits these files as they are and nothing else; what else is staged stays staged. Gives the
   * commit, or nothing where the files are as committed.
   */
  commit(what: Wanted, call?: Call): Promise<string | undefined>
  /**
   * Pushes our commit, which must be the only one that the remote lacks. Where the remote has
   * moved on, the commit is dropped and made again on what is there now; without `recompute` that
   * is refused. Nothing is ever forced or merged.
   */
  push(commit: string, options?: PushOptions & Call): Promise<Pushed>
}

export interface FileVersion {
  readonly commit: string
  readonly date: Date
  readonly text: string
}

export interface RemoteChoice {
  /** The name of one. Without it the branch's own, the only one, or `origin`. */
  readonly remote?: string | undefined
}

/** What is to be committed. */
export interface Wanted {
  readonly files: readonly string[]
  readonly message: string
}

export interface PushOptions extends RemoteChoice {
  readonly attempts?: number | undefined
  /**
   * Called with the remote's files in place: reads them, computes again and writes them. Gives
   * nothing where all is as it should be.
   */
  readonly recompute?: ((call: Call) => Promise<Wanted | undefined>) | undefined
}

export interface Pushed {
  /** What the remote has now; none where others had done all that there was to do. */
  readonly commit?: string
  readonly remote: string
  readonly branch: string
  readonly attempts: number
}

export interface RepositoryInit {
  /** Git sees only what it needs of this. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** For pauses between attempts: from 0 to 1. */
  readonly random: () => number
}
