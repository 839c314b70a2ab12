/** Durations as Go writes them: `1h30m`, `1.5s`, `300ms`; as nanoseconds. */

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n],
  ['μs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])
const PART = /(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/y
/** What Go has room for: about 292 years. */
const MOST = 2n ** 63n - 1n

/** Absent where it is no duration. */
export function parseGoDuration(text: string): bigint | undefined {
  const [, sign = '', body = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  if (body === '0') return 0n
  if (body === '') return undefined
  let total = 0n
  for (let at = 0; at < body.length;) {
    PART.lastIndex = at
    const [all, whole = '', fraction = '', unit = ''] = PART.exec(body) ?? []
    if (all === undefined || `${whole}${fraction}` === '') return undefined
    const scale = UNITS.get(unit) ?? 0n
    total += BigInt(whole || 0) * scale + partOfUnit(fraction, scale)
    if (total > MOST) return undefined
    at += all.length
  }
  return sign === '-' ? -total : total
}

/** Digits behind the point that come to less than a nanosecond are cut off. */
function partOfUnit(fraction: string, scale: bigint): bigint {
  const digits = fraction.slice(0, 18)
  return digits === '' ? 0n : (BigInt(digits) * scale) / 10n ** BigInt(digits.length)
}

/** As Go prints it; not for what is below zero. */
export function formatGoDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s'
  for (const [unit, scale] of BELOW_SECONDS) {
    if (nanoseconds < scale * 1_000n) return `${decimal(nanoseconds, scale)}${unit}`
  }
  const minutes = nanoseconds / 60_000_000_000n
  const seconds = `${decimal(nanoseconds % 60_000_000_000n, 1_000_000_000n)}s`
  if (minutes === 0n) return seconds
  return minutes < 60n ? `${minutes}m${seconds}` : `${minutes / 60n}h${minutes % 60n}m${seconds}`
}

const BELOW_SECONDS: readonly (readonly [string, bigint])[] = [
  ['ns', 1n],
  ['µs', 1_000n],
  ['ms', 1_000_000n],
]

function decimal(value: bigint, scale: bigint): string {
  const width = String(scale).length - 1
  const fraction = width === 0 ? '' : String(value % scale).padStart(width, '0')
  const digits = fraction.replace(/0+$/, '')
  return `${value / scale}${digits === '' ? '' : `.${digits}`}`
}
