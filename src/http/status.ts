import type { ErrorCode } from '../errors.ts'

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: 'STORE_UNAUTHORIZED',
  403: 'STORE_DENIED',
  408: 'STORE_UNREACHABLE',
  429: 'STORE_RATE_LIMITED',
}

/** The code of the error for a status that was not expected (RFC 9110, section 15). */
export function codeOfStatus(status: number): ErrorCode {
  return CODES[status] ?? (status >= 500 ? 'STORE_UNREACHABLE' : 'STORE_PROTOCOL')
}
