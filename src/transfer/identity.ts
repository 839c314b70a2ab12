/** What images are called in stores that do not keep their manifests, and whether they are there. */
import type { Descriptor } from '../oci/descriptor.ts'
import type { Digest } from '../oci/digest.ts'
import { sameImage } from '../plan/identity.ts'
import { configsOf, isIdentifying } from '../stores/identifying.ts'
import type { Manifested, Store } from '../stores/store.ts'
import type { Call } from '../util/call.ts'
import type { Origin } from './image.ts'
import { missing } from './manifests.ts'

/** What a tag of `store` stands for once it names the image `root`, which is read from `origin`. */
export async function digestIn(store: Store, root: Manifested, origin: Origin): Promise<Digest> {
  if (!isIdentifying(store)) return root.content.digest
  const { manifests, repository, call } = origin
  const read = async (digest: Digest) => {
    const found = await manifests.read(origin.store, repository, digest, call)
    if (found) return found
    throw missing(origin.store, repository, digest)
  }
  return store.identityOf(root, read, call)
}

type Content = Pick<Descriptor, 'digest'>

/** An image that a store told of. */
export interface Seen {
  readonly store: Store
  readonly repository: string
  readonly content: Content
}

/** Whether the store knows the image by its configuration alone, and makes a manifest up for it. */
export async function isManifestless(
  { store, repository, content }: Seen,
  call: Call,
): Promise<boolean> {
  if (!isIdentifying(store)) return false
  const configs = await store.configs(repository, content, call)
  return configs.some(({ config }) => config === content.digest)
}

/** Whether `there` holds what `wanted` does, of which there is no manifest to compare. */
export async function isSameImage(wanted: Seen, there: Seen, call: Call): Promise<boolean> {
  const [one, other] = await Promise.all([identityOf(wanted, call), identityOf(there, call)])
  return sameImage(one, other)
}

async function identityOf({ store, repository, content }: Seen, call: Call) {
  const configs = await configsOf(store, repository, content, call)
  return { digest: content.digest, configs }
}
