/** A spot in a file; `line` and `column` count from 1. */
export interface Location {
  /** The path as it was given with `-f`, or found in a folder given with it. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Something wrong, or worth saying, at one spot of a manifest, a lock, or what a flag was given. */
export interface Issue {
  readonly code:
    | 'MANIFEST_SYNTAX'
    | 'MANIFEST_SCHEMA'
    | 'MANIFEST_CONFLICT'
    | 'MANIFEST_UNTRUSTED'
    | 'MANIFEST_ADVICE'
    | 'MARKER_INVALID'
    | 'LOCK_INVALID'
    | 'DOCKERFILE_INVALID'
    | 'DOCKERFILE_ADVICE'
    | 'DOCKERIGNORE_INVALID'
    | 'BAD_ARGUMENT'
  readonly message: string
  readonly location: Location
  /** The line of the file that `location` names, without its line break. */
  readonly source: string
  /** How many columns from `location.column` on the caret underlines; at least 1. */
  readonly length: number
  readonly hint?: string
}
