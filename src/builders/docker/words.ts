/** What an engine says of a build: JSON, a message a line. */
import { BuildError } from '../../errors.ts'
import { isRecord } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'

export type Message =
  /** Part of its output, of any length. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error'; readonly said: string }
  /** The image that it came to. */
  | { readonly kind: 'image'; readonly id: Digest }

/** What the rest is about, like how far a pull is, is nothing to us. */
export function parseMessage(line: string): Message | undefined {
  if (line.trim() === '') return undefined
  const value = parseJson(line)
  const { stream, error, errorDetail, aux } = value
  if (error !== undefined || errorDetail !== undefined) {
    const detail = isRecord(errorDetail) ? errorDetail['message'] : undefined
    const said = typeof detail === 'string' && detail !== '' ? detail : error
    return { kind: 'error', said: typeof said === 'string' ? said : '' }
  }
  if (typeof stream === 'string') return { kind: 'text', text: stream }
  const id: unknown = isRecord(aux) ? aux['ID'] : undefined
  return typeof id === 'string' && isDigest(id) ? { kind: 'image', id } : undefined
}

function parseJson(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (isRecord(value)) return value
  } catch {
    // said below
  }
  throw new BuildError('BUILD_FAILED', 'what the engine answers to a build is no message of one')
}

export type OutputLine =
  | { readonly kind: 'step'; readonly number: number; readonly code: string }
  /** An image that steps came to, or a container that one runs in, by the start of its id. */
  | { readonly kind: 'made'; readonly id: string }
  /** Nobody's concern. */
  | { readonly kind: 'noise' }
  | { readonly kind: 'other' }

/** A line of its output; a command may say such a line too. */
export function parseLine(line: string): OutputLine {
  const [, number, code] = /^Step (\d{1,6})\/\d{1,6} : (\S.*)$/.exec(line) ?? []
  if (code !== undefined) return { kind: 'step', number: Number(number), code }
  const made = /^ ---> (?:Running in )?([0-9a-f]{12,64})$/.exec(line)?.[1]
  if (made !== undefined) return { kind: 'made', id: made }
  const isNoise = /^(?: ---> |Removing intermediate container |Successfully (?:built|tagged) )/
  return { kind: isNoise.test(line) ? 'noise' : 'other' }
}

/** How the command of a RUN ended. */
export function exitCodeIn(said: string): number | undefined {
  const code = /\breturned a non-zero code: (\d{1,3})$/.exec(said)?.[1]
  return code === undefined ? undefined : Number(code)
}
