import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import type { Credential } from '../../../src/credentials/secret.ts'
import type { Descriptor } from '../../../src/oci/descriptor.ts'
import { parseManifest } from '../../../src/oci/manifest.ts'
import type { Chunking } from '../../../src/stores/registry/chunks.ts'
import type { Store } from '../../../src/stores/store.ts'
import { readRoot } from '../../../src/transfer/image.ts'
import { createManifests } from '../../../src/transfer/manifests.ts'
import { verified } from '../../../src/util/verified.ts'
import type { FakeRegistry } from '../../fakes/registry.ts'
import type { FaultRequest } from '../../fakes/registry/faults.ts'
import { DOCKER_REGISTRY, type FakeRegistryOptions } from '../../fakes/registry/options.ts'
import { descriptorOf, makeImage } from '../../support/images.ts'
import type { RequestName } from './cells.ts'

export const REPOSITORY = 'acme/app'
export const TAGS = ['1', '2', '3', '4', '5']

/** A small configuration, and a layer that fits no buffer on its way. */
export const image = await makeImage({ seed: 'matrix', layers: [{ size: 600 * 1024 }] })

interface Blob {
  readonly content: Descriptor
  readonly bytes: Buffer
}

const [small, large] = blobsOf()

function blobsOf(): readonly [small: Blob, large: Blob] {
  const blobs = [...image.blobs].map(([digest, bytes]) => ({
    content: { mediaType: 'application/octet-stream', digest, size: bytes.length },
    bytes,
  }))
  const [first, second] = blobs.toSorted((a, b) => a.bytes.length - b.bytes.length)
  if (!first || !second) throw new Error('the image has two blobs')
  return [first, second]
}

export interface Scene {
  readonly registry: FakeRegistry
  readonly store: Store
}

/** One kind of request: how it comes about, and how it is told from others. */
export interface RequestKind {
  /** What the registry has from the start. */
  readonly has: 'the image' | 'its blobs' | 'nothing'
  readonly behaviour?: FakeRegistryOptions
  readonly chunking?: Chunking
  readonly credential?: Credential['kind']
  /** Which of its kind is faulty where only one is; the first, where it does not say. */
  readonly nth?: number
  readonly is: (asked: FaultRequest) => boolean
  /** Sends it, and fails unless the result is right. */
  readonly act: (scene: Scene) => Promise<void>
}

const CHUNKING: Chunking = { aboveBytes: 64 * 1024, chunkBytes: 256 * 1024 }

export const requests: Readonly<Record<RequestName, RequestKind>> = {
  'manifest HEAD': {
    has: 'the image',
    is: ({ method, route }) => method === 'HEAD' && route.kind === 'manifest',
    act: look,
  },
  'manifest GET': {
    has: 'the image',
    is: ({ method, route }) => method === 'GET' && route.kind === 'manifest',
    async act({ store }) {
      const found = await store.manifest(REPOSITORY, '1')
      if (found) parseManifest(found.bytes, found.content.mediaType)
      expect(found?.bytes.equals(image.manifest.bytes)).toBe(true)
    },
  },
  'small blob GET': { has: 'the image', is: isRead(small), act: read(small) },
  'large blob GET': { has: 'the image', is: isRead(large), act: read(large) },
  'tags list': {
    has: 'the image',
    behaviour: { pageSize: 2 },
    nth: 2,
    is: ({ route }) => route.kind === 'tags',
    async act({ store }) {
      expect((await store.tags(REPOSITORY))?.toSorted()).toEqual(TAGS)
    },
  },
  'token GET': {
    has: 'the image',
    is: ({ method, route }) => method === 'GET' && route.kind === 'token',
    act: look,
  },
  'token POST': {
    has: 'the image',
    credential: 'identity',
    is: ({ method, route }) => method === 'POST' && route.kind === 'token',
    act: look,
  },
  'upload POST': {
    has: 'nothing',
    behaviour: DOCKER_REGISTRY,
    is: ({ method, route }) => method === 'POST' && route.kind === 'uploads',
    act: put(large, streamed),
  },
  'upload POST with the blob': {
    has: 'nothing',
    is: ({ method, route }) => method === 'POST' && route.kind === 'uploads',
    act: put(small, whole),
  },
  'upload PATCH': {
    has: 'nothing',
    // docker-registry itself forgets an upload whose piece broke off; the copy begins anew there
    behaviour: { ...DOCKER_REGISTRY, statefulUploads: false },
    chunking: CHUNKING,
    nth: 2,
    is: ({ method, route }) => method === 'PATCH' && route.kind === 'upload',
    act: put(large, streamed),
  },
  'upload PUT': {
    has: 'nothing',
    behaviour: DOCKER_REGISTRY,
    is: isPut(small),
    act: put(small, whole),
  },
  'upload PUT of a stream': {
    has: 'nothing',
    behaviour: DOCKER_REGISTRY,
    is: isPut(large),
    act: put(large, streamed),
  },
  'upload PUT that closes': {
    has: 'nothing',
    behaviour: DOCKER_REGISTRY,
    chunking: CHUNKING,
    is: isPut(large),
    act: put(large, streamed),
  },
  'manifest PUT': {
    has: 'its blobs',
    is: ({ method, route }) => method === 'PUT' && route.kind === 'manifest',
    async act({ store, registry }) {
      const { bytes, digest } = image.manifest
      await store.write(REPOSITORY, session =>
        session.putManifest({ content: descriptorOf(image), bytes }, ['1']),
      )
      expect(registry.manifest(REPOSITORY, '1')?.digest).toBe(digest)
    },
  },
}

/** What a look tells is good for a read: nobody looks for any other reason. */
async function look({ store }: Scene): Promise<void> {
  const told = await store.resolve(REPOSITORY, '1')
  if (!told) throw new Error('the image is there')
  const origin = { store, repository: REPOSITORY, manifests: createManifests(), call: {} }
  const { bytes } = await readRoot(origin, told.digest, [])
  expect(bytes.equals(image.manifest.bytes)).toBe(true)
}

function read({ content, bytes }: Blob): RequestKind['act'] {
  return async ({ store }) => {
    const found = await buffer(verified(await store.fetch(REPOSITORY, content), content))
    expect(found.equals(bytes)).toBe(true)
  }
}

function put({ content, bytes }: Blob, given: (bytes: Buffer) => Buffer | Readable) {
  return async ({ store, registry }: Scene): Promise<void> => {
    await store.write(REPOSITORY, session =>
      session.put(content, () => Promise.resolve(given(bytes))),
    )
    expect(registry.blobs(REPOSITORY).has(content.digest)).toBe(true)
  }
}

function whole(bytes: Buffer): Buffer {
  return bytes
}

const SLICE = 64 * 1024

function streamed(bytes: Buffer): Readable {
  const slices = Array.from({ length: Math.ceil(bytes.length / SLICE) }, (_, index) =>
    bytes.subarray(index * SLICE, (index + 1) * SLICE),
  )
  return Readable.from(slices, { objectMode: false })
}

function isRead({ content: { digest } }: Blob): RequestKind['is'] {
  return ({ method, route }) => method === 'GET' && route.kind === 'blob' && route.digest === digest
}

function isPut({ content: { digest } }: Blob): RequestKind['is'] {
  return ({ method, route, query }) =>
    method === 'PUT' && route.kind === 'upload' && query.get('digest') === digest
}
