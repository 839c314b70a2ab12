/** Upload sessions: POST, PATCH, PUT, GET, DELETE, and mounts, which may turn into one. */
import { randomUUID } from 'node:crypto'
import { answer, failure, type Answer, type Asked } from './answer.ts'
import type { Behaviour } from './options.ts'
import { hashOf, type State } from './state.ts'

interface Upload {
  readonly id: string
  readonly repository: string
  readonly chunks: Buffer[]
  size: number
}

export interface Uploads {
  /** POST to `…/blobs/uploads/`. */
  open(asked: Asked, repository: string): Promise<Answer>
  /** Everything on an upload's own location. */
  handle(asked: Asked, at: { readonly repository: string; readonly id: string }): Promise<Answer>
  readonly pending: ReadonlyMap<string, { readonly repository: string; readonly size: number }>
}

const DIGEST = /^(?<algorithm>sha256|sha512):[a-f0-9]+$/

export function createUploads(state: State, behaviour: Behaviour): Uploads {
  const pending = new Map<string, Upload>()

  function begin(repository: string): Upload {
    const upload = { id: randomUUID(), repository, chunks: [], size: 0 }
    pending.set(upload.id, upload)
    return upload
  }

  function commit(upload: Upload, digest: string): Answer {
    pending.delete(upload.id)
    const algorithm = DIGEST.exec(digest)?.groups?.['algorithm']
    const bytes = Buffer.concat(upload.chunks)
    if (algorithm === undefined || hashOf(bytes, algorithm) !== digest) {
      return failure(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content')
    }
    state.putBlob(upload.repository, bytes, digest)
    return created(upload.repository, digest)
  }

  async function open(asked: Asked, repository: string): Promise<Answer> {
    if (asked.method !== 'POST') return failure(405, 'UNSUPPORTED', 'the operation is unsupported')
    const mount = asked.query.get('mount')
    const from = asked.query.get('from')
    if (behaviour.mounts && mount !== null && from !== null) {
      const content = state.blob(from, mount)
      if (content) {
        state.putBlob(repository, content, mount)
        return created(repository, mount)
      }
    }
    const upload = begin(repository)
    const digest = asked.query.get('digest')
    if (digest === null || !behaviour.singlePost) return location(202, upload, asked, behaviour)
    await receive(upload, asked)
    return commit(upload, digest)
  }

  async function handle(asked: Asked, at: { repository: string; id: string }): Promise<Answer> {
    const upload = pending.get(at.id)
    const stale = behaviour.statefulUploads && asked.query.get('_state') !== String(upload?.size)
    if (!upload || upload.repository !== at.repository || stale) {
      return failure(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry')
    }
    switch (asked.method) {
      case 'GET':
        return location(204, upload, asked, behaviour)
      case 'DELETE':
        pending.delete(upload.id)
        return answer(204)
      case 'PATCH':
      case 'PUT':
        return take(upload, asked)
      default:
        return failure(405, 'UNSUPPORTED', 'the operation is unsupported')
    }
  }

  async function take(upload: Upload, asked: Asked): Promise<Answer> {
    const start = /^(?:bytes )?(?<start>\d+)-\d+/.exec(asked.headers['content-range'] ?? '')
    const misplaced = start?.groups && Number(start.groups['start']) !== upload.size
    if (misplaced && !behaviour.sloppyChunks) {
      return location(416, upload, asked, behaviour)
    }
    await receive(upload, asked)
    if (asked.method === 'PUT') return commit(upload, asked.query.get('digest') ?? '')
    return location(202, upload, asked, behaviour)
  }

  return { open, handle, pending }
}

/** What arrived before a break stays, as on disk; a resumed upload goes on from there. */
async function receive(upload: Upload, { body }: Asked): Promise<void> {
  for await (const chunk of body) {
    upload.chunks.push(chunk)
    upload.size += chunk.length
  }
}

function created(repository: string, digest: string): Answer {
  return answer(201, {
    location: `/v2/${repository}/blobs/${digest}`,
    'docker-content-digest': digest,
  })
}

function location(
  status: number,
  { id, repository, size }: Upload,
  { origin }: Asked,
  { statefulUploads }: Behaviour,
): Answer {
  const path = `/v2/${repository}/blobs/uploads/${id}`
  return answer(status, {
    location: statefulUploads ? `${origin}${path}?_state=${size}` : path,
    range: `0-${Math.max(0, size - 1)}`,
    'docker-upload-uuid': id,
  })
}
