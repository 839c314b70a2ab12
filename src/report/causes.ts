import { printable } from '../yaml/format.ts'

/** How deep causes are followed; a chain longer than this says nothing new. */
const DEPTH = 8

/** What led to `error`, nearest first. */
export function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = []
  let next = causeOf(error)
  while (next !== undefined && next !== error && causes.length < DEPTH && !causes.includes(next)) {
    causes.push(next)
    next = causeOf(next)
  }
  return causes
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

/** What an error says, with nothing in it that a terminal acts on. */
export function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message || error.name : String(error))
}

/** Work failed (`suppressed`), and then closing what it had open failed as well (`error`). */
export function isSuppressed(
  error: unknown,
): error is Error & { readonly error: unknown; readonly suppressed: unknown } {
  return error instanceof Error && 'suppressed' in error && 'error' in error
}
