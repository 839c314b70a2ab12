/** Test images, put into our own stores. */
import type { Manifested, Store, WriteSession } from '../../src/stores/store.ts'
import type { TestImage } from './images.ts'

/** With all that is under it; with no tag it is there by its digest. */
export function writeTestImage(
  store: Store,
  repository: string,
  image: TestImage,
  tags: readonly string[],
): Promise<void> {
  return store.write(repository, session => putTestImage(session, image, tags))
}

export async function putTestImage(
  session: WriteSession,
  image: TestImage,
  tags: readonly string[],
): Promise<void> {
  for (const child of image.children) await putTestImage(session, child, [])
  const mediaType = 'application/octet-stream'
  for (const [digest, bytes] of image.blobs) {
    await session.put({ mediaType, digest, size: bytes.length }, async () => bytes)
  }
  for (const [digest, blob] of image.large) {
    await session.put({ mediaType, digest, size: blob.size }, async () => blob.open())
  }
  await session.putManifest(manifestedOf(image), tags)
}

export function manifestedOf({ manifest: { mediaType, digest, bytes } }: TestImage): Manifested {
  return { content: { mediaType, digest, size: bytes.length }, bytes }
}
