/** What an engine has, under the names that stores have for it. */
import { StoreError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { isDigest, type Digest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { DOCKER_CONFIG } from '../../oci/media-types.ts'
import type { Manifested } from '../store.ts'
import type { Call } from '../../util/call.ts'
import type { Engine, Facts } from './engine.ts'
import { inspectImage, listImages, type Inspected } from './images.ts'
import { dockerName, repositoryOf } from './names.ts'
import type { Readings } from './read.ts'
import { chosenOf } from './wishes.ts'
import type { Desk } from './write.ts'

export async function repositories(engine: Engine, call?: Call): Promise<readonly string[]> {
  const images = await listImages(engine, call)
  return [...new Set(images.flatMap(({ tags }) => tags.map(repositoryOf)))].toSorted()
}

export async function tags(
  engine: Engine,
  repository: string,
  call?: Call,
): Promise<readonly string[] | undefined> {
  const name = dockerName(repository)
  const found = (await listImages(engine, call))
    .flatMap(image => image.tags)
    .filter(({ store, repository }) => `${store}/${repository}` === name)
    .map(({ tag }) => tag)
  return found.length > 0 ? [...new Set(found)] : undefined
}

/**
 * A tag's image, or the one of a digest: of its own identity, or of a manifest that went in or came
 * out while this store is open.
 */
export async function findImage(
  { engine, images }: Desk,
  readings: Readings,
  {
    repository,
    reference,
    call,
  }: { readonly repository: string; readonly reference: string; readonly call?: Call | undefined },
): Promise<Inspected | undefined> {
  const name = dockerName(repository)
  if (!isDigest(reference)) {
    const found = await inspectImage(engine, `${name}:${reference}`, call)
    // Podman also finds what only ends in the name
    const isNamed = found?.tags.some(
      ({ store, repository, tag }) => `${store}/${repository}` === name && tag === reference,
    )
    return isNamed ? found : undefined
  }
  const known = readings.known(reference)?.image.digest ?? images.get(reference)
  const found = await inspectImage(engine, known ?? reference, call)
  return found ?? inspectImage(engine, `${name}@${reference}`, call)
}

/**
 * What tells an image from all others: containerd's store has its manifest; a classic one keeps
 * only the configuration, and does not tell how long that is.
 */
export function identityOf(
  { id, platform, descriptor }: Inspected,
  { keeps, version }: Facts,
  name: string,
): Descriptor {
  if (keeps !== 'containerd') return { mediaType: DOCKER_CONFIG, digest: id, size: 0, platform }
  if (descriptor) return descriptor
  throw new StoreError(
    'STORE_UNSUPPORTED',
    `${name} keeps images in containerd's store, and does not tell what they are in version ${version.join('.')} of its API`,
    { hint: 'Docker 28 and later do' },
  )
}

/** What will tell the image from all others once it is here. */
export async function identityIn(
  root: Manifested,
  read: (digest: Digest) => Promise<Manifested>,
  { facts: { keeps, platform }, name }: { readonly facts: Facts; readonly name: string },
): Promise<Digest> {
  if (keeps === 'containerd') return root.content.digest
  const document = parseManifest(root.bytes, root.content.mediaType)
  if (document.kind === 'image') return document.config.digest
  const { bytes, content } = await read(chosenOf(document, platform, name).digest)
  const image = parseManifest(bytes, content.mediaType)
  if (image.kind === 'image') return image.config.digest
  throw new StoreError(
    'CONTENT_UNSUPPORTED',
    `${content.digest} is an index in an index, which ${name} cannot load`,
  )
}
