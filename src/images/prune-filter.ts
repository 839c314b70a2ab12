/** `--filter` of docker's `image prune`. */
import { InputError } from '../errors.ts'
import { momentMs } from '../util/moment.ts'
import { parseLabel, type Filters } from './filter.ts'

/** What is to go, of what could. */
export interface PruneFilters {
  /** Made at that moment or before, in milliseconds since 1970. */
  readonly untilMs?: number
  /** All of these. */
  readonly labels: Filters['labels']
  /** Not all of these; none: whatever labels. */
  readonly without: Filters['labels']
}

export function parsePruneFilters(texts: readonly string[], nowMs: number): PruneFilters {
  const parts = texts.map(text => {
    const [, key = '', value = ''] = /^(until|label!?)=(.+)$/s.exec(text) ?? []
    if (key === '') throw wrong(text)
    return { key, value }
  })
  const all = (key: string) => parts.filter(part => part.key === key).map(({ value }) => value)
  const [until, ...more] = all('until')
  if (more.length > 0) throw new InputError('BAD_ARGUMENT', '--filter until= is there twice')
  const untilMs = until === undefined ? undefined : momentMs(until, nowMs)
  if (until !== undefined && untilMs === undefined) throw wrong(`until=${until}`)
  return {
    ...(untilMs !== undefined && { untilMs }),
    labels: all('label').map(parseLabel),
    without: all('label!').map(parseLabel),
  }
}

function wrong(text: string): InputError {
  return new InputError('BAD_ARGUMENT', `--filter cannot be "${text}"`, {
    hint: 'it takes label=KEY or KEY=VALUE, label!=…, and until=: 24h, 1h30m, 7d, 2026-01-31, 2026-01-31T08:00:00Z or seconds since 1970',
  })
}
