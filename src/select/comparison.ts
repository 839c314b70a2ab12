/** What a rule compares in a tag: the value of each of its order keys, and the tag's group. */

import type { KeyValue, OrderKey } from './order.ts'
import type { Grouping, Rule } from './rule.ts'
import type { SeenTag } from './sight.ts'

export interface Comparable {
  /** By order key; `created` is not read from the tag. */
  readonly values: readonly KeyValue[]
  /** `undefined` where the rule makes no groups, or the tag lacks what makes them. */
  readonly group: string | undefined
}

/** What keeps a tag from being counted among the newest. */
export interface Incomparable {
  /** `no number to order by` */
  readonly lacks: string
  /** What should have been compared. */
  readonly text: string
}

/** Where all that a rule takes is selected, no tag has to be comparable. */
export function compareBy(rule: Rule, seen: SeenTag): Comparable | Incomparable {
  const values: KeyValue[] = []
  for (const key of rule.order) {
    const text = textOf(key, seen)
    const value = text === undefined ? undefined : valueOf(key, text, { rule, seen })
    if (text !== undefined && value === undefined && rule.keys.newest !== undefined) {
      return { lacks: `no ${key.kind === 'semver' ? 'version' : key.kind} to order by`, text }
    }
    values.push(value)
  }
  const { per } = rule
  if (per?.kind === 'version' && !seen.version) {
    return { lacks: `no version with a ${per.part} to group by`, text: seen.tag }
  }
  return { values, group: per && groupOf(per, seen) }
}

/** `undefined` for a capture that took nothing, and for what is not in the tag. */
function textOf(key: OrderKey, { tag, captures }: SeenTag): string | undefined {
  if (key.kind === 'created') return undefined
  return key.capture === undefined ? tag : captures.get(key.capture)
}

function valueOf(
  key: OrderKey,
  text: string,
  { rule, seen }: { readonly rule: Rule; readonly seen: SeenTag },
): KeyValue {
  switch (key.kind) {
    case 'semver':
      return key.capture === undefined ? seen.version : rule.readVersion(text)
    case 'number':
      return /^\d+$/.test(text) ? BigInt(text) : undefined
    case 'text':
      return text
    case 'created':
      return undefined
  }
}

function groupOf(per: Grouping, { version, captures }: SeenTag): string | undefined {
  if (per.kind === 'capture') return captures.get(per.name)
  if (!version) return undefined
  const { major, minor, patch } = version.version
  switch (per.part) {
    case 'major':
      return `${major}`
    case 'minor':
      return `${major}.${minor}`
    case 'patch':
      return `${major}.${minor}.${patch}`
  }
}
