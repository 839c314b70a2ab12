/**
 * Tags and digests that are written out in files, the manifests' own among them, and follow the
 * lock because a comment on their line says so.
 */

import type { Digest } from '../oci/digest.ts'
import { splitName } from '../oci/reference.ts'
import { decode, encodeLike, type ManifestFile } from '../yaml/decode.ts'
import { replaceScalars } from '../yaml/edit.ts'
import type { Issue } from '../yaml/issue.ts'
import { findMarked, type Marked } from '../yaml/marked.ts'
import type { ManifestText } from '../yaml/text.ts'

/** What an image has come to. */
export interface Version {
  readonly tag?: string
  readonly digest?: Digest
}

/** Why an image gives no one version. */
export interface Versionless {
  readonly message: string
  readonly hint?: string | undefined
}

export interface MovedLiteral {
  readonly image: string
  readonly line: number
  readonly from: string
  readonly to: string
}

export interface MovedLiterals {
  /** The whole file, which differs in the moved values only; absent where none moves. */
  readonly bytes?: Uint8Array
  readonly moved: readonly MovedLiteral[]
  /** With one of these nothing is to be written. */
  readonly issues: readonly Issue[]
}

/**
 * What becomes of a file's marked values, `versionOf` giving the version of an image by name;
 * `undefined`: it has come to nothing yet, and what is there stays.
 */
export function moveLiterals(
  file: ManifestFile,
  versionOf: (image: string) => Version | Versionless | undefined,
): MovedLiterals {
  const text = decode(file)
  if ('code' in text) return { moved: [], issues: [text] }
  const { marked, issues } = findMarked(text)
  const wanted = marked.map(value => ({ value, next: nextOf(value, versionOf(value.image), text) }))
  const refused = wanted.flatMap(({ next }) => (typeof next === 'string' ? [] : [next]))
  const moves = wanted.flatMap(({ value, next }) =>
    typeof next === 'string' && next !== value.value ? [{ value, next }] : [],
  )
  const edited = replaceScalars(
    text.text,
    moves.map(({ value: { span }, next: value }) => ({ span, value })),
  )
  return {
    ...(moves.length > 0 && { bytes: encodeLike(file.bytes, edited) }),
    moved: moves.map(({ value: { image, line, value: from }, next: to }) => ({
      image,
      line,
      from,
      to,
    })),
    issues: [...issues, ...refused],
  }
}

function nextOf(
  marked: Marked,
  version: Version | Versionless | undefined,
  text: ManifestText,
): string | Issue {
  const refuse = ({ message, hint }: Versionless) =>
    text.issue(marked.named, { code: 'MARKER_INVALID', message, hint })
  if (version === undefined) return marked.value
  if ('message' in version) return refuse(version)
  const { path, tag, digest } = partsOf(marked)
  const lacking = [
    ...(tag && !version.tag ? ['tag'] : []),
    ...(digest && !version.digest ? ['digest'] : []),
  ]
  if (lacking.length > 0) return refuse(lacks(marked.image, lacking))
  return `${path}${tag ? `${path && ':'}${version.tag}` : ''}${digest ? `${path && '@'}${version.digest}` : ''}`
}

function lacks(image: string, parts: readonly string[]): Versionless {
  return {
    message: `image ${image} has come to no ${parts.join(' and no ')}`,
    hint: 'mark a value that is of the same kind as what the image comes to',
  }
}

/** What stays of a value, and which parts it has. */
function partsOf({ part, value }: Marked): { path: string; tag: boolean; digest: boolean } {
  if (part !== 'reference') return { path: '', tag: part === 'tag', digest: part === 'digest' }
  const { path, tag, digest } = splitName(value)
  return { path, tag: tag !== undefined, digest: digest !== undefined }
}
