/**
 * Keeps secrets that were written into a manifest out of the source lines that issues show.
 *
 * It works on text, not on values, so that it holds where the YAML could not be read; it would
 * rather hide too much.
 */

import type { Lines } from './lines.ts'

const MASKED = '***'

/** A key whose value may be a secret, up to and with its colon. */
const SECRET_KEY =
  /(?<=^|[\s{[,'"&-])[\w-]*(?:pass|pwd|token|secret|credential)[\w-]*['"]?[^\S\n]*:(?=\s|$)/gim
/** Values that are no secret: a whole reference, an alias, a mapping that goes on below. */
const OPEN = /^\s*(?:\{\s*env\s*:\s*(['"]?)[A-Za-z_]\w*\1\s*\}|\{\s*file\s*:[^{},]*\}|\*|#|$)/
/** The same, of lines below such a key. */
const OPEN_BELOW = /^\s*(?:env\s*:\s*(['"]?)[A-Za-z_]\w*\1\s*$|file\s*:\s|#|$)/
/** `auth` itself holds keys, which are looked at one by one. */
const CLOSED_AUTH = /(?<=^|[\s{,'"])auth['"]?\s*:(?=\s+[^\s{*#&])/

/** Gives lines with what may be a secret left out. */
export function createMask(text: string, lines: Lines): (index: number) => string {
  let below: ReadonlySet<number> | undefined
  return index => {
    below ??= linesBelowSecrets(text, lines)
    const line = lines.at(index)
    if (below.has(index) && !OPEN_BELOW.test(line)) return cutAt(line, indentOf(line))
    const auth = CLOSED_AUTH.exec(line)
    if (auth) return cutAt(line, auth.index + auth[0].length)
    for (const key of line.matchAll(SECRET_KEY)) {
      const after = key.index + key[0].length
      if (!OPEN.test(line.slice(after))) return cutAt(line, after)
    }
    return line
  }
}

function cutAt(line: string, at: number): string {
  return `${line.slice(0, at)}${at > indentOf(line) ? ' ' : ''}${MASKED}`
}

/** The lines that hold the value of a secret key on an earlier line. */
function linesBelowSecrets(text: string, lines: Lines): Set<number> {
  const below = new Set<number>()
  for (const key of text.matchAll(SECRET_KEY)) {
    const first = lines.indexOf(key.index)
    const indent = indentOf(lines.at(first))
    const dangling = lines.at(first).length === key.index + key[0].length - lines.startOf(first)
    for (let index = first + 1; index < lines.count; index++) {
      const line = lines.at(index)
      if (line.trim() === '') continue
      if (indentOf(line) <= indent && !(dangling && index === first + 1)) break
      below.add(index)
    }
  }
  return below
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
