/** One rule of a policy, read: what it takes, what is greater in it, and how many are wanted. */

import { parseOrderKey, unknownCapture, type OrderKey } from './order.ts'
import { PatternError } from './pattern-error.ts'
import type { RuleKeys } from './policy.ts'
import { refuseLargeGroups } from './regex.ts'
import { compileKeys, sightOf, type Attempt, type Sight } from './sight.ts'
import { parseTemplate, type Template } from './template.ts'
import type { Engines } from './types.ts'

export interface Rule extends Sight {
  readonly kind: 'rule'
  readonly keys: RuleKeys
  readonly order: readonly OrderKey[]
  readonly per: Grouping | undefined
  readonly templates: readonly Template[]
  /** The names of the groups that the regex has. */
  readonly captures: readonly string[]
  /** What the same engines see by other keys; `undefined` where these cannot be read. */
  readonly sightBy: (keys: RuleKeys) => Sight | undefined
}

export type Grouping =
  | { readonly kind: 'version'; readonly part: VersionPart }
  | { readonly kind: 'capture'; readonly name: string }

type VersionPart = 'major' | 'minor' | 'patch'

export interface RuleReader {
  readonly engines: Engines
  readonly attempt: Attempt
  /** Templates for rules that have none, as they are written. */
  readonly as: readonly string[]
  /** Of tags that are there to stay or go: moving ones are taken too. */
  readonly takesMoving?: boolean
  /** The tags have times, by which they are ordered where nothing else is said. */
  readonly hasTimes?: boolean
}

export function readRule(keys: RuleKeys, reader: RuleReader): Rule {
  const { engines, attempt, as, takesMoving = false, hasTimes = false } = reader
  const tests = compileKeys(keys, engines, attempt)
  const captures = tests.regex?.groups.names ?? []
  const given = readList(keys.order, 'order', attempt, text => parseOrderKey(text, captures))
  const templates = readList(keys.as, 'as', attempt, text => parseTemplate(text, captures))
  const { per: by, regex = '' } = keys
  const per = by === undefined ? undefined : attempt(['per'], () => parsePer(by, captures))
  refuseUndecided(keys, hasTimes, attempt)

  const order = given.length === 0 && hasVersions(keys) ? [{ kind: 'semver' } as const] : given
  const rule = { keys, order, per, templates, captures }
  const capturing = isCapturing(rule, keys.as ?? as)
  const groups = tests.regex?.groups
  if (groups && capturing) attempt(['regex'], () => refuseLargeGroups(regex, groups))
  const sight = sightOf(tests, { order, capturing, versions: engines.semver, takesMoving })
  return { kind: 'rule', ...rule, ...sight, sightBy: keys => plainSight(keys, engines) }
}

function plainSight(keys: RuleKeys, engines: Engines): Sight | undefined {
  try {
    const tests = compileKeys(keys, engines, (_, read) => read())
    return sightOf(tests, { order: [], capturing: false, versions: engines.semver })
  } catch (error) {
    if (error instanceof PatternError) return undefined
    throw error
  }
}

export function readList<T>(
  texts: readonly string[] | undefined,
  key: string,
  attempt: Attempt,
  read: (text: string) => T & object,
): readonly T[] {
  return (texts ?? []).flatMap((text, index) => {
    const value = attempt([key, String(index)], () => read(text))
    return value === undefined ? [] : [value]
  })
}

/** Only releases of three parts are taken, and the greatest version is the newest. */
function hasVersions({ semver, flavor }: RuleKeys): boolean {
  return semver !== undefined || flavor !== undefined
}

/** Captures that nobody asks for are not taken. */
function isCapturing(
  { order, per, captures }: Pick<Rule, 'order' | 'per' | 'captures'>,
  as: readonly string[],
) {
  return (
    order.some(key => key.kind !== 'created' && key.capture !== undefined) ||
    per?.kind === 'capture' ||
    captures.some(name => as.some(template => template.includes(`{${name}}`)))
  )
}

/** A capture may be called `minor`, and is meant then. */
function parsePer(per: string, captures: readonly string[]): Grouping {
  if (captures.includes(per)) return { kind: 'capture', name: per }
  if (per === 'major' || per === 'minor' || per === 'patch') return { kind: 'version', part: per }
  if (captures.length > 0 && /^\w+$/.test(per)) throw unknownCapture(per, 0, captures)
  const at = { start: 0, end: per.length }
  const hint = 'group by major, minor or patch, or by a capture of the regex'
  throw new PatternError(`"${per}" makes no groups`, at, hint)
}

/** What is newest is never guessed: `v1.9` and `v1.10` are one way round as text, another as numbers. */
function refuseUndecided(keys: RuleKeys, hasTimes: boolean, attempt: Attempt): void {
  const { newest, per, order } = keys
  const isOrdered = hasTimes || hasVersions(keys) || (order ?? []).length > 0
  if (newest !== undefined && !isOrdered) {
    attempt(['newest'], () => {
      const at = { start: 0, end: String(newest).length }
      const hint = 'add order: [semver], [number], [text], [created], or a capture: [date:number]'
      throw new PatternError('nothing says which of the tags are newest', at, hint)
    })
  }
  if (per === undefined || newest !== undefined) return
  attempt(['per'], () => {
    const at = { start: 0, end: per.length }
    throw new PatternError('nothing says how many tags of each group', at, 'add newest: 1')
  })
}
