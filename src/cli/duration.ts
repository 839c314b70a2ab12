import { InputError } from '../errors.ts'

const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
])
const LONGEST_MS = 3650 * 86_400_000

/** `90m`, `12h`, `7d`, `2w`, in milliseconds. `flag` names it in errors. */
export function parseDuration(text: string, flag: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? []
  const ms = Number(amount) * (UNITS_MS.get(unit) ?? 0)
  if (ms > 0 && ms <= LONGEST_MS) return ms
  throw new InputError('BAD_ARGUMENT', `${flag} cannot be "${text}"`, {
    hint: 'give a number and one of s, m, h, d, w, such as 12h or 7d; at most ten years',
  })
}
