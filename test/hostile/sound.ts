import { expect } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { blobs, children, parseManifest } from '../../src/oci/manifest.ts'
import type { FakeRegistry } from '../fakes/registry.ts'

/** What the registry has is what its digest says, and what a tag names is all there. */
export function expectSound({ state }: FakeRegistry): void {
  for (const [digest, content] of state.blobs) {
    if (Buffer.isBuffer(content)) expect(digestOf(content)).toBe(digest)
  }
  for (const [name, { tags }] of state.repositories) {
    for (const digest of tags.values()) expectWhole(name, digest)
  }

  function expectWhole(repository: string, digest: string): void {
    const found = state.manifest(repository, digest)
    if (!found) throw new Error(`${repository} lacks the manifest ${digest}`)
    expect(digestOf(found.bytes)).toBe(digest)
    const document = parseManifest(found.bytes, found.mediaType)
    for (const blob of blobs(document)) expect(state.blob(repository, blob.digest)).toBeDefined()
    for (const child of children(document)) expectWhole(repository, child.digest)
  }
}
