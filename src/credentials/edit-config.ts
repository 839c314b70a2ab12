/**
 * Changes to the text of a login file. What is not about the host stays, unknown keys and the
 * order of everything included.
 */
import { parseRoot, placeOf, section, serverOf } from './docker-config.ts'

export interface Spot {
  /** The file, as messages call it. */
  readonly where: string
  /** Canonical. */
  readonly host: string
}

/** With `entry` as the only one that the file has for the host itself. */
export function withEntry(text: string, spot: Spot, entry: object): string {
  const { root, entries, others, at } = take(text, spot)
  const place = at < 0 ? entries.length : at
  return format(text, root, others.toSpliced(place, 0, [serverOf(spot.host), entry]))
}

/** Without any entry for the host itself; `undefined` where there is none. */
export function withoutEntry(text: string, spot: Spot): string | undefined {
  const { root, others, at } = take(text, spot)
  return at < 0 ? undefined : format(text, root, others)
}

type Entry = readonly [key: string, value: unknown]

/** A host may be spelled in several ways; a namespace of it is another place. */
function take(text: string, { where, host }: Spot) {
  const root = parseRoot(text, where)
  const entries: readonly Entry[] = Object.entries(section(root['auths'], where, 'auths'))
  const isOfHost = ([key]: Entry) => placeOf(key) === host
  return {
    root,
    entries,
    others: entries.filter(entry => !isOfHost(entry)),
    /** Where the first of them stands. */
    at: entries.findIndex(isOfHost),
  }
}

/** Indented as the file was, or as docker does it. */
function format(before: string, root: object, auths: readonly Entry[]): string {
  const indent = /^\s*\{\r?\n([ \t]+)"/.exec(before)?.[1] ?? '\t'
  return `${JSON.stringify({ ...root, auths: Object.fromEntries(auths) }, undefined, indent)}\n`
}
