import type { Fault, FaultRequest } from '../../fakes/registry/faults.ts'
import { digestOf } from '../../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts'
import type { FaultName, Times } from './cells.ts'

export interface Given {
  /** `http://localhost:port` of another site. */
  readonly stranger: string
  readonly times: Times
}

/** How each fault is made. */
export const faults: Readonly<Record<FaultName, (asked: FaultRequest, given: Given) => Fault>> = {
  reset: ({ headers }) =>
    // what was taken of a large body stays, and may be gone on from
    Number(headers['content-length'] ?? 0) > 4096
      ? { kind: 'reset', afterRequestBytes: 1000 }
      : { kind: 'reset' },
  truncation: asked => (hasBody(asked) ? { kind: 'truncate', after: 10 } : { kind: 'lose-answer' }),
  'wrong bytes': () => ({ kind: 'wrong-bytes' }),
  stall: () => ({ kind: 'stall' }),
  'stall in the body': () => ({ kind: 'stall', after: 10 }),
  '429 with seconds': (_, { times }) => limited(times === 'once' ? '1' : '3600'),
  '429 with a date': (_, { times }) => limited(date(times === 'once' ? 1 : 3600)),
  500: () => ({ kind: 'status', status: 500 }),
  503: () => ({ kind: 'status', status: 503 }),
  'expired token': () => ({ kind: 'forget-tokens' }),
  'redirect to another host': ({ path, query }, { stranger }) => ({
    kind: 'redirect',
    to: `${stranger}${path}?${query.toString()}`,
  }),
  'cross-site Location': (_, { stranger }) => ({ kind: 'elsewhere', origin: stranger }),
  'cross-site Link': ({ path }, { stranger }) => linked(`${stranger}${path}?last=x`),
  'cross-site realm': (_, { stranger }) => ({
    kind: 'status',
    status: 401,
    headers: { 'www-authenticate': `Bearer realm="${stranger}/token",service="registry.test"` },
  }),
  'endless body': () => ({ kind: 'endless' }),
  'endless paging': ({ path, nth }, { times }) =>
    // round in a circle, or on and on
    times === 'once' ? linked(`${path}?n=1000`) : hugePage(`${path}?last=${nth}`),
  'digest header that is none': () => digestHeader('sha256:../../../etc/passwd'),
  'digest header of something else': () => digestHeader(digestOf(Buffer.from('other'))),
  'missing digest header': () => ({ kind: 'headers', remove: ['docker-content-digest'] }),
  'ambiguous manifest': () => ({
    kind: 'status',
    status: 200,
    headers: { 'content-type': OCI_MANIFEST, 'docker-content-digest': digestOf(AMBIGUOUS) },
    body: AMBIGUOUS,
  }),
}

const EMPTY = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  digest: digestOf(Buffer.from('{}')),
  size: 2,
}

/** An image to who looks for layers, and a list of images to who looks for manifests. */
export const AMBIGUOUS: Buffer = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: EMPTY,
    layers: [],
    manifests: [],
  }),
)

function hasBody({ method, route }: FaultRequest): boolean {
  return method === 'GET' || route.kind === 'token'
}

function limited(retryAfter: string): Fault {
  return { kind: 'status', status: 429, headers: { 'retry-after': retryAfter } }
}

/** A date has whole seconds: this one is later than `seconds - 1` from now. */
function date(seconds: number): string {
  return new Date((Math.floor(Date.now() / 1000) + seconds) * 1000).toUTCString()
}

function linked(to: string): Fault {
  return { kind: 'headers', set: { link: `<${to}>; rel="next"` } }
}

const PAGE = Buffer.from(JSON.stringify({ name: 'acme/app', tags: ['x'.repeat(7 * 1024 * 1024)] }))

function hugePage(next: string): Fault {
  return {
    kind: 'status',
    status: 200,
    headers: { 'content-type': 'application/json', link: `<${next}>; rel="next"` },
    body: PAGE,
  }
}

function digestHeader(digest: string): Fault {
  return { kind: 'headers', set: { 'docker-content-digest': digest } }
}
