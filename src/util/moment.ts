/** Moments as docker's `until` takes them. */
import { durationMs } from './duration.ts'

const GO_UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])
const GO_PART = /([0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(ns|us|µs|μs|ms|s|m|h)/y

/** What a date can be at most (ECMAScript, "Time Values and Time Range"). */
const LAST_MS = 8.64e15

/**
 * Milliseconds since 1970 of `10m`, `1h30m` or `7d` before `nowMs`, of a time as in RFC 3339
 * (`2026-01-31`, `2026-01-31T08:00`, `2026-01-31T08:00:00.5Z`; without a zone it is that of this
 * machine), or of seconds since 1970; `undefined` for anything else.
 */
export function momentMs(text: string, nowMs: number): number | undefined {
  const ago = goDurationMs(text) ?? durationMs(text)
  const ms = ago === undefined ? (unixMs(text) ?? writtenMs(text)) : nowMs - ago
  return ms !== undefined && Math.abs(ms) <= LAST_MS ? ms : undefined
}

/** `1h30m`, `1.5h`, `300ms`, as Go writes them. */
function goDurationMs(text: string): number | undefined {
  const [, sign = '', parts = ''] = /^([+-]?)(.+)$/s.exec(text) ?? []
  if (parts === '') return undefined
  let sum = 0
  let at = 0
  while (at < parts.length) {
    GO_PART.lastIndex = at
    const [whole = '', amount = '', unit = ''] = GO_PART.exec(parts) ?? []
    if (whole === '') return undefined
    sum += Number(amount) * (GO_UNITS_MS.get(unit) ?? 0)
    at += whole.length
  }
  return sign === '-' ? -sum : sum
}

function unixMs(text: string): number | undefined {
  return /^[0-9]{1,15}(?:\.[0-9]{1,9})?$/.test(text) ? Number(text) * 1000 : undefined
}

const WRITTEN =
  /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?)?(Z|z|[+-]\d\d:\d\d)?$/

function writtenMs(text: string): number | undefined {
  const found = WRITTEN.exec(text)
  if (!found) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0] = found
    .slice(1, 8)
    .map(part => Number(part ?? 0))
  const zone = found[8]
  const parts = [year, month - 1, day, hour, minute, second] as const
  const utc = new Date(Date.UTC(...parts))
  // what is no date rolls over into another one
  const read = [
    utc.getUTCFullYear(),
    utc.getUTCMonth(),
    utc.getUTCDate(),
    utc.getUTCHours(),
    utc.getUTCMinutes(),
    utc.getUTCSeconds(),
  ]
  if (read.some((part, at) => part !== parts[at])) return undefined
  const ms = zone === undefined ? new Date(...parts).getTime() : utc.getTime() - offsetMs(zone)
  return ms + fraction * 1000
}

function offsetMs(zone: string): number {
  const [, sign = '+', hours = 0, minutes = 0] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? []
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? -ms : ms
}
