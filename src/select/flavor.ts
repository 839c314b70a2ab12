/**
 * Flavours: what images built in several ways put behind the version. `alpine` is that of
 * `1.2.3-alpine`, and `alpine{n}` that of `1.2.3-alpine3.19`, where the number counts as well.
 */

import { PatternError, refuseLong } from './pattern-error.ts'
import { compareVersions } from './version-order.ts'
import type { Version, VersionReader } from './types.ts'

/** A version, and the numbers of its flavour, each in its parts. */
export interface FlavoredVersion {
  readonly version: Version
  readonly flavor: readonly (readonly bigint[])[]
}

type FlavorReader = (tag: string) => FlavoredVersion | undefined

const NUMBER = '{n}'
const STRANGE = /[^A-Za-z0-9._-]+/
const NUMBERS_MEET = /\{n\}[\d.]*\{n\}/

export function compileFlavor(flavor: string, versions: VersionReader): FlavorReader {
  refuseLong(flavor)
  refuseStrange(flavor)
  const literals = flavor.split(NUMBER).map(text => text.replaceAll('.', String.raw`\.`))
  const suffix = new RegExp(`-${literals.join(String.raw`(\d+(?:\.\d+)*)`)}$`)
  return tag => {
    const found = suffix.exec(tag)
    const version = found ? versions.parse(tag.slice(0, found.index)) : undefined
    return version && { version, flavor: found?.slice(1).map(partsOf) ?? [] }
  }
}

/** By version, then by the flavour's numbers, the first part that differs. */
export function compareFlavored(a: FlavoredVersion, b: FlavoredVersion): number {
  const result = compareVersions(a.version, b.version)
  if (result !== 0) return result
  for (const [index, own] of a.flavor.entries()) {
    const result = compareParts(own, b.flavor[index] ?? [])
    if (result !== 0) return result
  }
  return 0
}

/** A part that is not there is less than any. */
function compareParts(a: readonly bigint[], b: readonly bigint[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const [own = -1n, other = -1n] = [a[index], b[index]]
    if (own !== other) return own < other ? -1 : 1
  }
  return 0
}

function partsOf(number: string): readonly bigint[] {
  return number.split('.').map(BigInt)
}

function refuseStrange(flavor: string): void {
  const hint = 'write what follows the version and a "-": alpine, or alpine{n} for alpine3.19'
  if (flavor === '') throw new PatternError('the flavor is empty', { start: 0, end: 0 }, hint)
  // what stands for a number is blanked, and its place kept
  const strange = STRANGE.exec(flavor.replaceAll(NUMBER, '000'))
  if (strange) {
    const at = { start: strange.index, end: strange.index + strange[0].length }
    throw new PatternError(`"${flavor.slice(at.start, at.end)}" is in no tag`, at, hint)
  }
  const meeting = NUMBERS_MEET.exec(flavor)
  if (!meeting) return
  const at = { start: meeting.index, end: meeting.index + meeting[0].length }
  const message = `"${meeting[0]}" does not say where one number ends`
  throw new PatternError(message, at, 'put a letter or a "-" between them')
}
