/**
 * What this room needs of patterns like those of .dockerignore. They are compiled elsewhere, and
 * only handed in.
 */
export interface PathMatcher {
  /** Whether a path below the root, or a folder that it is in, matches; the last to match counts. */
  readonly matches: (path: string) => boolean
  /** Whether something in a folder that matches may be an exception. */
  readonly hasExceptions: boolean
}

export type CompilePatterns = (patterns: readonly string[]) => PathMatcher
