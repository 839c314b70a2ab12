/** What an `images` entry, or the defaults for all, let hold back; and what is wrong in that. */

import { isRecord } from '../oci/descriptor.ts'
import type { Guards } from '../select/policy.ts'
import { durationMs, LONGEST_MS } from '../util/duration.ts'
import type { Issue } from '../yaml/issue.ts'
import { spotAt, type Tree } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import type { GuardsDocument, ImageDocument, ReadDocument } from './document.ts'

const KEYS = ['minAge', 'maxMajorJump', 'allowDowngrade'] as const

/** The image's own guards, else those of the defaults; nothing where none of them holds anything. */
export function guardsOf(image: ImageDocument, defaults: GuardsDocument = {}): Guards | undefined {
  if (isOneDigest(image.from)) return undefined
  const minAgeMs = durationMs(image.minAge ?? defaults.minAge ?? '') ?? 0
  const maxMajorJump = image.maxMajorJump ?? defaults.maxMajorJump
  const allowDowngrade = image.allowDowngrade ?? defaults.allowDowngrade ?? true
  const guards: Guards = {
    ...(minAgeMs > 0 && { minAgeMs }),
    ...(maxMajorJump !== undefined && { maxMajorJump }),
    ...(!allowDowngrade && { allowDowngrade }),
  }
  return Object.keys(guards).length === 0 ? undefined : guards
}

/** Of an image or the defaults, as data. The schema may have refused some of it. */
export function guardIssues(file: ReadDocument, value: unknown, tree: Tree): Issue[] {
  if (!isRecord(value)) return []
  const { minAge, from } = value
  const isTooLong = typeof minAge === 'string' && (durationMs(minAge) ?? 0) > LONGEST_MS
  const isFixed = typeof from === 'string' && isOneDigest(from)
  const given = isFixed ? KEYS.filter(key => value[key] !== undefined) : []
  const said = (key: string, message: string, hint: string) =>
    file.text.issue(spotAt(tree, [key]).node, { code: 'MANIFEST_SCHEMA', message, hint })
  return [
    ...(isTooLong
      ? [said('minAge', `${quote(minAge)} is over ten years`, 'the greatest age is 3650d')]
      : []),
    ...given.map(key => {
      const message = `"${key}" holds back what moves, and ${quote(from)} is taken by its digest`
      return said(key, message, 'a digest never changes; leave it out')
    }),
  ]
}

/** Names have no `@` but the one before a digest. */
function isOneDigest(from: string): boolean {
  return from.includes('@')
}
