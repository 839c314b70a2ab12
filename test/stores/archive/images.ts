import type { Store, WriteSession } from '../../../src/stores/store.ts'
import type { TestImage } from '../../support/images.ts'

/** Children and blobs first. */
export async function putTestImage(
  session: WriteSession,
  image: TestImage,
  tags: readonly string[],
): Promise<void> {
  for (const child of image.children) await putTestImage(session, child, [])
  for (const [digest, bytes] of image.blobs) {
    const content = { mediaType: 'application/octet-stream', digest, size: bytes.length }
    await session.put(content, async () => bytes)
  }
  for (const [digest, blob] of image.large) {
    const content = { mediaType: 'application/octet-stream', digest, size: blob.size }
    await session.put(content, async () => blob.open())
  }
  const { mediaType, digest, bytes } = image.manifest
  await session.putManifest({ content: { mediaType, digest, size: bytes.length }, bytes }, tags)
}

export function writeTestImage(
  store: Store,
  repository: string,
  image: TestImage,
  tags: readonly string[],
): Promise<void> {
  return store.write(repository, session => putTestImage(session, image, tags))
}
