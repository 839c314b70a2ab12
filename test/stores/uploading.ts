/** Blobs that go to a fake registry in pieces of 64 KiB, and what its log says of them. */
import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { Credential } from '../../src/credentials/secret.ts'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import type { BlobSource } from '../../src/stores/store.ts'
import { startFakeRegistry, type FakeRegistry } from '../fakes/registry.ts'
import type { ChooseFault, Fault } from '../fakes/registry/faults.ts'
import type { FakeRegistryOptions } from '../fakes/registry/options.ts'
import { noiseStream } from '../support/noise.ts'
import { openRegistryStore } from '../support/registry-store.ts'

export const KIB = 1024
export const MIB = 1024 * KIB
export const PIECE = 64 * KIB
export const SIZE = 300 * KIB
export const chunking = { aboveBytes: 128 * KIB, chunkBytes: PIECE }
export const ALICE: Credential = { kind: 'basic', username: 'alice', password: 'secret' }

export interface Sent {
  readonly content: Descriptor
  readonly bytes: Buffer
  readonly source: BlobSource
}

export async function blob(size = SIZE, seed = 'blob'): Promise<Sent> {
  const bytes = await buffer(noiseStream(seed, size))
  const content = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size }
  return { content, bytes, source: async () => noiseStream(seed, size) }
}

export async function world(options: FakeRegistryOptions = {}, credential?: Credential) {
  const fake = await startFakeRegistry({ singlePost: false, ...options })
  const opened = await openRegistryStore(fake.host, { chunking, ...(credential && { credential }) })
  const put = ({ content, source }: Pick<Sent, 'content' | 'source'>, call?: AbortSignal) =>
    opened.store.write('acme/app', session => session.put(content, source), { signal: call })
  return {
    fake,
    put,
    store: opened.store,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]()
      await fake.close()
    },
  }
}

/** `PATCH 0-99 202`, and other methods and statuses as they are. */
export function lines(fake: FakeRegistry): readonly string[] {
  return fake.log.map(({ method, headers, status }) =>
    [method, headers['content-range'], status].filter(word => word !== undefined).join(' '),
  )
}

/** A piece from one byte to before another one. */
export const piece = (from: number, to: number, status = 202) => `PATCH ${from}-${to - 1} ${status}`

export const ALL = [
  piece(0, PIECE),
  piece(PIECE, 2 * PIECE),
  piece(2 * PIECE, 3 * PIECE),
  piece(3 * PIECE, 4 * PIECE),
  piece(4 * PIECE, SIZE),
]

/** The nth request of a method meets the fault. */
export const on =
  (method: string, nth: number, fault: Fault): ChooseFault =>
  asked =>
    asked.method === method && asked.nth === nth ? fault : undefined

export function expectArrived(fake: FakeRegistry, { content, bytes }: Sent): void {
  expect(bytes.equals(fake.state.blob('acme/app', content.digest) as Buffer)).toBe(true)
  expect([...fake.uploads]).toEqual([])
}
