import { isUtf8 } from 'node:buffer'
import { createText, type ManifestText } from './text.ts'
import type { Issue } from './issue.ts'

/** Room for some 50,000 images. */
export const MAX_BYTES = 8 * 1024 * 1024

export interface ManifestFile {
  /** As issues and locations name it. */
  readonly file: string
  /** The folder that paths in it are relative to; absolute. */
  readonly folder: string
  /** More than `MAX_BYTES` is refused, so a reader may stop there. */
  readonly bytes: Uint8Array
}

/** What a file may be, and the code of what is wrong with it. */
interface Decoding {
  readonly limit?: number
  readonly code?: Issue['code']
}

/** The file's text, or what makes it none. */
export function decode(
  { file, folder, bytes }: ManifestFile,
  { limit = MAX_BYTES, code = 'MANIFEST_SYNTAX' }: Decoding = {},
): ManifestText | Issue {
  if (bytes.length > limit) {
    return createText(file, folder, '').issue(
      { start: 0, end: 0 },
      { code, message: `the file has more than ${limit / 1024 / 1024} MiB` },
    )
  }
  const text = new TextDecoder().decode(bytes)
  if (isUtf8(bytes)) return createText(file, folder, text)
  const start = new TextDecoder().decode(bytes.subarray(0, firstBadByte(bytes, text))).length
  return createText(file, folder, text).issue(
    { start, end: start + 1 },
    { code, message: 'this is not UTF-8', hint: 'save the file as UTF-8' },
  )
}

/** Where writing out what could be read begins to differ. */
function firstBadByte(bytes: Uint8Array, text: string): number {
  const mark = hasMark(bytes) ? 3 : 0
  const again = new TextEncoder().encode(text)
  let at = mark
  while (at < bytes.length && bytes[at] === again[at - mark]) at++
  return at
}

/** The bytes of a text that was read from `original`, whose byte order mark stays. */
export function encodeLike(original: Uint8Array, text: string): Uint8Array {
  return new TextEncoder().encode(hasMark(original) ? `\ufeff${text}` : text)
}

function hasMark(bytes: Uint8Array): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
}
