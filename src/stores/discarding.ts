import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

export interface DiscardOptions {
  /** Takes all names of an image given by its id, and those of one that stopped containers use. */
  readonly force?: boolean
  /** Leaves the nameless images that it was built on. */
  readonly keepParents?: boolean
}

/** A name that went, or an image or layer with it. */
export interface Discarded {
  readonly kind: 'untagged' | 'deleted'
  readonly what: string
}

/** Stores that name and remove images as docker's `tag` and `rmi` do, by whatever names them. */
export interface Discarding {
  /** `image`: a name as docker writes it, or an id. */
  tagImage(image: string, repository: string, tag: string, call?: Call): Promise<void>
  /** An image with several names, given by its id, is refused without `force`; one in use, always. */
  discard(image: string, options?: DiscardOptions, call?: Call): Promise<readonly Discarded[]>
}

export function isDiscarding(store: Store): store is Store & Discarding {
  return 'discard' in store
}
