/** Tags as people write down which they mean. */
export type TagPattern =
  /** This tag. */
  | string
  /** Tags that all of the keys given take. */
  | PatternKeys

export interface PatternKeys {
  readonly glob?: string
  readonly regex?: string
  readonly semver?: string
}

export interface TagMatcher {
  readonly matches: (tag: string) => boolean
}

/** What costs time to load, and is loaded only where a pattern needs it. */
export interface Engines {
  readonly regex?: RegexEngine
  readonly semver?: VersionReader
}

export interface RegexEngine {
  /** A test for a whole text. Throws a `PatternError` for what is no pattern. */
  compile(pattern: string): (text: string) => boolean
}

export interface VersionReader {
  /** A version of three parts, perhaps with a `v` before it. */
  parse(text: string): Version | undefined
}

export interface Version {
  readonly major: number
  readonly minor: number
  readonly patch: number
  readonly prerelease: readonly (string | number)[]
}
