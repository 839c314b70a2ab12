/** Numbers as people read them. */

const STEPS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatBytes(bytes: number): string {
  let value = bytes
  let step = 0
  while (value >= 1023.95 && step < STEPS.length - 1) {
    value /= 1024
    step += 1
  }
  return `${step === 0 ? value : value.toFixed(1)} ${STEPS[step]}`
}

/** `0.4s`, `4.1s`, `42s`, `3m 12s`, `2h 05m`. */
export function formatDuration(ms: number): string {
  if (ms < 9950) return `${(Math.max(0, ms) / 1000).toFixed(1)}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m ${twoDigits(seconds % 60)}s`
  return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`
}

const AGES = [
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
  ['week', 7 * 86_400_000],
  ['month', 30 * 86_400_000],
  ['year', 365 * 86_400_000],
] as const

/** `just now`, `5 minutes ago`, `3 weeks ago`; two of a unit before a greater one is used. */
export function formatAge(ms: number): string {
  const unit = AGES.findLast(([, length], at) => ms >= (at === 0 ? length : 2 * length))
  if (unit === undefined) return 'just now'
  const [name, length] = unit
  return `${count(Math.floor(ms / length), name)} ago`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** `1 image`, `7 images`, `1,204 places`. */
export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(number)} ${number === 1 ? singular : plural}`
}

export function formatCount(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')
}
