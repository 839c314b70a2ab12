import { copied, fails, pair, recovers, type RequestName, type Table } from './cells.ts'
import { bodiless, noDocument, pageless, passing, STRAYED, unheeded, unmoved } from './rows.ts'

const LOST = /the connection was reset/
const TOO_LONG = /answered more than 65536 bytes/

export const writes = {
  'upload POST': {
    ...upload(),
    truncation: pair(recovers(2), fails('STORE_UNREACHABLE', LOST, 4)),
  },
  'upload POST with the blob': {
    ...upload(),
    truncation: pair(recovers(2), fails('STORE_UNREACHABLE', LOST, 4)),
  },
  'upload PATCH': {
    ...upload(3),
    // the registry is asked how far it is, and has it all
    truncation: pair(recovers(3)),
    'redirect to another host': pair(fails('STORE_PROTOCOL', /answered 307/, 2)),
    'endless body': pair(fails('STORE_PROTOCOL', TOO_LONG, 2)),
  },
  'upload PUT': {
    ...upload(),
    // it was carried out, and the blob is there for who looks again
    truncation: pair(recovers(1)),
  },
  'upload PUT of a stream': {
    ...upload(),
    // what cannot be sent again is begun anew by who has its source, and in pieces
    reset: pair(copied(recovers(2)), fails('STORE_UNREACHABLE', LOST)),
    truncation: pair(copied(recovers(2)), fails('STORE_UNREACHABLE', LOST)),
    stall: pair(copied(recovers(2)), fails('STORE_UNREACHABLE', /no answer came in time/)),
    '429 with seconds': pair(copied(recovers(2)), fails('STORE_RATE_LIMITED', /429/)),
    '429 with a date': pair(copied(recovers(2)), fails('STORE_RATE_LIMITED', /429/)),
    500: pair(copied(recovers(2)), fails('STORE_UNREACHABLE', /answered 500/)),
    503: pair(copied(recovers(2)), fails('STORE_UNREACHABLE', /answered 503/)),
    'expired token': pair(
      copied(recovers(2)),
      copied(fails('STORE_UNAUTHORIZED', /answered 401/, 4)),
    ),
    'cross-site realm': pair(copied(fails('STORE_UNAUTHORIZED', STRAYED))),
  },
  'upload PUT that closes': {
    ...upload(),
    truncation: pair(copied(recovers(2)), fails('STORE_UNREACHABLE', LOST, 4)),
  },
  'manifest PUT': {
    ...upload(),
    truncation: pair(recovers(2), fails('STORE_UNREACHABLE', LOST, 4)),
    'digest header of something else': pair(
      fails('CONTENT_CORRUPT', /stored sha256:\S+ instead of sha256:/),
    ),
  },
} satisfies Partial<Record<RequestName, Table>>

/** `good`: requests that it takes without faults. */
function upload(good = 1): Omit<Table, 'truncation'> {
  return {
    ...passing(good),
    ...bodiless,
    ...pageless,
    ...noDocument,
    ...unmoved(),
    ...unheeded(['cross-site Location', 'cross-site Link', 'digest header that is none'], good),
    ...unheeded(['digest header of something else', 'missing digest header'], good),
    'endless body': pair(fails('STORE_PROTOCOL', TOO_LONG)),
  }
}
