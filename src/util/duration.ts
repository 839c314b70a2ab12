const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
  ['w', 604_800_000],
])

/** Ten years. Nobody means more, and what is added to a date stays one. */
export const LONGEST_MS = 3650 * 86_400_000

/** `90m`, `12h`, `7d`, `2w`, in milliseconds; `undefined` where the text is no such time. */
export function durationMs(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^([0-9]{1,9})([smhdw])$/.exec(text) ?? []
  const unitMs = UNITS_MS.get(unit)
  return unitMs === undefined ? undefined : Number(amount) * unitMs
}
