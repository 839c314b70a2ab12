/** What a rule sees in a tag: whether its keys take it, its version, what its regex captures. */

import { isTag } from '../oci/reference.ts'
import { compileFlavor, type FlavoredVersion } from './flavor.ts'
import { compileGlob } from './glob.ts'
import { loaded } from './match.ts'
import { isReferrer, isTakenByNameOnly } from './names.ts'
import type { OrderKey } from './order.ts'
import type { RuleKeys } from './policy.ts'
import { compileRegex } from './regex.ts'
import { compileRange } from './semver.ts'
import type { Captures, Engines, RegexGroups, Version, VersionReader } from './types.ts'

export interface Sight {
  /** `undefined` for a tag that the keys do not take. */
  readonly look: (tag: string) => SeenTag | undefined
  /** Of any tag, be it taken or not. */
  readonly versionOf: VersionOf
  /** Of a text that is one and nothing else. */
  readonly readVersion: VersionOf
}

export interface SeenTag {
  readonly tag: string
  readonly version: FlavoredVersion | undefined
  readonly captures: Captures
}

export type VersionOf = (tag: string) => FlavoredVersion | undefined

/** The keys of a rule, each as what it asks of a tag. */
export interface KeyTests {
  readonly glob: ((tag: string) => boolean) | undefined
  readonly semver: ((version: Version) => boolean) | undefined
  readonly flavor: VersionOf | undefined
  readonly regex: RegexTest | undefined
}

export interface RegexTest {
  readonly matches: (tag: string) => boolean
  readonly groups: RegexGroups
}

/** Runs what reads the text under a key, and remembers a `PatternError`. */
export type Attempt = <T>(path: readonly string[], read: () => T) => T | undefined

const NOTHING: Captures = new Map()

export function compileKeys(keys: RuleKeys, engines: Engines, attempt: Attempt): KeyTests {
  const given = <T>(key: keyof KeyTests, compile: (text: string) => T): T | undefined => {
    const text = keys[key]
    return text === undefined ? undefined : attempt([key], () => compile(text))
  }
  return {
    glob: given('glob', compileGlob),
    semver: given('semver', range => compileRange(range, loaded(engines, 'semver'))),
    flavor: given('flavor', flavor => compileFlavor(flavor, loaded(engines, 'semver'))),
    regex: given('regex', pattern => {
      const engine = loaded(engines, 'regex')
      return { matches: compileRegex(pattern, engine), groups: engine.compileGroups(pattern) }
    }),
  }
}

/** The tests that cost least come first, and captures are taken only of what all tests take. */
export function sightOf(
  { glob, semver, flavor, regex }: KeyTests,
  use: {
    readonly order: readonly OrderKey[]
    readonly capturing: boolean
    readonly versions: VersionReader | undefined
    /** Whether `latest`, `stable` and `edge` are taken like any other tag. */
    readonly takesMoving?: boolean
  },
): Sight {
  const isPassedOver = use.takesMoving === true ? isReferrer : isTakenByNameOnly
  const readVersion = plainVersions(use.versions)
  const whole = flavor ?? readVersion
  const captured = (captures: Captures) => {
    const text = captures.get(versionCapture(use.order) ?? '')
    return text === undefined ? undefined : readVersion(text)
  }
  const take = (tag: string) => (regex && use.capturing ? regex.groups.take(tag) : NOTHING)
  return {
    look(tag) {
      if (!isTag(tag) || isPassedOver(tag) || glob?.(tag) === false) return undefined
      const version = whole(tag)
      if ((semver ?? flavor) && !version) return undefined
      if (version && semver?.(version.version) === false) return undefined
      if (regex?.matches(tag) === false) return undefined
      const captures = take(tag)
      return { tag, version: version ?? captured(captures), captures }
    },
    versionOf: tag => whole(tag) ?? (regex?.matches(tag) ? captured(take(tag)) : undefined),
    readVersion,
  }
}

export function plainVersions(versions: VersionReader | undefined): VersionOf {
  return tag => {
    const version = versions?.parse(tag)
    return version && { version, flavor: [] }
  }
}

/** A tag that is no version itself has that which it is ordered by. */
function versionCapture(order: readonly OrderKey[]): string | undefined {
  const key = order.find(key => key.kind === 'semver' && key.capture !== undefined)
  return key?.kind === 'semver' ? key.capture : undefined
}
