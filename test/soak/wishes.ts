import type { Digest } from '../../src/oci/digest.ts'
import type { TestImage } from '../support/images.ts'

/** What should be somewhere in the end: images by `repository:tag`. */
export type Wishes = ReadonlyMap<string, TestImage>

/** Everything an image consists of, down to its last blob. */
export function manifestsOf(image: TestImage): readonly TestImage[] {
  return [image, ...image.children.flatMap(manifestsOf)]
}

export function blobsOf(image: TestImage): readonly Digest[] {
  return manifestsOf(image).flatMap(({ blobs, large }) => [...blobs.keys(), ...large.keys()])
}

export function splitName(name: string): readonly [repository: string, tag: string] {
  const colon = name.lastIndexOf(':')
  return [name.slice(0, colon), name.slice(colon + 1)]
}
