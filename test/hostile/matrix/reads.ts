import { copied, fails, pair, recovers, type RequestName, type Table } from './cells.ts'
import { bodied, bodiless, noDocument, pageless, passing, unheeded } from './rows.ts'

export const reads = {
  'manifest HEAD': {
    ...passing(),
    ...bodiless,
    ...pageless,
    ...noDocument,
    ...unheeded(['cross-site Location', 'cross-site Link']),
    truncation: pair(recovers(2), fails('STORE_UNREACHABLE', /the connection was reset/, 4)),
    'redirect to another host': pair(recovers(1)),
    // it does not tell a size then, and a GET does
    'endless body': pair(recovers(1)),
    'digest header that is none': pair(recovers(1)),
    'missing digest header': pair(recovers(1)),
    // all that a look knows is what it is told; reading it shows the lie
    'digest header of something else': pair(fails('CONTENT_MISSING', /acme\/app has no sha256:/)),
  },
  'manifest GET': {
    ...passing(),
    ...bodied,
    ...pageless,
    ...unheeded(['cross-site Location', 'cross-site Link', 'missing digest header']),
    'redirect to another host': pair(recovers(1)),
    'wrong bytes': pair(recovers(2), fails('CONTENT_CORRUPT', /sent .* instead of sha256:/, 2)),
    'endless body': pair(fails('STORE_PROTOCOL', /answered more than 4194304 bytes/)),
    'digest header that is none': pair(fails('STORE_PROTOCOL', /a digest that is none/)),
    'digest header of something else': pair(
      recovers(2),
      fails('CONTENT_CORRUPT', /sent .* instead of sha256:/, 2),
    ),
    'ambiguous manifest': pair(fails('CONTENT_CORRUPT', /ambiguous: .* has manifests/)),
  },
  'small blob GET': blob(),
  'large blob GET': blob(),
  'tags list': {
    ...passing(3),
    ...noDocument,
    ...unheeded(['cross-site Location', 'digest header that is none'], 3),
    ...unheeded(['digest header of something else', 'missing digest header'], 3),
    truncation: pair(recovers(4), fails('STORE_UNREACHABLE', /the connection was closed/, 4)),
    'stall in the body': pair(recovers(4), fails('STORE_UNREACHABLE', /the answer stalled/, 4)),
    // a list has no digest to tell it by
    'wrong bytes': pair(fails('STORE_PROTOCOL', /answered no list of tags/, 3)),
    // the other host's page goes on there
    'redirect to another host': pair(fails('STORE_PROTOCOL', /continues .* on another host/, 2)),
    'cross-site Link': pair(fails('STORE_PROTOCOL', /continues .* on another host/, 2)),
    'endless body': pair(fails('STORE_PROTOCOL', /answered more than 8388608 bytes/, 2)),
    'endless paging': pair(
      fails('STORE_PROTOCOL', /never ends listing the tags/, 2),
      fails('STORE_PROTOCOL', /answers more than 67108864 bytes/, 10),
    ),
  },
  'token GET': token(),
  'token POST': token(),
} satisfies Partial<Record<RequestName, Table>>

function blob(): Table {
  const wrong = /^source: expected \d+ bytes of sha256:\S+, got sha256:/
  return {
    ...passing(),
    ...bodied,
    ...pageless,
    ...noDocument,
    ...unheeded(['cross-site Location', 'cross-site Link', 'digest header that is none']),
    ...unheeded(['digest header of something else', 'missing digest header']),
    'redirect to another host': pair(recovers(1)),
    'wrong bytes': pair(copied(recovers(2)), copied(fails('CONTENT_CORRUPT', wrong, 2))),
    'endless body': pair(copied(recovers(2)), copied(fails('CONTENT_CORRUPT', /got more$/, 2))),
  }
}

function token(): Table {
  const refused = fails('STORE_UNAUTHORIZED', /refused the credentials .*answered 401/)
  return {
    ...passing(),
    ...bodied,
    ...pageless,
    ...noDocument,
    ...unheeded(['cross-site Location', 'cross-site Link', 'digest header that is none']),
    ...unheeded(['digest header of something else', 'missing digest header']),
    'wrong bytes': pair(fails('STORE_PROTOCOL', /answered without a token/)),
    // 401 says here that a password is wrong, and whoever tries on is locked out
    'expired token': pair(refused),
    'cross-site realm': pair(refused),
    'redirect to another host': pair(fails('STORE_UNREACHABLE', /token service .* answered 307/)),
    'endless body': pair(fails('STORE_PROTOCOL', /answered more than 131072 bytes/)),
  }
}
