import type { Call } from '../util/call.ts'
import type { Store } from './store.ts'

/** Stores that tell which repositories they have. */
export interface Listing {
  /** Those that have a tag, by name. Whole or an error. */
  repositories(call?: Call): Promise<readonly string[]>
}

export function isListing(store: Store): store is Store & Listing {
  return 'repositories' in store
}
