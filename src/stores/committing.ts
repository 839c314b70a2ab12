import type { Digest } from '../oci/digest.ts'
import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

export interface CommitWish {
  /** A container's name, or its id or the start of it. */
  readonly container: string
  readonly repository: string
  readonly tag: string
  readonly author?: string | undefined
  readonly message?: string | undefined
  /** Instructions of a Dockerfile, one each: `CMD ["/run"]`. */
  readonly changes: readonly string[]
  /** Stops what runs in it while it is read. */
  readonly pause: boolean
}

/** Stores that make images of containers. */
export interface Committing {
  /** Gives the image's id. A name that stood for another image moves. */
  commitContainer(wish: CommitWish, call?: Call): Promise<Digest>
}

export function isCommitting(store: Store): store is Store & Committing {
  return 'commitContainer' in store
}
