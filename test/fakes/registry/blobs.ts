import { Readable } from 'node:stream'
import { answer, failure, sizeOf, type Answer, type Asked, type Content } from './answer.ts'
import type { Behaviour } from './options.ts'
import type { State } from './state.ts'

export function handleBlob(
  state: State,
  { deletes }: Behaviour,
  asked: Asked,
  { repository, digest }: { readonly repository: string; readonly digest: string },
): Answer {
  const found = state.blob(repository, digest)
  if (!found) return failure(404, 'BLOB_UNKNOWN', `blob unknown to registry: ${digest}`)
  switch (asked.method) {
    case 'GET':
    case 'HEAD':
      return readBlob(found, digest, asked.headers.range)
    case 'DELETE':
      if (deletes === false) return failure(405, 'UNSUPPORTED', 'the operation is unsupported')
      state.repository(repository).blobs.delete(digest)
      return answer(202)
    default:
      return failure(405, 'UNSUPPORTED', 'the operation is unsupported')
  }
}

function readBlob(content: Content, digest: string, range: string | undefined): Answer {
  const size = sizeOf(content)
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
  }
  const wanted = /^bytes=(?<from>\d+)-(?<to>\d*)$/.exec(range ?? '')?.groups
  if (!wanted) return answer(200, headers, content)
  const from = Number(wanted['from'])
  const to = Math.min(wanted['to'] ? Number(wanted['to']) : size - 1, size - 1)
  if (from > to) return answer(416, { 'content-range': `bytes */${size}` })
  return answer(
    206,
    { ...headers, 'content-range': `bytes ${from}-${to}/${size}` },
    part(content, from, to + 1),
  )
}

function part(content: Content, start: number, end: number): Content {
  if (Buffer.isBuffer(content)) return content.subarray(start, end)
  return { size: end - start, open: () => Readable.from(cut(content.open(), start, end)) }
}

async function* cut(stream: Readable, start: number, end: number): AsyncGenerator<Buffer> {
  let at = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const kept = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
    if (kept.length > 0) yield kept
    at += chunk.length
    if (at >= end) return
  }
}
