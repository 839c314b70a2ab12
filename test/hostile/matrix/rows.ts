/** What holds for one kind of request as for the next. */
import { fails, none, pair, recovers, type Pair, type Table } from './cells.ts'

type Rows<Name extends keyof Table> = Pick<Table, Name>

/** What passes is tried again, at most three times. `good`: requests that it takes without faults. */
export function passing(
  good = 1,
): Rows<
  | 'reset'
  | 'stall'
  | '429 with seconds'
  | '429 with a date'
  | '500'
  | '503'
  | 'expired token'
  | 'cross-site realm'
> {
  const again = recovers(good + 1)
  return {
    reset: pair(again, fails('STORE_UNREACHABLE', /the connection was reset/, 4)),
    stall: pair(again, fails('STORE_UNREACHABLE', /no answer came in time/, 4)),
    '429 with seconds': pair(again, fails('STORE_RATE_LIMITED', /429/)),
    '429 with a date': pair(again, fails('STORE_RATE_LIMITED', /429/)),
    500: pair(again, fails('STORE_UNREACHABLE', /answered 500/, 4)),
    503: pair(again, fails('STORE_UNREACHABLE', /answered 503/, 4)),
    'expired token': pair(again, fails('STORE_UNAUTHORIZED', /answered 401/, 3)),
    'cross-site realm': pair(fails('STORE_UNAUTHORIZED', STRAYED, good)),
  }
}

export const STRAYED = /sends us to http:\/\/localhost:\d+ for a token/

/** Answers with a body are read to its end. */
export const bodied: Rows<'truncation' | 'stall in the body'> = {
  truncation: pair(recovers(2), fails('STORE_UNREACHABLE', /the connection was closed/, 4)),
  'stall in the body': pair(recovers(2), fails('STORE_UNREACHABLE', /the answer stalled/, 4)),
}

export const bodiless: Rows<'wrong bytes' | 'stall in the body'> = {
  'wrong bytes': none('its answer has no body'),
  'stall in the body': none('its answer has no body'),
}

/** Headers that mean nothing here lead nowhere. */
export function unheeded<Name extends keyof Table>(
  names: readonly Name[],
  good = 1,
): Record<Name, Pair> {
  return Object.fromEntries(names.map(name => [name, pair(recovers(good))])) as Record<Name, Pair>
}

export const pageless: Rows<'endless paging'> = {
  'endless paging': none('only lists have pages'),
}

export const noDocument: Rows<'ambiguous manifest'> = {
  'ambiguous manifest': none('its answer is no manifest'),
}

/** Only who reads may be sent elsewhere. */
export function unmoved(good = 1): Rows<'redirect to another host'> {
  return { 'redirect to another host': pair(fails('STORE_PROTOCOL', /answered 307/, good)) }
}
