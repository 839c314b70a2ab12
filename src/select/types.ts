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
  /** What `(?<name>…)` and `(?P<name>…)` take of a whole text. Throws as `compile` does. */
  compileGroups(pattern: string): RegexGroups
}

export interface RegexGroups {
  readonly names: readonly string[]
  /** Of the pattern, with its repeats written out. */
  readonly size: number
  /** For texts that are known to match; to try it on others costs time. */
  readonly take: (text: string) => Captures
}

/** By name. A group that took nothing is not there. */
export type Captures = ReadonlyMap<string, string>

export interface VersionReader {
  /** A version of three parts, perhaps with a `v` before it. */
  parse(text: string): Version | undefined
}

export interface Version {
  readonly major: Integer
  readonly minor: Integer
  readonly patch: Integer
  readonly prerelease: readonly (string | Integer)[]
}

/** A `bigint` where a `number` would not be exact, and only there. */
export type Integer = number | bigint
