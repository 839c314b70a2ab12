import type { Version } from './types.ts'
import { comparePrereleases, compareVersions } from './version-order.ts'

export type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^'

/** A version in a range, of which parts may be left open. */
export interface Term {
  /** Open parts are 0 here. */
  readonly version: Version
  /** How many of major, minor and patch are given. */
  readonly given: number
  /** The same, before all of its pre-releases; itself where it is one. */
  readonly floor: Version
}

export interface Bound {
  readonly test: (version: Version) => boolean
  readonly hasPre: boolean
}

type Test = (version: Version, term: Term) => boolean

export function boundOf(operator: Operator, term: Term): Bound {
  const test = term.given === 0 ? atLeast : TESTS[operator]
  return {
    test: version => test(version, term),
    hasPre: term.version.prerelease.length > 0,
  }
}

const atLeast: Test = (version, term) => compareVersions(version, term.version) >= 0

const TESTS: Readonly<Record<Operator, Test>> = {
  '>=': atLeast,
  '<': (version, { floor }) => compareVersions(version, floor) < 0,

  '=': (version, term) =>
    term.given === 3 ? compareVersions(version, term.version) === 0 : isNear(version, term),

  '!=': (version, term) =>
    term.given === 3
      ? compareVersions(version, term.version) !== 0
      : !agrees(version, term) ||
        (term.given === 2 && comparePrereleases(version, term.version) !== 0),

  '>': (version, term) =>
    term.given === 3 ? compareVersions(version, term.version) > 0 : isBeyond(version, term),

  '<=': (version, term) =>
    term.given === 3 ? compareVersions(version, term.version) <= 0 : !isBeyond(version, term),

  '~': isNear,
  '^': isCompatible,
}

/** Above all that the parts given stand for: 12.0.0 is beyond 11, and 11.2.0 beyond 11.1. */
function isBeyond(version: Version, { version: bound, given }: Term): boolean {
  if (version.major !== bound.major) return version.major > bound.major
  return given === 2 && version.minor > bound.minor
}

/** Equal in what is given of major and minor. */
function agrees(version: Version, { version: bound, given }: Term): boolean {
  return version.major === bound.major && (given === 1 || version.minor === bound.minor)
}

/** `~0.0.0` takes everything, as it does for those whose grammar this is. */
function isNear(version: Version, term: Term): boolean {
  const { major, minor, patch } = term.version
  const isAny = term.given === 3 && major === 0 && minor === 0 && patch === 0
  return atLeast(version, term) && (isAny || agrees(version, term))
}

/** Up to the first given part that is not 0, or the last one given, nothing may differ. */
function isCompatible(version: Version, term: Term): boolean {
  const { version: bound, given } = term
  if (!atLeast(version, term) || version.major !== bound.major) return false
  if (bound.major > 0 || given === 1) return true
  if (version.minor !== bound.minor) return false
  return bound.minor > 0 || given === 2 || version.patch === bound.patch
}
