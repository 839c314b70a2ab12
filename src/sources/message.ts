/** The message of a commit that moves images: what is written by itself, or what a template asks for. */

import { InputError } from '../errors.ts'
import { isDigest, shortDigest } from '../oci/digest.ts'
import { printable } from '../yaml/format.ts'
import { didYouMean } from '../yaml/suggest.ts'
import { quote } from '../yaml/words.ts'

/** One tag or digest of an image that took the place of another, came, or went. */
export interface Change {
  readonly image: string
  readonly from?: string
  readonly to?: string
}

export interface MessageInit {
  readonly changes: readonly Change[]
  /** The manifest's. */
  readonly name?: string | undefined
  /** Text with `{count}`, `{images}`, `{changes}` and `{name}`. */
  readonly template?: string | undefined
}

const DEFAULT = 'images: update {subject}\n\n{changes}'
const OWN = ['count', 'images', 'changes', 'name']

export function commitMessage({ changes, name, template }: MessageInit): string {
  const images = [...new Set(changes.map(({ image }) => printable(image)))]
  const values: Readonly<Record<string, string | undefined>> = {
    count: String(images.length),
    images: images.join(', '),
    changes: changes.map(change => `- ${lineOf(change)}`).join('\n'),
    name: name === undefined ? undefined : printable(name),
  }
  if (template === undefined) {
    const subject = images.length === 1 ? values['images'] : `${images.length} images`
    return `${filled(DEFAULT, { ...values, subject })}\n`
  }
  refuseUnknown(template)
  const text = filled(template, values).trim()
  if (text !== '') return `${text}\n`
  throw new InputError('BAD_ARGUMENT', 'the message for commits is empty', {
    hint: `write some text, with any of ${OWN.map(key => `{${key}}`).join(' ')}`,
  })
}

const PLACEHOLDER = /\{(?<key>[^{}\s]*)\}/g

/** What is filled in is not looked at again, so nothing in a name can be a placeholder. */
function filled(template: string, values: Readonly<Record<string, string | undefined>>): string {
  return template.replace(PLACEHOLDER, (_, key: string) => {
    const value = values[key]
    if (value !== undefined) return value
    throw new InputError(
      'BAD_ARGUMENT',
      `the message for commits has {${key}}, and there is none`,
      {
        hint: 'give the manifest a name, as "name: platform-images"',
      },
    )
  })
}

function refuseUnknown(template: string): void {
  for (const [, key = ''] of template.matchAll(PLACEHOLDER)) {
    if (OWN.includes(key)) continue
    throw new InputError(
      'BAD_ARGUMENT',
      `the message for commits has ${quote(`{${key}}`)}, which stands for nothing`,
      { hint: didYouMean(key, OWN) ?? `there are ${OWN.map(known => `{${known}}`).join(' ')}` },
    )
  }
}

function lineOf({ image, from, to }: Change): string {
  const name = printable(image)
  if (from === undefined) return `${name} ${shown(to)} (new)`
  return to === undefined
    ? `${name} ${shown(from)} (gone)`
    : `${name} ${shown(from)} → ${shown(to)}`
}

function shown(version = ''): string {
  return isDigest(version) ? shortDigest(version) : printable(version)
}
