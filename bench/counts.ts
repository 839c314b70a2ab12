/** What a run asked of the registries, from their own logs. */
import type { AccessLine } from '../test/live/support/access-log.ts'

export interface Counts {
  /** To both sides. */
  readonly requests: number
  /** Requests that are about no tag in particular: listings, pings, the referrers API. */
  readonly listings: number
  /** POST, PUT, PATCH and DELETE. */
  readonly writes: number
  readonly mounts: number
  /** Blobs that arrived as bytes. */
  readonly uploads: number
  /** Blobs that were read from the source. */
  readonly blobReads: number
  /** Of blobs, read from the source. */
  readonly blobBytes: number
}

export function countsOf(
  source: readonly AccessLine[],
  destination: readonly AccessLine[],
): Counts {
  const all = [...source, ...destination]
  const count = (lines: readonly AccessLine[], test: (line: AccessLine) => boolean) =>
    lines.filter(test).length
  const reads = source.filter(isBlobRead)
  return {
    requests: all.length,
    listings: count(all, ({ path }) =>
      /^\/v2\/$|\/tags\/list$|\/_catalog$|\/referrers\//.test(path),
    ),
    writes: count(all, ({ method }) => method !== 'GET' && method !== 'HEAD'),
    mounts: count(destination, line => isUpload(line) && line.query.has('mount')),
    uploads: count(destination, line => isUpload(line) && line.query.has('digest')),
    blobReads: reads.length,
    blobBytes: reads.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

function isBlobRead({ method, path, status }: AccessLine): boolean {
  return method === 'GET' && /\/blobs\/sha/.test(path) && (status === 200 || status === 206)
}

/** An upload or mount that was accepted as done. */
function isUpload({ path, status }: AccessLine): boolean {
  return path.includes('/blobs/uploads/') && status === 201
}
