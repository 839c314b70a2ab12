import type { WaybillError } from '../errors.ts'
import type { Problem } from '../plan/types.ts'

/** An error as plans and reports carry it. */
export function problemOf(error: WaybillError): Problem {
  const { code, message, hint } = error
  return { code, message, ...(hint !== undefined && { hint }) }
}
