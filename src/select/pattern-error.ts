import { InputError } from '../errors.ts'

/** A part of a pattern, by offsets. */
export interface Part {
  readonly start: number
  readonly end: number
}

/** A pattern cannot be read. */
export class PatternError extends InputError {
  /** What it is about; the whole pattern where no part is to blame. */
  readonly at: Part

  constructor(message: string, at: Part, hint: string) {
    super('BAD_PATTERN', message, { hint })
    this.at = at
  }
}

const MAX_BYTES = 512

/** Bounds the time that reading a pattern, and matching by it, can take. */
export function refuseLong(pattern: string): void {
  const bytes = Buffer.byteLength(pattern)
  if (bytes <= MAX_BYTES) return
  throw new PatternError(
    `the pattern has ${bytes} bytes, and at most ${MAX_BYTES} are read`,
    { start: 0, end: pattern.length },
    'write several patterns; a tag that any of them takes is taken',
  )
}
