import { StoreError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { isCommitting, type CommitWish } from '../stores/committing.ts'
import type { Call } from '../util/call.ts'
import type { Bench } from './bench.ts'
import { newName } from './tag.ts'

export interface Committed {
  readonly id: Digest
  /** What the name stood for until now. */
  readonly replaced?: Digest
}

/** Makes an image of a container of the bench's store, under a name of that store. */
export async function commitImage(
  name: string,
  wish: Omit<CommitWish, 'repository' | 'tag'>,
  bench: Bench,
  call: Call = {},
): Promise<Committed> {
  const store = await bench.open(bench.home)
  if (!isCommitting(store)) {
    throw new StoreError('STORE_UNSUPPORTED', `${store.name} has images and no containers`, {
      hint: 'name an engine that has the container: --store docker',
    })
  }
  const { repository, tag } = await newName(name, store, bench, call)
  const before = await store.resolve(repository, tag, call)
  const id = await store.commitContainer({ ...wish, repository, tag }, call)
  return { id, ...(before && { replaced: before.digest }) }
}
