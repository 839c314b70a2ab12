import { StoreError } from '../errors.ts'
import { isRecord } from './descriptor.ts'

/**
 * A JSON object from outside; `what` names it in errors. Text that is not UTF-8, or begins with a
 * byte order mark, is refused, because other readers would see something else in it.
 */
export function parseDocument(bytes: Uint8Array, what: string): Record<string, unknown> {
  const document = parseJson(bytes, what)
  if (!isRecord(document)) throw new StoreError('CONTENT_CORRUPT', `${what} is not a JSON object`)
  return document
}

function parseJson(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (cause) {
    throw new StoreError('CONTENT_CORRUPT', `${what} is not JSON`, { cause })
  }
}
