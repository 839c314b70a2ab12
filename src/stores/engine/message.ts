import { isRecord } from '../../oci/descriptor.ts'
import type { Discarded } from '../discarding.ts'

const MOST = 300

/** An engine's words for what went wrong, shortened; `undefined` where there are none. */
export function messageIn(body: Buffer): string | undefined {
  const value = parseJson(body.toString('utf8'))
  const message = isRecord(value) ? value['message'] : undefined
  return typeof message === 'string' ? message.slice(0, MOST) : undefined
}

/** One line of the answer to a load: what it says of an error, if it is about one. */
export function errorIn(line: string): string | undefined {
  const value = parseJson(line)
  if (!isRecord(value)) return undefined
  const { error, errorDetail } = value
  const detail = isRecord(errorDetail) ? errorDetail['message'] : undefined
  const said = typeof detail === 'string' && detail !== '' ? detail : error
  if (said === undefined) return undefined
  return typeof said === 'string' ? said.slice(0, MOST) : 'it gives no reason'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What an engine says that it took away, one thing after the other. */
export function parseDiscarded(list: readonly unknown[]): readonly Discarded[] {
  return list.flatMap((entry): readonly Discarded[] => {
    if (!isRecord(entry)) return []
    const { Untagged: name, Deleted: digest } = entry
    if (typeof name === 'string') return [{ kind: 'untagged', what: name }]
    return typeof digest === 'string' ? [{ kind: 'deleted', what: digest }] : []
  })
}
