import { InputError } from '../errors.ts'
import { durationMs, LONGEST_MS } from '../util/duration.ts'

/** `90m`, `12h`, `7d`, `2w`, in milliseconds. `flag` names it in errors. */
export function parseDuration(text: string, flag: string): number {
  const ms = durationMs(text) ?? 0
  if (ms > 0 && ms <= LONGEST_MS) return ms
  throw new InputError('BAD_ARGUMENT', `${flag} cannot be "${text}"`, {
    hint: 'give a number and one of s, m, h, d, w, such as 12h or 7d; at most ten years',
  })
}
