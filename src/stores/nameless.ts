import type { Descriptor } from '../oci/descriptor.ts'
import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

/** An image that no repository has a tag for. */
export interface NamelessImage {
  readonly content: Descriptor
  /** What it is called all the same, by a name that is nobody's. */
  readonly aside?: string
}

/** Stores that keep images without a name. Any repository of theirs gives them by their digests. */
export interface Nameless {
  nameless(call?: Call): Promise<readonly NamelessImage[]>
}

export function keepsNameless(store: Store): store is Store & Nameless {
  return 'nameless' in store
}
