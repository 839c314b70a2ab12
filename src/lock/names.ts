/** Whether names in a lock are names at all: what they should be is not looked at. */

import { InputError } from '../errors.ts'
import { parsePlatform } from '../oci/platform.ts'
import {
  buildNamed,
  formatReference,
  isHost,
  isPath,
  parseReference,
  type Reference,
} from '../oci/reference.ts'
import { byCodePoint } from '../util/code-points.ts'
import { quote } from '../yaml/words.ts'
import { hidesSomething } from './scalar.ts'

export interface Objection {
  readonly message: string
  readonly hint?: string | undefined
}

/** YAML reads no key of more than 1,024 characters, quotes and doubled quotes included. */
export const MAX_NAME = 500
const MAX_REFERENCE = 1_000

const STORE = /^(?!localhost$)[a-z][a-z0-9-]*$/

/** `docker.io/library/alpine:3.20`; no digest may follow. */
export function placeObjection(text: string): Objection | undefined {
  return referenceObjection(text, {
    isComplete: ({ tag, digest }) => tag !== undefined && digest === undefined,
    form: 'a place is written with its tag, like registry.internal/mirror/alpine:3.20',
  })
}

/** The same, or `ghcr.io/acme/api@sha256:…`, or `build:worker`. */
export function sourceObjection(text: string): Objection | undefined {
  const build = buildNamed(text)
  if (build !== undefined) return imageObjection(build)
  return referenceObjection(text, {
    isComplete: ({ repository, tag, digest }) =>
      (tag === undefined) !== (digest === undefined) || repository === '',
    form: 'a source is written with its tag or its digest, like docker.io/library/alpine:3.20',
  })
}

/** The platforms that a digest is for: `linux/amd64,linux/arm64`. */
export function platformsObjection(text: string): Objection | undefined {
  const parts = text.split(',')
  const objection = objectionOf(() => {
    for (const part of parts) parsePlatform(part)
  })
  if (objection) return objection
  const ordered = [...new Set(parts)].toSorted(byCodePoint).join()
  if (ordered === text) return undefined
  return { message: `${quote(text)} is not in order`, hint: `write ${ordered}` }
}

/** `linux/amd64` */
export function platformObjection(text: string): Objection | undefined {
  return objectionOf(() => void parsePlatform(text))
}

export function imageObjection(text: string): Objection | undefined {
  if (text === '') return { message: 'an image has no name' }
  if (text.length > MAX_NAME) {
    return { message: `a name of more than ${MAX_NAME} characters: ${quote(text)}` }
  }
  return hidesSomething(text)
    ? { message: `${quote(text)} is no name: something in it cannot be seen` }
    : undefined
}

interface Wanted {
  readonly isComplete: (reference: Reference) => boolean
  readonly form: string
}

/** Only the one spelling that `formatReference` gives will do: names are compared as texts. */
function referenceObjection(text: string, { isComplete, form }: Wanted): Objection | undefined {
  const none = { message: `${quote(text)} is no full name`, hint: form }
  if (text.length > MAX_REFERENCE) return none
  const slash = text.indexOf('/')
  const first = isPath(text) ? archiveIn(text) : text.slice(0, Math.max(0, slash))
  if (isPath(text) ? hidesSomething(text) : !isHost(first) && !STORE.test(first)) return none
  return objectionOf(() => {
    const reference = parseReference(text, isHost(first) ? NO_STORES : new Set([first]))
    if (!isComplete(reference)) return none
    const full = formatReference(reference)
    return full === text ? undefined : { ...none, hint: `write it in full: ${full}` }
  })
}

const NO_STORES: ReadonlySet<string> = new Set()

/** Where its path ends, only the manifest knows: any place before the last segment will do. */
function archiveIn(text: string): string {
  const path = text.replace(/@[^@/]*$/, '')
  const end = path.lastIndexOf('/')
  return end > 1 && /:[^/]+$/.test(path.slice(end)) ? path.slice(0, end) : path
}

function objectionOf(look: () => Objection | undefined | void): Objection | undefined {
  try {
    return look() ?? undefined
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { message: error.message, hint: error.hint }
  }
}
