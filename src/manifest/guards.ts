/** What an `images` entry, or the defaults for all, let hold back; and what is wrong in that. */

import { isRecord } from '../oci/descriptor.ts'
import type { Guards } from '../select/policy.ts'
import { durationMs, LONGEST_MS } from '../util/duration.ts'
import type { Issue } from '../yaml/issue.ts'
import { spotAt, type Tree } from '../yaml/tree.ts'
import { quote } from '../yaml/words.ts'
import { isFixed } from './archive-path.ts'
import type { GuardsDocument, ImageDocument, ReadDocument } from './document.ts'

const KEYS = ['minAge', 'maxMajorJump', 'allowDowngrade'] as const

/** The image's own guards, else those of the defaults; nothing where none of them holds anything. */
export function guardsOf(image: ImageDocument, defaults: GuardsDocument = {}): Guards | undefined {
  if (isFixed(image.from)) return undefined
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
  const fixed = typeof from === 'string' && isFixed(from) ? from : undefined
  const given = fixed !== undefined ? KEYS.filter(key => value[key] !== undefined) : []
  const said = (key: string, message: string, hint: string) =>
    file.text.issue(spotAt(tree, [key]).node, { code: 'MANIFEST_SCHEMA', message, hint })
  return [
    ...(isTooLong
      ? [said('minAge', `${quote(minAge)} is over ten years`, 'the greatest age is 3650d')]
      : []),
    ...given.map(key => {
      if (fixed?.includes('@') !== true) {
        const message = `"${key}" is about tags, and ${quote(fixed)} names none`
        return said(key, message, `name the image in the archive: ${quote(`${fixed}#NAME:TAG`)}`)
      }
      const message = `"${key}" holds back what moves, and ${quote(fixed)} is taken by its digest`
      return said(key, message, 'a digest never changes; leave it out')
    }),
  ]
}
