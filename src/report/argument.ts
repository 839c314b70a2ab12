import { DocumentError } from '../yaml/errors.ts'
import { linesOf } from '../yaml/lines.ts'
import { didYouMean } from '../yaml/suggest.ts'
import type { Span } from '../yaml/tree.ts'

/** What a flag was given, in a language of its own. */
export interface Argument {
  /** `--format` */
  readonly flag: string
  readonly text: string
}

/** Makes the error that points at a part of an argument. */
export type Refuse = (at: Span, message: string, hint?: string) => DocumentError

export function refuserOf({ flag, text }: Argument): Refuse {
  return ({ start, end }, message, hint) => {
    const lines = linesOf(text)
    const index = lines.indexOf(Math.min(start, text.length))
    const source = lines.at(index)
    const column = Math.min(start - lines.startOf(index), source.length) + 1
    const issue = {
      code: 'BAD_ARGUMENT' as const,
      message,
      location: { file: flag, line: index + 1, column },
      source,
      length: Math.max(1, Math.min(end - start, source.length - column + 1)),
    }
    return new DocumentError([{ ...issue, ...(hint !== undefined && { hint }) }])
  }
}

const MAX_BYTES = 16 * 1024

export function refuseLong(text: string, refuse: Refuse): void {
  const bytes = Buffer.byteLength(text)
  if (bytes <= MAX_BYTES) return
  throw refuse({ start: 0, end: 1 }, `this has ${bytes} bytes, and at most ${MAX_BYTES} are read`)
}

const MOST_NAMES = 30

/** What may be meant by a name that is not there. */
export function hintAmong(name: string, names: readonly string[]): string {
  return didYouMean(name, names) ?? namesIn(names)
}

export function namesIn(names: readonly string[]): string {
  if (names.length === 0) return 'there are none'
  const more = names.length > MOST_NAMES ? ', …' : ''
  return `there are ${names.slice(0, MOST_NAMES).join(', ')}${more}`
}
