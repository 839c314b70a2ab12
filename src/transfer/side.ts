import { StoreError, WaybillError } from '../errors.ts'

export type Side = 'source' | 'destination'

/** The same failure, saying once which side of a copy it is about. Bugs and aborts pass as they are. */
export function sided(side: Side, error: unknown): unknown {
  if (!(error instanceof WaybillError) || error.facts['side'] !== undefined) return error
  return new StoreError(error.code, `${side}: ${error.message}`, {
    hint: error.hint,
    cause: error.cause,
    facts: { ...error.facts, side },
    retryAfterMs: error.retryAfterMs,
  })
}
